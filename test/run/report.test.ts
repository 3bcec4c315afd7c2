import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { named as dictionary } from '../../src/ir/collections/named.js';
import { packed } from '../../src/run/report/details/pack.js';
import type { NodeDetails } from '../../src/run/report/details/readable.js';
import { nodeDetails } from '../../src/run/report/details/unpack.js';
import { readReport } from '../../src/run/report/read-report.js';
import { reportJsonSchema, reportSchema } from '../../src/run/report/report.js';
import { reportJson } from '../../src/run/report/report-json.js';
import { version } from '../../src/version.js';
import { detailed } from '../report/detailed.js';
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
  expect(schema.properties.version?.const).toBe(3);
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
  expect(read.version).toBe(3);
  expect(read.passes).toEqual(sample.passes);
  expect(read.upgraded?.text).toBe('written by an older version; it has no details, errors, profile, hashes, recipe');
  expect(readReport(reportJson(sample)).upgraded).toBeUndefined();
});

const named = <T>(entries: [string, T][]): Record<string, T> => dictionary(entries);
const stored = (bytes: number) => ({ type: 'float32', bytes });
const proof = { how: 'pass compared', error: 1e-6 } as const;
const value: { type: string; shape: string; bytes?: number } = { type: 'float32', shape: '2' };
/** Names that could be taken for something else, and everything that a node may have or lack. */
const objects: NodeDetails = {
  graph: {
    before: {
      nodes: [
        { name: '"\n$&', op: 'Relu', inputs: ['x', ''], outputs: ['graph'], block: 0, repeat: 1, ms: 0.5 },
        { name: '__proto__', op: 'a::B', inputs: [], outputs: ['y'], scope: 's', state: 'falls back', cause: 'why' },
        { name: '', op: 'Relu', inputs: ['y'], outputs: ['z'], provider: 'P', multiplyAdds: 3 },
      ],
      values: named([
        ['w', { ...value, bytes: 8 }],
        ['__proto__', value],
        ['graph', value],
      ]),
      blocks: [{ name: 'layer', repeats: 2, nodes: 1 }],
    },
    after: { nodes: [], values: named([]), blocks: [], omitted: { nodes: 4, reason: 'many' } },
  },
  lineage: [
    { nodes: ['a', 'b'], from: [], pass: 'p', proof },
    { nodes: ['c'], from: ['d'], pass: 'p', proof },
    { nodes: ['e'], from: ['d'], pass: 'p', rule: 'r', proof: { how: 'not compared' } },
  ],
  weights: [{ name: 'w', block: 'b', repeat: 0, before: stored(8), after: stored(2), pass: '', why: 'so' }],
};

it('holds each text once, and gives the same nodes and weights as it was given', () => {
  const details = packed(objects)!;
  expect(new Set(details.texts).size).toBe(details.texts.length);
  const read = readReport(reportJson({ ...sample, details }));
  expect(nodeDetails(read)).toEqual(objects);
  expect(details.lineage).toHaveLength(2);
});

it('reads a report of version 2, whose nodes and weights are objects', () => {
  const read = readReport(JSON.stringify({ ...withoutVersion(), version: 2, ...objects }));
  // The schema leaves out what no object may be called.
  const { ['__proto__']: _, ...values } = objects.graph!.before.values;
  expect(nodeDetails(read)).toEqual({
    ...objects,
    graph: { ...objects.graph, before: { ...objects.graph!.before, values } },
  });
  expect(read.upgraded?.text).toBe('written by an older version; it has no details.trees');
  expect(readReport({ ...withoutVersion(), version: 2 }).upgraded).toBeUndefined();
});

it('takes well below half of the bytes of the same as objects', () => {
  const layers = detailed(200);
  const old = JSON.stringify(nodeDetails(layers));
  expect(JSON.stringify(layers.details).length / old.length).toBeLessThan(0.4);
});

it('has a text of the details a line', () => {
  const text = reportJson({ ...sample, details: packed(objects) });
  expect(text.split('\n').filter((one) => one === '"__proto__",')).toHaveLength(1);
  expect(text).toMatch(/^ {10}"name": \[/m);
});

const past = (() => {
  const details = packed(objects)!;
  return { ...sample, details: { ...details, texts: details.texts.slice(1) } };
})();

it.each([
  ['{', /expected JSON; found/],
  ['[]', /found another value\. optimize model\.onnx --report report\.json makes one/],
  [{ name: 'a', version: '1.0', files: [], '\u202e': 1 }, /found one with the fields "name", "version", "files", …\. /],
  [{ ...withoutVersion(), version: 4 }, /expected version 3 or older; found version 4. A newer onnx-passes wrote it/],
  [{ ...withoutVersion(), version: '2' }, /expected version 1 to 3; found "2"/],
  [{ version: 3, created: 'now', passes: [] }, /report: .*target/],
  [past, /report: .*expected string/],
])('refuses what is no report that it knows: %j', (given, expected) => {
  expect(() => readReport(given)).toThrow(expected);
});
