/** tie-weights: transposed copies of weights go, and nothing that only looks like one. */
import { expect, test } from 'vitest';
import { seq2seqDecoder } from '../../fixtures/seq2seq.js';
import { tieWeights } from '../../passes/tie-weights.js';
import { buildModel, optimize, tensorOf } from '../../src/index.js';

const size = { layers: 1, hidden: 32, heads: 2, intermediate: 32, vocabulary: 64, positions: 16, seed: 3 };
const quick = { verify: 'none' } as const;
const weightBytes = (model: Awaited<ReturnType<typeof optimize>>['model']): number =>
  [...model.graph.constants].reduce((sum, { tensor }) => sum + (tensor?.byteLength ?? 0), 0);

test('the head of a decoder that is tied to its embedding', async () => {
  const model = seq2seqDecoder('decoder', size);
  const { model: tied, report } = await optimize(model, [tieWeights()], quick);
  expect(weightBytes(model) - weightBytes(tied)).toBe(4 * size.hidden * size.vocabulary);
  expect(JSON.stringify(report.passes[0]?.notes)).toMatch(/left out 1 transposed copy of weights/);
});

const pair = (change: (values: number[]) => void) =>
  buildModel({ '': 17 }, (g) => {
    const values = Array.from({ length: 32 * 48 }, (_, i) => (i * 7919) % 1009);
    const turned = Array.from(values, (_, i) => values[(i % 32) * 48 + Math.floor(i / 32)] as number);
    change(turned);
    const x = g.op('MatMul', [g.input('x', 'float32', ['n', 32]), g.constant(tensorOf('float32', values, [32, 48]))]);
    g.output('y', g.op('MatMul', [x, g.constant(tensorOf('float32', turned, [48, 32]))]));
  });

test.each<[string, (values: number[]) => void]>([
  ["two numbers in each other's place", (values) => values.splice(0, 2, values[1] as number, values[0] as number)],
  ['one number', (values) => values.splice(40, 1, 0.5)],
])('a copy that differs by %s stays', async (_, change) => {
  const model = pair(change);
  const { model: same, report } = await optimize(model, [tieWeights()], quick);
  expect(weightBytes(same)).toBe(weightBytes(model));
  expect(JSON.stringify(report.passes[0])).toMatch('no weight is stored with its transposed copy');
});
