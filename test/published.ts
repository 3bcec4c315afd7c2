/** Models as they are published in another float than float32: ports, weights and arithmetic. */
import { inferTypes, schemaOf } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import type { Node } from '../src/ir/node.js';
import { setTensor } from '../src/ir/tensors/constants.js';
import { castTensor, numbersOf, tensorOf } from '../src/ir/tensors/numbers.js';
import type { Tensor } from '../src/ir/tensors/tensor.js';
import { type DataType, dataTypes, tensorType } from '../src/ir/types.js';
import type { Value } from '../src/ir/value.js';
import { cloneModel } from '../src/ir/whole-model/clone.js';
import { castTo } from '../src/ir/whole-model/widen.js';
import { rowOf } from '../src/ops/registry.js';

export type Published = 'float16' | 'bfloat16' | 'float64';

const LARGEST = { float16: 65504, bfloat16: 3.3895313892515355e38, float64: Number.MAX_VALUE };

/** A float32 tensor in another type, cut to its range as exporters do. */
export function publishedTensor(tensor: Tensor, type: Published): Tensor {
  if (type === 'float64') return castTensor(tensor, type);
  const most = LARGEST[type];
  const numbers = numbersOf(tensor).map((x) => (Number.isFinite(x) ? Math.max(-most, Math.min(most, x)) : x));
  return tensorOf(type, numbers, tensor.shape);
}

/** A copy in which every float32 tensor has the type, but slots that the operator wants in float32, and what is no tensor. */
export function published(original: Model, type: Published): Model {
  const model = cloneModel(original);
  inferTypes(model);
  const graphs = [...model.graphs()];
  const isWide = new Set<Value>();
  for (const graph of graphs)
    for (const value of graph.values()) {
      const { producer, tensor, defaultTensor } = value;
      if (value.elem !== 'float32' || (producer && !admits(producer, type))) continue;
      isWide.add(value);
      if (tensor) setTensor(value, publishedTensor(tensor, type));
      if (defaultTensor) value.defaultTensor = publishedTensor(defaultTensor, type);
      value.type = tensorType(type, value.shape);
    }
  const casts = new Map<Value, Value>();
  const recast = (value: Value, to: DataType): Value => {
    const made = casts.get(value) ?? castTo(value.graph, value, to);
    casts.set(value, made);
    return made;
  };
  for (const graph of graphs) {
    for (const port of graph.outputPorts)
      if (port.type?.kind === 'tensor' && port.type.elem === 'float32') port.type = tensorType(type, port.type.shape);
    for (const node of [...graph.nodeSet, graph.end]) {
      if (!node.isEnd && admits(node, type)) convertAttributes(node, type);
      if (node.is('Cast')) continue;
      node.inputs.forEach((value, index) => {
        if (value === undefined) return;
        const wants = node.isEnd || (admits(node, type) && !rowOf(node)?.precision?.float32Inputs?.includes(index));
        if (isWide.has(value) && !wants) graph.setInput(node, index, recast(value, 'float32'));
        if (!isWide.has(value) && wants && value.elem === 'float32') graph.setInput(node, index, recast(value, type));
      });
    }
  }
  return model;
}

function convertAttributes(node: Node, type: Published): void {
  const { code } = dataTypes[type];
  for (const [name, attribute] of node.attributes) {
    const isType = ['to', 'dtype', 'output_dtype'].includes(name) && attribute.type === 'int' && attribute.value === 1n;
    if (isType) node.graph.setAttribute(node, name, code);
    if (attribute.type === 'tensor' && attribute.value.type === 'float32')
      node.graph.setAttribute(node, name, publishedTensor(attribute.value, type));
  }
}

/** True for an operator that takes the type wherever it has float32, or has bodies. */
function admits(node: Node, type: Published): boolean {
  const { opType, domain, opset = 1, inputs, outputs } = node;
  if (node.bodies.length > 0 || node.graph.model.functionOf(node)) return true;
  if ([...inputs, ...outputs].some((value) => value?.type && value.type.kind !== 'tensor')) return false;
  if (node.is('QuantizeLinear') || node.is('DequantizeLinear') || node.is('Range')) return false;
  const schema = schemaOf(opType, domain, opset);
  if (!schema) return false;
  const fits = (formals: typeof schema.inputs, values: readonly (Value | undefined)[], isInput: boolean): boolean =>
    values.every((value, index) => {
      const formal = formals[index] ?? formals.at(-1);
      if (!formal || value?.elem !== 'float32') return true;
      if (isInput && rowOf(node)?.precision?.float32Inputs?.includes(index)) return true;
      return schema.typeConstraints.get(formal.type)?.includes(type) ?? false;
    });
  return fits(schema.inputs, inputs, true) && fits(schema.outputs, outputs, false);
}
