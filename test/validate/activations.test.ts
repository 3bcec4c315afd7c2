/** Activations that passes are given: statistics of inner values over the user's inputs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { encoder } from '../../fixtures/encoder.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import type { ActivationRequest, ActivationStatistics } from '../../src/run/activations.js';
import { definePass, type Pass, type PassContext } from '../../src/run/pass.js';
import { randomWeights } from '../check-pass.js';
import { runModel } from '../run-model.js';

const folder = mkdtempSync(join(tmpdir(), 'activations-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Sets of inputs of 2, 3 and 4 rows. */
const sets = [2, 3, 4].map((rows) => randomWeights([rows, 8], 2, rows));
sets.forEach((set, index) => {
  const numbers = numbersOf(set);
  const rows = Array.from({ length: set.shape[0] as number }, (_, row) => [...numbers.slice(row * 8, row * 8 + 8)]);
  writeFileSync(join(folder, `${index}.json`), JSON.stringify({ x: rows }));
});

/** A product, Gelu-like, and a second one that reads `inner`. */
const model = (elem: 'float32' | 'float16' = 'float32'): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['n', 8]);
    const first = g.op('MatMul', [x, g.constant(randomWeights([8, 16], 1, 5), 'w')]);
    const inner = g.cast(g.op('Tanh', [first], {}, { outputs: ['inner'] }), elem);
    g.output('y', g.cast(g.op('Add', [inner, inner]), 'float32'));
  });

/** What a pass is given that asks for these values. */
async function given(
  before: Model,
  ask: (model: Model) => readonly ActivationRequest[],
  options: {
    needs?: readonly ('types' | 'activations' | 'simulated')[];
    inputs?: string | undefined;
    passes?: Pass[];
    regional?: boolean;
  } = {},
) {
  let found: ReadonlyMap<Value, ActivationStatistics> | undefined;
  let simulated: ReadonlyMap<Value, ActivationStatistics> | undefined;
  let measure: PassContext['activations'];
  const pass = definePass({
    name: 'ask',
    summary: 'Asks for activations.',
    fidelity: 'lossy',
    needs: options.needs ?? ['types', 'activations', 'simulated'],
    async run(one, _, context) {
      measure = context.activations;
      found = await measure?.(ask(one));
      simulated = await context.simulated?.(ask(one));
    },
  });
  const inputs = 'inputs' in options ? options.inputs : folder;
  const { regional } = options;
  const { report } = await optimize(before, [...(options.passes ?? []), pass()], { inputs, regional, verify: 'none' });
  return { found, simulated, measure, notes: report.passes.at(-1)?.notes ?? [] };
}

const named = (name: string) => (one: Model) => [...one.graph.values()].filter((value) => value.name === name);

/** The numbers of `inner`, row by row, for all sets, as the runtime gives them. */
async function rowsOf(one: Model): Promise<number[][]> {
  const [inner] = named('inner')(one) as [Value];
  new GraphBuilder(one.graph).graph.setOutputs([{ port: { name: 'inner', type: inner.type }, value: inner }]);
  const bytes = await writeModel(one);
  const rows: number[][] = [];
  for (const x of sets) {
    const numbers = numbersOf((await runModel(bytes, { x }))['inner'] as never);
    for (let at = 0; at < numbers.length; at += 16) rows.push([...numbers.slice(at, at + 16)]);
  }
  return rows;
}

it('measures every channel over all sets', async () => {
  const statisticsOf = async (gram: boolean) => {
    const { found } = await given(model(), (one) => named('inner')(one).map((value) => ({ value, gram })));
    return [...(found ?? [])].map(([, one]) => one)[0] as ActivationStatistics;
  };
  const [statistics, products] = [await statisticsOf(false), await statisticsOf(true)];
  const rows = await rowsOf(model());
  expect([statistics.rows, products.rows]).toEqual([9, 9]);
  for (let k = 0; k < 16; k++) {
    const column = rows.map((row) => row[k] as number);
    const square = column.reduce((sum, x) => sum + x * x, 0) / 9;
    // Numbers of float32, summed in another order.
    const mean = column.reduce((sum, x) => sum + x, 0) / 9;
    expect(statistics.means[k]).toBeCloseTo(mean, 5);
    expect(products.means[k]).toBeCloseTo(mean, 5);
    expect(statistics.meanSquares[k]).toBeCloseTo(square, 5);
    expect(products.meanSquares[k]).toBeCloseTo(square, 5);
    expect(statistics.largest[k]).toBeCloseTo(Math.max(...column.map(Math.abs)), 6);
    for (let l = 0; l < 16; l++) {
      const product = rows.reduce((sum, row) => sum + (row[k] as number) * (row[l] as number), 0);
      expect(products.gram?.[16 * k + l]).toBeCloseTo(product, 4);
    }
  }
});

