/** int8 with a scale for each row of an activation: no row changes another. */
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { type Attributes, buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { applyPass, checkPass, opCounts, randomWeights } from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { linear, within } from './int8-models.js';

const [K, N] = [64, 32];

/** Rows of standard normal numbers, changed one by one. */
function rowsOf(...changes: readonly ((numbers: number[]) => number[])[]): Tensor {
  const random = new Random(5);
  const rows = changes.map((change) => change(Array.from({ length: K }, () => random.normal())));
  return tensorOf('float32', rows.flat(), [rows.length, K]);
}
const asIs = (numbers: number[]) => numbers;
const times = (factor: number) => (numbers: number[]) => numbers.map((number) => number * factor);
const holding = (number: number) => (numbers: number[]) => numbers.map((own, i) => (i === 9 ? number : own));

const model = (opset: number, attributes?: Attributes) =>
  buildModel({ '': opset }, (g) => {
    const x = g.input('x', 'float32', ['rows', K]);
    g.output(
      'y',
      attributes ? g.op('Gemm', [x, g.constant(randomWeights([K, N]), 'w')], attributes) : linear(g, x, K, N),
    );
  });

/** The outputs of the original and of the result, row by row. */
async function bothOf(
  before: Model,
  after: Model,
  x: Tensor,
  optimize: boolean,
  rows = x.shape[0] as number,
): Promise<[number[], number[]][]> {
  const [wanted, found] = await Promise.all(
    [before, after].map(async (one) => {
      const { y } = await runModel(await writeModel(one), { x }, { optimize });
      return [...numbersOf(y as Tensor)];
    }),
  );
  return Array.from({ length: rows }, (_, row) => {
    const part = (numbers: number[] | undefined) => (numbers ?? []).slice(row * N, (row + 1) * N);
    return [part(wanted), part(found)];
  });
}

const errorOf = ([wanted, found]: [number[], number[]]) =>
  Math.max(...wanted.map((number, i) => Math.abs(number - (found[i] as number)))) /
  Math.max(...wanted.map(Math.abs), 1e-300);

describe('int8:activations=row', () => {
  const hostile = rowsOf(
    asIs,
    holding(Number.NaN),
    holding(Number.POSITIVE_INFINITY),
    holding(Number.NEGATIVE_INFINITY),
    times(1e6),
    times(0),
    times(1e-30),
    holding(1e38),
    asIs,
  );

  it.each([
    ['opset 11', 11, false],
    ['opset 13', 13, false],
    ['opset 17', 17, false],
    ['opset 18', 18, false],
    ["the runtime's optimizations on", 17, true],
  ])('keeps NaN, infinities and outliers in their own rows: %s', async (_name, opset, optimize) => {
    const before = model(opset);
    const { model: after } = await applyPass(int8({ activations: 'row' }), before);
    expect(opCounts(after).DynamicQuantizeLinear).toBeUndefined();
    const rows = await bothOf(before, after, hostile, optimize);
    for (const row of [0, 4, 6, 7, 8]) expect(errorOf(rows[row] as never), `row ${row}`).toBeLessThan(1.5 * within); // of the row's own largest
    expect(rows[5]?.[1]).toEqual(new Array(N).fill(0));
    expect(rows[1]?.[1].every(Number.isNaN)).toBe(true);
    for (const row of [2, 3]) {
      const [wanted, found] = rows[row] as [number[], number[]];
      expect(wanted.filter((number) => Math.abs(number) === Number.POSITIVE_INFINITY)).toHaveLength(N);
      expect(found.map((number) => (Number.isNaN(number) ? 'NaN' : number))).toEqual(wanted);
    }
  });

  it.each([
    ['two axes', ['rows', K]],
    ['three axes', ['batch', 'rows', K]],
    ['four axes', [1, 1, 'rows', K]],
  ] as const)('keeps a bias what it is with the optimizations of the runtime: %s', async (_name, shape) => {
    // The runtime's fused product multiplies the bias by the scale of the row too, where it is given one for each.
    const before = buildModel({ '': 17 }, (g) => {
      const product = linear(g, g.input('x', 'float32', shape), K, N);
      g.output('y', g.op('Add', [product, g.constant(randomWeights([N], 30, 4))]));
    });
    const { model: after } = await applyPass(int8({ activations: 'row' }), before);
    const rows = rowsOf(asIs, times(100), times(10), asIs);
    const x = tensorOf('float32', numbersOf(rows), [...shape.slice(0, -2).map(() => 1), 4, K]);
    for (const pair of await bothOf(before, after, x, true, 4)) expect(errorOf(pair)).toBeLessThan(1.5 * within);
  });

  it('is not what one scale does, and the pass says so', async () => {
    const before = model(17);
    const { model: after, passes } = await applyPass(int8(), before);
    const rows = await bothOf(before, after, rowsOf(asIs, times(1e6)), false);
    expect(errorOf(rows[0] as never)).toBeGreaterThan(0.9);
    const notes = (list: typeof passes) => list[0]?.notes.map(({ text }) => text).join('\n');
    expect(notes(passes)).toContain('one scale for all rows');
    const byRow = await applyPass(int8({ activations: 'row' }), before);
    expect(notes(byRow.passes)).not.toContain('one scale');
  });

  it('says nothing of rows where there is one', async () => {
    const notesAt = async (rows: number | string) => {
      const one = buildModel({ '': 17 }, (g) => g.output('y', linear(g, g.input('x', 'float32', [rows, K]), K, N)));
      const { passes } = await applyPass(int8(), one);
      return passes[0]?.notes.map(({ text }) => text).join('\n');
    };
    expect(await notesAt(1)).not.toContain('one scale');
    for (const rows of [2, 'batch']) expect(await notesAt(rows)).toContain('one scale');
  });

  const behind = (opTypes: readonly string[]) =>
    buildModel({ '': 17 }, (g) => {
      const x = opTypes.reduce((one, opType) => g.op(opType, [one]), g.input('x', 'float32', ['rows', K]));
      g.output('y', linear(g, x, K, N));
    });
  const zeroOf = ({ graph }: Model) =>
    [...graph.constants].flatMap(({ tensor }) => (tensor?.type === 'uint8' ? [...numbersOf(tensor)] : []));

  it.each([
    [['Relu'], 0],
    [['Sigmoid', 'Identity'], 0],
    [['Tanh', 'Abs'], 0],
    [['Softmax'], 0],
    [['Tanh'], 128],
    [['Relu', 'Tanh', 'Neg'], 128],
  ])('takes all bytes for what is never negative: behind %j the zero is %d', async (opTypes, zero) => {
    const { model: after } = await checkPass(int8({ activations: 'row' }), { before: behind(opTypes), within });
    expect(zeroOf(after)).toEqual([zero]);
  });

  it('is closer with all bytes, and keeps NaN', async () => {
    const pass = int8({ activations: 'row' });
    const rows = rowsOf(asIs, times(3), holding(Number.NaN), times(0.1));
    const positive = tensorOf(
      'float32',
      numbersOf(rows).map((one) => (one < 0 ? 0 : one)),
      rows.shape,
    );
    const errors = await Promise.all(
      // The same numbers, of which the second model does not know the sign.
      [[behind(['Relu']), rows] as const, [behind([]), positive] as const].map(async ([before, x]) => {
        const { model: after } = await applyPass(pass, before);
        const pairs = await bothOf(before, after, x, true);
        expect(pairs[2]?.[1].every(Number.isNaN)).toBe(true);
        return [0, 1, 3].reduce((sum, row) => sum + errorOf(pairs[row] as never) ** 2, 0);
      }),
    );
    // Of the squares, those of the activation are a quarter, and those of the weight stay.
    expect(errors[0]).toBeLessThan(0.9 * (errors[1] as number));
  });

  it('stores the table that its rows come from in 8 bits: the bytes of a row are no positions', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const rows = g.op('Gather', [g.constant(randomWeights([50, K]), 'table'), g.input('ids', 'int64', [4])]);
      g.output('y', linear(g, rows, K, N));
    });
    const { model: after, result } = await checkPass(int8({ activations: 'row' }), { before, within });
    expect(result.skips).toEqual([]);
    expect([...after.graph.constants].flatMap(({ tensor }) => (tensor?.type === 'int8' ? [tensor.shape] : []))).toEqual(
      [
        [K, N],
        [50, K],
      ],
    );
  });

  it('gives a row the same numbers whatever stands beside it', async () => {
    const { model: after } = await applyPass(int8({ activations: 'row' }), model(17));
    const bytes = await writeModel(after);
    const [alone, beside] = await Promise.all([runModel(bytes, { x: rowsOf(asIs) }), runModel(bytes, { x: hostile })]);
    expect(numbersOf(beside.y as Tensor).slice(0, N)).toEqual(numbersOf(alone.y as Tensor));
  });

  it.each<[string, (g: GraphBuilder) => Value]>([
    ['four axes', (g) => linear(g, g.input('x', 'float32', ['a', 'b', 3, K]), K, N)],
    ['a vector', (g) => linear(g, g.input('x', 'float32', [K]), K, N)],
    [
      'two products of one activation',
      (g) => {
        const x = g.input('x', 'float32', [4, K]);
        return g.op('Add', [linear(g, x, K, N), linear(g, x, K, N, 3)]);
      },
    ],
    [
      'float16',
      (g) => {
        const w = g.constant(tensorOf('float16', numbersOf(randomWeights([K, N])), [K, N]), 'w');
        return g.op('MatMul', [g.input('x', 'float16', [4, K]), w]);
      },
    ],
    [
      'a transposed activation with a bias',
      (g) => {
        const inputs = [
          g.input('x', 'float32', [K, 4]),
          g.constant(randomWeights([N, K]), 'w'),
          g.constant(randomWeights([N], 1, 7), 'b'),
        ];
        return g.op('Gemm', inputs, { transA: 1, transB: 1 });
      },
    ],
  ])('takes %s', async (_name, define) => {
    const before = buildModel({ '': 17 }, (g) => g.output('y', define(g)));
    const { model: after } = await checkPass(int8({ activations: 'row' }), { before, within });
    // An activation is quantized once for all who read it.
    expect(opCounts(after).ReduceMax).toBe(1);
    expect((await readModel(await writeModel(after))).graph.nodes().length).toBeGreaterThan(10);
  });
});
