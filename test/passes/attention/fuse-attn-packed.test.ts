/** Projections and attention as com.microsoft Attention: the weights side by side, the numbers of the plain graph; refusals. */
import { describe, expect, it } from 'vitest';
import { packedWeights } from '../../../passes/attention/emit/packed-weights.js';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import { Model } from '../../../src/ir/model.js';
import { bankOf, instanceOf } from '../../../src/ir/tensors/bank.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const [HEADS, SIZE, DEPTH] = [2, 4, 6];
const WIDTH = HEADS * SIZE;
const packed = fuseAttn({ op: 'com.microsoft.Attention' });

type Three = [q: Value, k: Value, v: Value];
/** Numbers of a constant: another series for each seed. */
const numbers = (g: GraphBuilder, seed: number, ...shape: number[]): Value => {
  const count = shape.reduce((n, d) => n * d, 1);
  const values = Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed));
  return g.graph.constant(tensorOf('float32', values, shape));
};
const input = (g: GraphBuilder, batch: string | number = 'batch'): Value =>
  g.input('x', 'float32', [batch, 'seq', DEPTH]);
const project = (g: GraphBuilder, x: Value, seed: number): Value => g.op('MatMul', [x, numbers(g, seed, DEPTH, WIDTH)]);
const biased = (g: GraphBuilder, x: Value, seed: number): Value =>
  g.op('Add', [numbers(g, seed + 3, WIDTH), project(g, x, seed)]);

/** softmax(0.3·q·kᵀ) v over heads, with what stands before the Softmax. */
function model(three: (g: GraphBuilder) => Three, masked = (_: GraphBuilder, scores: Value): Value => scores): Model {
  return buildModel({ '': 17 }, (g) => {
    const heads = (x: Value, ...perm: number[]): Value =>
      g.op('Transpose', [g.op('Reshape', [x, g.ints(0, -1, HEADS, SIZE)])], { perm });
    const [q, k, v] = three(g);
    const product = g.op('MatMul', [heads(q, 0, 2, 1, 3), heads(k, 0, 2, 3, 1)]);
    const scores = masked(g, g.op('Mul', [product, g.constant('float32', 0.3)]));
    const context = g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), heads(v, 0, 2, 1, 3)]);
    const merged = g.op('Transpose', [context], { perm: [0, 2, 1, 3] });
    g.output('y', g.op('Reshape', [merged, g.ints(0, -1, WIDTH)]), 'float32');
  });
}

const each =
  (make: (g: GraphBuilder, x: Value, seed: number) => Value) =>
  (g: GraphBuilder): Three => {
    const x = input(g);
    return [0, 1, 2].map((seed) => make(g, x, seed)) as Three;
  };

async function fuses(before: Model, others: Record<string, number> = {}): Promise<void> {
  const ops = { 'com.microsoft.Attention': 1, ...others };
  const dims = { batch: 2, seq: 5 };
  await checkPass(packed, { before, within: NOISE, dims, ops });
}

describe('fuse-attn with op=com.microsoft.Attention', () => {
  it('packs three products without a bias', () => fuses(model(each(project))));

  it('packs three products with biases, and one that has none', async () => {
    await fuses(model(each(biased)));
    await fuses(model(each((g, x, seed) => (seed === 1 ? project : biased)(g, x, seed))));
  });

  it('takes masks and biases of the scores, alike for all queries or not', async () => {
    const mask = (g: GraphBuilder, scores: Value): Value =>
      g.op('Add', [scores, g.input('mask', 'float32', ['batch', 1, 'seq', 'seq'])]);
    await fuses(model(each(biased), mask));
    const perKey = (g: GraphBuilder, scores: Value): Value =>
      g.op('Add', [scores, g.input('mask', 'float32', ['batch', HEADS, 1, 'seq'])]);
    await fuses(model(each(project), perKey), { Shape: 1, Gather: 1, Concat: 1, Expand: 1 });
  });

  it('takes one product that is split as it is, and in another order anew', async () => {
    const split =
      (order: readonly number[]) =>
      (g: GraphBuilder): Three => {
        const all = g.op('MatMul', [input(g), numbers(g, 1, DEPTH, 3 * WIDTH)]);
        const whole = g.op('Add', [all, numbers(g, 2, 3 * WIDTH)]);
        const sizes = g.ints(WIDTH, WIDTH, WIDTH);
        const node = g.graph.add('Split', [whole, sizes], { attributes: { axis: -1 }, outputs: ['a', 'b', 'c'] });
        return order.map((at) => node.outputs[at]) as Three;
      };
    await fuses(model(split([0, 1, 2])));
    await fuses(model(split([2, 0, 1])));
  });

  it('takes a Gemm of rows, and sequences before batches, whose input it transposes', async () => {
    const gemm = (g: GraphBuilder): Three => {
      const rows = g.op('Reshape', [input(g, 2), g.ints(-1, DEPTH)]);
      return [0, 1, 2].map((seed) => {
        const product = g.op('Gemm', [rows, numbers(g, seed, DEPTH, WIDTH), numbers(g, seed + 5, WIDTH)]);
        return g.op('Reshape', [product, g.ints(2, -1, WIDTH)]);
      }) as Three;
    };
    await fuses(model(gemm), { Reshape: 2 });
    const turned = (g: GraphBuilder): Three => {
      const x = g.input('x', 'float32', ['seq', 'batch', DEPTH]);
      return [0, 1, 2].map((seed) => g.op('Transpose', [biased(g, x, seed)], { perm: [1, 0, 2] })) as Three;
    };
    await fuses(model(turned), { Transpose: 1 });
  });
});

