import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { readReport } from '../../src/run/report/read-report.js';
import { reportJsonSchema, reportSchema } from '../../src/run/report/report.js';
import { reportJson } from '../../src/run/report/report-json.js';
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
  expect(schema.properties.version?.const).toBe(2);
  expect(schema.required).toContain('passes');
});

it('states the version of the package', () => {
  expect(version).toBe(packageJson.version);
});

const withoutVersion = () => {
  const { version: _, ...rest } = JSON.parse(reportJson(sample));
  return rest;
};

it('reads a report of version 1, and says what it lacks', () => {
  const read = readReport(JSON.stringify({ ...withoutVersion(), version: 1 }));
  expect(read.version).toBe(2);
  expect(read.passes).toEqual(sample.passes);
  expect(read.upgraded?.text).toBe(
    'written by an older version; it has no graph, lineage, errors, weights, profile, hashes, recipe',
  );
  expect(readReport(reportJson(sample)).upgraded).toBeUndefined();
});

it.each([
  ['{', /expected JSON; found/],
  ['[]', /found no version/],
  [{ ...withoutVersion(), version: 3 }, /expected version 2 or older; found version 3. A newer onnx-passes wrote it/],
  [{ ...withoutVersion(), version: '2' }, /expected version 1 to 2; found "2"/],
  [{ version: 2, created: 'now' }, /report: .*target/],
])('refuses what is no report that it knows: %j', (given, expected) => {
  expect(() => readReport(given)).toThrow(expected);
});

it('writes lists of nodes an entry a line, whatever they are called', () => {
  const value = { type: 'float32', shape: '2' };
  const node = { name: '"\n$&', op: 'Relu', inputs: ['x'], outputs: ['graph'] };
  const side = { nodes: [node, node], values: { x: value, graph: value }, blocks: [] };
  const report = { ...sample, graph: { before: side, after: { ...side, nodes: [], values: {} } }, lineage: [] };
  const text = reportJson(report);
  expect(readReport(text)).toEqual(report);
  expect(text.split('\n').filter((one) => one.startsWith('{"name":'))).toHaveLength(2);
});