it('knows the range that holds a share of the numbers, to a bin', async () => {
  const { found } = await given(model(), (one) => named('x')(one).map((value) => ({ value })));
  const [statistics] = [...(found ?? [])].map(([, one]) => one) as [ActivationStatistics];
  const sorted = sets.flatMap((set) => [...numbersOf(set)]).sort((a, b) => a - b);
  for (const share of [0, 0.01, 0.25, 0.75, 0.99, 1]) {
    const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
    // A bin is 1/32 of its power of two.
    expect(Math.abs(statistics.quantile(share) - exact)).toBeLessThanOrEqual(Math.abs(exact) / 32);
  }
  expect([...statistics.bins()].reduce((sum, { count }) => sum + count, 0)).toBe(9 * 8);
});

it('takes channels from another axis', async () => {
  const rows = await given(model(), (one) => named('x')(one).map((value) => ({ value, axis: 0 })));
  // Sets of 2, 3 and 4 rows have no channels in common.
  expect(rows.found?.size).toBe(0);
  const columns = await given(model(), (one) => named('x')(one).map((value) => ({ value, axis: 1 })));
  expect([...(columns.found ?? [])].map(([, { channels }]) => channels)).toEqual([8]);
});

it('gives nothing without inputs, nor to a pass that does not declare the need', async () => {
  expect((await given(model(), () => [], { inputs: undefined })).measure).toBeUndefined();
  const { measure } = await given(model(), () => [], { needs: ['types'] });
  expect(measure).toBeUndefined();
});

it('makes tokens up where there are no inputs, always the same, and no signals', async () => {
  const embedding = buildModel({ '': 17 }, (g) => {
    const rows = g.op('Gather', [
      g.constant(randomWeights([50, 16]), 'table'),
      g.input('input_ids', 'int64', ['b', 's']),
    ]);
    g.output('y', g.op('Tanh', [rows], {}, { outputs: ['inner'] }));
  });
  const simulated = async (one: Model, needs?: readonly 'types'[]) => {
    const ask = (model: Model) => named('inner')(model).map((value) => ({ value, gram: true }));
    const result = await given(one, ask, { inputs: undefined, ...(needs && { needs }) });
    return {
      found: [...(result.simulated ?? [])].map(([, { rows, meanSquares }]) => [rows, ...meanSquares]),
      said: result.notes.map(({ text }) => text),
    };
  };
  const { found } = await simulated(embedding);
  // A set of 128 tokens: more than four rows for each of 16 channels.
  expect(found.map(([rows]) => rows)).toEqual([128]);
  expect((await simulated(embedding)).found).toEqual(found);
  expect((await simulated(embedding, ['types'])).found).toEqual([]);
  expect(await simulated(model())).toEqual({
    found: [],
    said: ['activations were not measured: made-up numbers for "x" tell nothing of them (inputs would)'],
  });
});

it('leaves out what is no float, and says why a model was not run', async () => {
  const half = await given(model('float16'), (one) =>
    [...one.graph.values()].filter(({ producer }) => producer?.is('Cast')).map((value) => ({ value })),
  );
  expect([...(half.found ?? [])].map(([, { rows }]) => rows)).toEqual([9, 9]);
  const broken = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['n', 8]);
    g.output('y', g.op('Reshape', [x, g.ints(5, -1)]));
  });
  const { found, notes } = await given(broken, (one) => one.graph.outputs.map((value) => ({ value })));
  expect(found?.size).toBe(0);
  expect(notes.map(({ text }) => text).join()).toMatch(/^activations were not measured: .*Reshape/);
});

it('measures each repeat of a block by itself', async () => {
  const sizes = { hidden: 32, heads: 2, intermediate: 48, vocabulary: 50, positions: 32, seed: 0 };
  const before = encoder({ ...sizes, layers: 8 });
  const ids = [[5, 7, 11, 13, 17]];
  const ones = [[1, 1, 1, 1, 1]];
  const inputs = join(folder, 'ids');
  mkdirSync(inputs);
  writeFileSync(
    join(inputs, 'one.json'),
    JSON.stringify({ input_ids: ids, attention_mask: ones, token_type_ids: ones.map((row) => row.map(() => 0)) }),
  );
  const ask = (one: Model) =>
    one.graph.nodes().flatMap(({ opType, inputs: [value] }) => (opType === 'MatMul' && value ? [{ value }] : []));
  const largestIn = async (regional: boolean) => {
    const { found } = await given(before, ask, { inputs, regional });
    return [...(found ?? [])].map(([, { largest }]) => [...largest]);
  };
  const whole = await largestIn(false);
  expect(whole.length).toBeGreaterThanOrEqual(8 * 4);
  expect(await largestIn(true)).toEqual(whole);
});