it('weights side by side are read in whole pieces, a row at a time, also of a repeated block', () => {
  const [depth, widths] = [700, [200, 16, 200]];
  const tensor = (width: number, seed: number): Tensor =>
    tensorOf(
      'float32',
      Float32Array.from({ length: depth * width }, (_, i) => i + seed),
      [depth, width],
    );
  const mark = { run: 'run', standIn: 1, slot: 'w' };
  const graph = new Model([['', 17]], 8).graph;
  const projections = widths.map((width, i) => ({
    input: graph.constant(tensorOf('float32', 0)),
    weights: graph.constant(bankOf([tensor(width, i), tensor(width, -i)], mark)),
    bias: undefined,
    from: i === 1 ? 4 : 0,
    width: i === 1 ? 8 : width,
  }));
  const all = packedWeights(projections, 'float32');
  expect(all.shape).toEqual([depth, 408]);
  for (const [index, sign] of [1, -1].entries()) {
    const chunks = [...instanceOf(all, index).chunks()];
    expect(chunks.length).toBe(2);
    expect(chunks.map(({ length }) => length % 16)).toEqual([0, 0]);
    const bytes = Uint8Array.from(Buffer.concat(chunks));
    const wanted = Array.from({ length: depth }, (_, row) =>
      projections.map(({ from, width }, i) =>
        Array.from({ length: width }, (_, column) => row * (widths[i] as number) + from + column + sign * i),
      ),
    );
    expect(Buffer.from(Float32Array.from(wanted.flat(2)).buffer).equals(bytes)).toBe(true);
  }
});

describe('it refuses, with the reason', () => {
  const two = (g: GraphBuilder): Three => {
    const [x, memory] = [input(g), g.input('memory', 'float32', ['batch', 'seq', DEPTH])];
    return [project(g, x, 0), project(g, memory, 1), project(g, memory, 2)];
  };
  const refuses = (before: Model, reason: string) => checkMiss(packed, { before, reason });

  it('cross-attention', () => refuses(model(two), 'query, key and value are projections of different inputs'));

  it('operands that are no projections: rotated, or from a cache', async () => {
    const rotated = each((g, x, seed) => g.op('Sin', [project(g, x, seed)]));
    await refuses(model(rotated), 'expected a product with constant weights; found Sin');
    const cached = (g: GraphBuilder): Three => {
      const [q, ...rest] = each(project)(g);
      const past = g.input('past', 'float32', ['batch', 'old', WIDTH]);
      return [q, ...rest.map((x) => g.op('Concat', [past, x], { axis: 1 }))] as Three;
    };
    await refuses(model(cached), 'expected a product with constant weights; found Concat');
  });

  it('weights that are no constant', () =>
    refuses(
      model(each((g, x, seed) => g.op('MatMul', [x, g.input(`w${seed}`, 'float32', [DEPTH, WIDTH])]))),
      'the weights of a projection are not constant as they are stored',
    ));

  it('a projection that is read elsewhere', () =>
    refuses(
      model((g) => {
        const three = each(biased)(g);
        g.output('q', three[0]);
        return three;
      }),
      'a projection is read elsewhere',
    ));

  it('a bias that is no vector of the columns', () =>
    refuses(
      model(each((g, x, seed) => g.op('Add', [project(g, x, seed), numbers(g, seed, 1)]))),
      'the bias of a projection is no vector of its columns',
    ));

  it('a Gemm that transposes its weights', () =>
    refuses(
      model((g) => {
        const rows = g.op('Reshape', [input(g, 2), g.ints(-1, DEPTH)]);
        return [0, 1, 2].map((seed) =>
          g.op('Reshape', [g.op('Gemm', [rows, numbers(g, seed, WIDTH, DEPTH)], { transB: 1 }), g.ints(2, -1, WIDTH)]),
        ) as Three;
      }),
      'the Gemm of a projection scales or transposes',
    ));
});
