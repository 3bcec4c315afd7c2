/**
 * Puts casts at a result's ports where their float type differs from the original's, so that both have the same port
 * types.
 */

import { maxOf } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { type DataType, dataTypes, type Shape, type Type, tensorType } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import type { Verdict } from '../../run/verify/verifier.js';
import type { TensorData } from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import type { Reference } from '../reference.js';

export interface SamePorts {
  readonly model: Model;
  /** The ports that differ, each with the result's own type. */
  readonly inputs: ReadonlyMap<string, DataType>;
  readonly outputs: ReadonlyMap<string, DataType>;
}

/** Undefined where every port has the original's type, as far as both are known. */
export function withPortsOf(original: Model, result: Model): SamePorts | undefined {
  const inputs = new Map<string, DataType>();
  const outputs = new Map<string, DataType>();
  const model = cloneModel(result);
  const { graph } = model;
  const ports = graph.inputs.map((input) => {
    const before = original.graph.inputs.find(({ name }) => name === input.name)?.elem;
    const { elem } = input;
    if (!before || !elem || !areTwoFloats(before, elem) || input.defaultTensor || input.tensor) return input;
    inputs.set(input.name, elem);
    const port = graph.input(input.name, tensorType(before, input.shape));
    graph.replaceUses(input, cast(port, elem));
    return port;
  });
  graph.setInputs(ports);
  const before = new Map(
    original.graph.outputPorts.map(({ name, type }, index) => [name, elemOf(original, type, index)]),
  );
  graph.setOutputs(
    graph.outputPorts.map((port, index) => {
      const value = graph.outputs[index] as Value;
      const [from, to] = [elemOf(model, port.type, index), before.get(port.name)];
      if (!to || !from || !areTwoFloats(to, from)) return { port, value };
      outputs.set(port.name, from);
      const shape = port.type?.kind === 'tensor' ? port.type.shape : value.shape;
      return { port: { ...port, type: tensorType(to, shape) }, value: cast(value, to, shape) };
    }),
  );
  return inputs.size + outputs.size > 0 ? { model, inputs, outputs } : undefined;
}

const elemOf = ({ graph }: Model, type: Type | undefined, index: number): DataType | undefined =>
  type?.kind === 'tensor' ? type.elem : graph.outputs[index]?.elem;

function cast(value: Value, to: DataType, shape: Shape | undefined = value.shape): Value {
  const { output } = value.graph.add('Cast', [value], { attributes: { to: dataTypes[to].code } });
  output.type = tensorType(to, shape);
  return output;
}

/** The note on ports that are compared behind casts. */
export function portsNote({ inputs, outputs }: SamePorts): string {
  const list = [...inputs, ...outputs].map(([name, type]) => `"${name}" (${type})`);
  return `compared in the original's types, behind casts: ${list.join(', ')}`;
}

/** A rejection that first names the ports whose numbers are beyond the result's type. */
export function namingOverflow(verdict: Verdict, reference: Reference, ports: SamePorts | undefined): Verdict {
  if (verdict.outcome !== 'rejected' || !ports) return verdict;
  const beyond = [
    ...overflows('input', ports.inputs, (name) => reference.runs.map(({ feeds }) => feeds.tensors[name])),
    ...overflows('output', ports.outputs, (name) => reference.runs.map(({ outputs }) => outputs[name])),
  ];
  return beyond.length > 0 ? { ...verdict, detail: [...beyond, verdict.detail].join('; ') } : verdict;
}

const LARGEST: Readonly<Partial<Record<DataType, number>>> = { float16: 65504 };

function overflows(
  kind: 'input' | 'output',
  ports: ReadonlyMap<string, DataType>,
  tensorsOf: (name: string) => readonly (TensorData | undefined)[],
): string[] {
  return [...ports].flatMap(([name, type]) => {
    const largest = LARGEST[type];
    const reached = maxOf(
      tensorsOf(name).map((one) => (one ? largestOf(one) : 0)),
      0,
    );
    if (largest === undefined || reached <= largest) return [];
    return [
      `${kind} "${name}" reaches ${reached.toExponential(1).replace('e+', 'e')}, beyond ${largest}, the largest number of ${type}`,
    ];
  });
}

/** The largest finite magnitude. */
function largestOf(tensor: TensorData): number {
  let largest = 0;
  for (const number of numbersOf(fromTensorData(tensor))) {
    const size = Math.abs(number);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest;
}

/** True for two floats between which a pass changes ports, if the runtime exchanges one of them. */
const areTwoFloats = (a: DataType, b: DataType): boolean =>
  a !== b && (a === 'float32' || a === 'float16') && (b === 'float32' || b === 'float16' || b === 'bfloat16');
