/** Shares models and checks between the tests of flatten-outputs. */
import { contractOf } from '../../../src/contract/contract.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { type Type, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';

export const opsets = { '': 17, 'ai.onnx.ml': 1 };
export const sequence: Type = { kind: 'sequence', elem: tensorType('float32') };
export const x3 = { x: tensorOf('float32', [1, 2, 3], [3]) };

/** One output `s`, made of the input x: float32[3]. */
export const made = (define: (g: GraphBuilder, x: Value) => Value, type: Type = sequence): Model =>
  buildModel(opsets, (g) => g.output('s', define(g, g.input('x', 'float32', [3])), type));

export const kindsOf = (model: Model) => Object.values(contractOf(model).structure.outputs).map(({ kind }) => kind);
export const portsOf = (model: Model) => model.graph.outputPorts.map(({ name }) => name);
