/**
 * The standard's own node tests as building blocks: the nodes of one are put into the sketch, on values that it has.
 *
 * This is how every op comes in every form, each with attributes and shapes that are valid together: the operators' own
 * inputs are made of other values of the graph, where what they hold does not matter, and are constants or inputs where it does.
 */

import type { Graph } from '../../../../src/ir/graph.js';
import type { Model } from '../../../../src/ir/model.js';
import { elementCount } from '../../../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes, isFloat } from '../../../../src/ir/types.js';
import type { Value } from '../../../../src/ir/value.js';
import { cloneModel } from '../../../../src/ir/whole-model/clone.js';
import { readModel } from '../../../../src/onnx/read.js';
import { schemaOf } from '../../../../src/onnx/schemas/schema.js';
import { type Observed, type ObservedTensor, packPath, readCases } from '../../../infer/backend-cases.js';
import { type Sketch, Unavailable } from '../sketch.js';

interface Piece {
  readonly name: string;
  readonly model: Model;
  readonly inputs: readonly ObservedTensor[];
}

let byOp: Map<string, Piece[]> | undefined;

/** Not comparable: what is random, what trains; what the CPU has no kernel for. */
const left = /^(Random|Bernoulli|Multinomial|Dropout|Momentum|Adam|Adagrad|Gradient|ImageDecoder|BitwiseNot|BitShift)/;
const LARGEST = 3000;

const isTensor = (one: Observed): one is ObservedTensor => 'elem' in one;

/** Reads the pack once. */
export async function loadPieces(): Promise<void> {
  if (byOp) return;
  byOp = new Map();
  for (const { name, model: bytes, inputs } of readCases(packPath)) {
    if (!inputs.every(isTensor) || inputs.some(({ shape }) => elementCount(shape) > LARGEST)) continue;
    const model = await readModel(bytes);
    const nodes = model.graph.nodes();
    const key = nodes.length === 1 ? (nodes[0]?.opType ?? '') : 'expanded';
    if (nodes.some(({ opType }) => left.test(opType)) || model.functions.length > 0) continue;
    byOp.set(key, [...(byOp.get(key) ?? []), { name, model, inputs }]);
  }
}

export function standardNode(s: Sketch): void {
  const ops = [...(byOp ?? [])];
  for (let tries = 0; tries < 20; tries++) {
    const [, pieces] = s.one(ops);
    const piece = s.one(pieces);
    if (!fits(piece.model.graph, s)) continue;
    graft(s, piece);
    return;
  }
  throw new Unavailable();
}

/** Whether every node means the same in the sketch's opset. */
const fits = (graph: Graph, s: Sketch): boolean =>
  graph.nodes().every((node) => {
    const mine = s.g.graph.opsets.get(node.domain) ?? (node.domain === 'ai.onnx.ml' ? 3 : 1);
    const [here, there] = [mine, node.opset ?? 1].map((opset) => schemaOf(node.opType, node.domain, opset));
    return (
      here !== undefined &&
      here.since === there?.since &&
      !here.isDeprecated &&
      node.bodies.every((body) => fits(body, s))
    );
  });

function graft(s: Sketch, { model, inputs }: Piece): void {
  const copy = cloneModel(model).graph;
  const values = new Map<Value, Value | undefined>();
  copy.inputs.forEach((input, index) => {
    values.set(input, given(s, inputs[index] as ObservedTensor));
  });
  for (const { tensor } of copy.constants) if (tensor && elementCount(tensor.shape) > LARGEST) throw new Unavailable();
  for (const constant of copy.constants) if (constant.tensor) values.set(constant, s.constant(constant.tensor));
  for (const node of copy.nodes()) {
    if (node.bodies.length > 0) throw new Unavailable();
    const made = s.node(
      node.opType,
      node.inputs.map((value) => value && values.get(value)),
      Object.fromEntries(node.attributes),
      { domain: node.domain, outputs: node.outputs.map((value) => (value ? '' : undefined)) },
    );
    node.outputs.forEach((value, index) => {
      if (value) values.set(value, made.outputs[index]);
    });
  }
}

/** A value of this type. What it holds counts where the test states it and it is no float. */
function given(s: Sketch, { elem, shape, numbers }: ObservedTensor): Value {
  const type = elem as DataType;
  const { bits, kind } = dataTypes[type];
  const isOdd = bits < 8 || kind === 'complex' || (kind === 'float' && bits < 16) || type === 'bfloat16';
  if (isOdd) throw new Unavailable();
  if (!numbers || (isFloat(type) && shape.length > 0))
    return isFloat(type) || type === 'string' || type === 'bool'
      ? s.want(type, shape)
      : s.constant(s.tensor(type, shape));
  if (s.chance(0.8) || s.g.graph !== s.model.graph) return s.numbers(type, numbers, shape);
  const value = s.input(type, shape);
  value.defaultTensor = s.numbers(type, numbers, shape).tensor;
  return value;
}
