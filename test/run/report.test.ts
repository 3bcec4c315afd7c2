import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { reportJson, reportJsonSchema, reportSchema } from '../../src/run/report.js';
import { version } from '../../src/version.js';
import { sample } from '../report/sample.js';

it('survives JSON, infinite numbers as null', () => {
  const accuracy = {
    ...sample.accuracy!,
    outputs: [{ ...sample.accuracy!.outputs[0]!, snr: Number.POSITIVE_INFINITY }],
  };
  const read = reportSchema.parse(JSON.parse(reportJson({ ...sample, accuracy })));
  expect(read.accuracy?.outputs[0]?.snr).toBeNull();
  expect(reportSchema.parse(JSON.parse(reportJson(sample)))).toEqual(sample);
});

it('has a JSON schema that names every field', () => {
  const schema = reportJsonSchema() as { properties: Record<string, { const?: unknown }>; required: string[] };
  expect(Object.keys(schema.properties)).toEqual(Object.keys(reportSchema.shape));
  expect(schema.properties.version?.const).toBe(1);
  expect(schema.required).toContain('passes');
});

it('states the version of the package', () => {
  expect(version).toBe(packageJson.version);
});
