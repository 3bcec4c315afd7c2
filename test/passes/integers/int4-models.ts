/** Builds models for the tests of int4, and reads its results. */
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { type applyPass, randomWeights } from '../../check-pass.js';

/** Four bits leave 8 % of the norm of a Gaussian weight, and so of the largest output of a product less than twice that. */
export const within = 0.15;
/** A CPU rounds activations to 8 bits as well: up to 1/254 of the largest number of a block. */
export const eightBit = 0.02;

export const microsoft = { domain: 'com.microsoft' };
export const of = (build: (g: GraphBuilder) => void, opset = 17): Model =>
  buildModel({ '': opset, 'com.microsoft': 1 }, build);
export const weight = (g: GraphBuilder, shape: readonly number[], name = 'w') =>
  g.constant(randomWeights(shape, 0.3), name);
export const product = (K: number, N: number, rows = 3): Model =>
  of((g) => g.output('y', g.op('MatMul', [g.input('x', 'float32', [rows, K]), weight(g, [K, N])])));

export const notesOf = ({ passes }: Awaited<ReturnType<typeof applyPass>>): (string | undefined)[] | undefined =>
  passes[0]?.notes.map(({ text }) => text);

export const constantOf = ({ graph }: Model, name: string): Tensor =>
  [...graph.constants].find((value) => value.name === name)?.tensor as Tensor;
