/** Builds models of attention, and checks that each becomes one kernel. */
import { expect } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { checkPass, opCounts } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
export const NOISE = 1e-5;
export const HEADS = 3;
export const SIZE = 4;

export interface Parts {
  /** Builds the ops between the product of query and key and the Softmax. */
  scores?(g: GraphBuilder, product: Value): Value;
  /** Builds the ops between the Softmax and the product with the values. */
  weights?(g: GraphBuilder, weights: Value): Value;
  axis?: number;
  /** Scales query and key before their product. */
  scaleOperands?: number;
  extra?(g: GraphBuilder, inner: { product: Value; weights: Value; context: Value }): void;
  valueSize?: number;
  opset?: number;
}

/** Self-attention as exporters spell it: split heads by Reshape and Transpose, multiply, merge again. */
export function attention(parts: Parts = {}): Model {
  const { valueSize = SIZE } = parts;
  return buildModel({ '': parts.opset ?? 17 }, (g) => {
    const heads = (x: Value, size: number, perm: number[]): Value =>
      g.op('Transpose', [g.op('Reshape', [x, g.ints(0, 0, HEADS, size)])], { perm });
    const input = (name: string, size: number) => g.input(name, 'float32', ['batch', 'seq', HEADS * size]);
    let q = heads(input('q', SIZE), SIZE, [0, 2, 1, 3]);
    let k = heads(input('k', SIZE), SIZE, [0, 2, 3, 1]);
    const v = heads(input('v', valueSize), valueSize, [0, 2, 1, 3]);
    if (parts.scaleOperands) {
      const scale = g.constant('float32', parts.scaleOperands);
      q = g.op('Mul', [q, scale]);
      k = g.op('Mul', [k, scale]);
    }
    const product = g.op('MatMul', [q, k]);
    const scores = parts.scores?.(g, product) ?? product;
    const weights = g.op('Softmax', [scores], { axis: parts.axis ?? -1 });
    const context = g.op('MatMul', [parts.weights?.(g, weights) ?? weights, v]);
    const merged = g.op('Reshape', [
      g.op('Transpose', [context], { perm: [0, 2, 1, 3] }),
      g.ints(0, 0, HEADS * valueSize),
    ]);
    g.output('y', merged, 'float32', ['batch', 'seq', HEADS * valueSize]);
    parts.extra?.(g, { product, weights, context });
  });
}

export type Operands = [q: Value, k: Value, v: Value];

/** A model of float inputs q, k and v of one shape. */
export const model = (
  shape: readonly (string | number)[],
  context: (g: GraphBuilder, ...operands: Operands) => Value,
  { elem = 'float32', opset = 17 }: { elem?: 'float32' | 'float16'; opset?: number } = {},
): Model =>
  buildModel({ '': opset }, (g) => {
    const operands = ['q', 'k', 'v'].map((name) => g.input(name, elem, shape)) as Operands;
    g.output('y', context(g, ...operands));
  });

export const float = (g: GraphBuilder, x: number) => g.constant('float32', x);
export const transpose = (g: GraphBuilder, x: Value, ...perm: number[]) => g.op('Transpose', [x], { perm });
export const softmax = (g: GraphBuilder, x: Value, axis = -1) => g.op('Softmax', [x], { axis });
export const plain = ['batch', 3, 'seq', 4] as const;
export const scores = (g: GraphBuilder, q: Value, k: Value) => g.op('MatMul', [q, transpose(g, k, 0, 1, 3, 2)]);

/** One kernel, with the numbers of the plain graph. Gives the ops of the result. */
export async function fuses(before: Model, { within = NOISE, feeds = {}, dims = {}, op = 'MultiHeadAttention' } = {}) {
  const pass = fuseAttn(op === 'Attention' ? { op } : {});
  const checked = await checkPass(pass, { before, within, feeds, dims: { batch: 2, seq: 5, ...dims } });
  expect(checked.result.notes.map(({ text }) => text)).toContain('fused 1 of 1 attention sites');
  const counts = opCounts(checked.model);
  expect(counts[op === 'Attention' ? op : `com.microsoft.${op}`]).toBe(1);
  expect(counts.Softmax).toBeUndefined();
  return counts;
}
