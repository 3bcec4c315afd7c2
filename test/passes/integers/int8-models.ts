/** Builds models of products, and gives the tolerance of int8 on them. */
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { randomWeights } from '../../check-pass.js';

/** Steps of 8 bits in both factors: each rounds by up to 1/254 of its largest number. */
export const within = 2e-2;
export const linear = (g: GraphBuilder, x: Value, K: number, N: number, seed = 2) =>
  g.op('MatMul', [x, g.constant(randomWeights([K, N], 1, seed), `w${seed}`)]);
export const one = (opset: number, define: (g: GraphBuilder, x: Value) => Value, rows = 4) =>
  buildModel({ '': opset }, (g) => g.output('y', define(g, g.input('x', 'float32', [rows, 64]))));
