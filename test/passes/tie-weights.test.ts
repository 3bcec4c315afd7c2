/** tie-weights: transposed copies of weights go, and nothing that only looks like one. */
import { expect, test } from 'vitest';
import { seq2seqDecoder } from '../../fixtures/seq2seq.js';
import { tieWeights } from '../../passes/tie-weights.js';
import { buildModel, type Model, numbersOf, optimize, type Tensor, tensorOf, writeModel } from '../../src/index.js';
import { summarize } from '../../src/ir/whole-model/summary.js';
import { randomWeights, relativeError } from '../check-pass.js';
import { runModel } from '../run-model.js';

const size = { layers: 1, hidden: 32, heads: 2, intermediate: 32, vocabulary: 64, positions: 16, seed: 3 };
const quick = { verify: 'none' } as const;
const weightBytes = (model: Model): number => summarize(model).bytes;

test('the head of a decoder that is tied to its embedding', async () => {
  const model = seq2seqDecoder('decoder', size);
  const { model: tied, report } = await optimize(model, [tieWeights()], quick);
  expect(weightBytes(model) - weightBytes(tied)).toBe(4 * size.hidden * size.vocabulary);
  expect(JSON.stringify(report.passes[0]?.notes)).toMatch(/left out 1 transposed copy of weights/);
});

/** x(ids) · Wᵀ of a table W that is stored both ways. */
const tiedHead = () =>
  buildModel({ '': 17 }, (g) => {
    const table = randomWeights([96, 64]);
    const values = numbersOf(table);
    const turned = Array.from(values, (_, i) => values[(i % 96) * 64 + Math.floor(i / 96)] as number);
    const rows = g.op('Gather', [g.constant(table), g.input('input_ids', 'int64', ['batch', 5])]);
    g.output('logits', g.op('MatMul', [g.op('Tanh', [rows]), g.constant(tensorOf('float32', turned, [64, 96]))]));
  });

test.each([
  ['half', 0.52, 0.02],
  ['quarter', 0.28, 0.05],
  ['eighth', 0.16, 0.15],
])('%s stores a tied weight once', async (preset, share, within) => {
  const model = tiedHead();
  const { model: tied } = await optimize(model, preset, { ...quick, target: 'cpu' });
  expect(weightBytes(tied)).toBeLessThan((share * weightBytes(model)) / 2);
  const feeds = { input_ids: tensorOf('int64', [1, 50, 95, 0, 7], [1, 5]) };
  const [expected, found] = [
    await runModel(await writeModel(model), feeds),
    await runModel(await writeModel(tied), feeds),
  ];
  // What 16, 8 and 4 bits of both uses of the table cost.
  expect(relativeError(found.logits as Tensor, expected.logits as Tensor)).toBeLessThan(within);
});

test('nothing is tied by a Transpose that the target has no kernel for', async () => {
  const model = buildModel({ '': 17 }, (g) => {
    const [x, first, second] = [
      g.input('x', 'int8', ['n', 64]),
      ...[0, 1].map(() => tensorOf('int8', new Array<number>(64 * 64).fill(1), [64, 64])),
    ];
    for (const w of [first, second])
      g.output(`y${w === first}`, g.op('MatMulInteger', [x, g.constant(w as Tensor)]), 'int32', ['n', 64]);
  });
  const { model: same, report } = await optimize(model, [tieWeights()], { ...quick, target: 'webgpu' });
  expect(weightBytes(same)).toBe(2 * 64 * 64);
  expect(JSON.stringify(report.passes[0]?.skips)).toMatch(
    'webgpu has no kernel for Transpose in int8: the transposed copies stay',
  );
  expect(weightBytes((await optimize(model, [tieWeights()], { ...quick, target: 'cpu' })).model)).toBe(64 * 64);
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
