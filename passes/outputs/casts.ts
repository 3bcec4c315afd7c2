/** A port of an element type without a JavaScript array ⟶ a Cast to a type that holds all its values. */

import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { castTensor } from '../../src/ir/tensors/numbers.js';
import { type DataType, dataTypes, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { castTo } from '../../src/ir/whole-model/widen.js';
import type { PassContext } from '../../src/run/pass.js';

const held: Partial<Record<DataType, DataType>> = {
  bfloat16: 'float32',
  float8e4m3fn: 'float32',
  float8e4m3fnuz: 'float32',
  float8e5m2: 'float32',
  float8e5m2fnuz: 'float32',
  float8e8m0: 'float32',
  int4: 'int8',
  uint4: 'uint8',
  int2: 'int8',
  uint2: 'uint8',
};

/** Gives the element types that the ports had, by name. */
export function castPorts(
  model: Model,
  context: PassContext,
): { inputs: Map<string, DataType>; outputs: Map<string, DataType> } {
  const { graph } = model;
  const [inputs, outputs] = [new Map<string, DataType>(), new Map<string, DataType>()];
  // An input that is an output under the same name has no room for a node in between.
  const ports = new Set(graph.outputPorts.map(({ name }) => name));
  const through = new Set(graph.inputs.map(({ name }) => name).filter((name) => ports.has(name)));
  for (const input of graph.inputs) {
    const { elem, shape } = input;
    const to = elem && held[elem];
    if (!elem || !to || input.tensor) continue;
    if (through.has(input.name)) {
      context.skip(`JavaScript holds no ${elem}, and an output has the name of the input`, input);
      continue;
    }
    const output = castTo(graph, input, elem);
    graph.replaceUses(input, output);
    graph.setInput(output.producer as Node, 0, input);
    input.type = tensorType(to, shape);
    if (input.defaultTensor) input.defaultTensor = castTensor(input.defaultTensor, to);
    inputs.set(input.name, elem);
    context.note(`input is ${to}: JavaScript holds no ${elem}`, input);
  }
  graph.outputPorts.forEach((port, index) => {
    const value = graph.outputs[index] as Value;
    const elem = value.elem ?? (port.type?.kind === 'tensor' ? port.type.elem : undefined);
    const to = elem && held[elem];
    if (elem && (elem === 'float4e2m1' || dataTypes[elem].kind === 'complex'))
      context.skip(`JavaScript holds no ${elem}, and onnxruntime has no Cast from it`, value);
    if (!elem || !to || through.has(port.name)) return;
    const output = castTo(graph, value, to);
    graph.output(port.name, output, output.type);
    outputs.set(port.name, elem);
    context.note(`output "${port.name}" is ${to}: JavaScript holds no ${elem}`, value);
  });
  return { inputs, outputs };
}
