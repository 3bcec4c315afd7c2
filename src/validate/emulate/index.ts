/**
 * Builds a model that emulates its target's arithmetic on a CPU. Arithmetic in float16 or bfloat16 is done in float32
 * and really rounded, value by value; sums of integer products do not saturate; kernels that only GPUs have are written
 * out in ordinary operators.
 * The CPU provider computes float16 in float32 from one end of a graph to the other, and has few kernels for bfloat16:
 * overflow to infinity, NaN and comparisons with rounded numbers show in this form only.
 */

import { inferTypes } from '../../infer/index.js';
import { append } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { castTensor } from '../../ir/tensors/numbers.js';
import { dataTypes } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import { isNarrow, type Narrow, narrowOf, widenModel } from '../../ir/whole-model/widen.js';
import { inlineCalls } from '../../region/functions/inline-all.js';
import { canSaturate, integerProductOf } from '../../run/cpus.js';
import type { TensorData, Tensors } from '../../runtime/protocol.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import { expand, isExpandable } from './expand.js';
import { roundResults } from './rounding.js';
import { makeUnsigned } from './saturation.js';

/** A model to be run with the runtime's own optimizations off. */
export interface Emulation {
  readonly model: Model;
  /** Converts the original's inputs for this model: ports of 16 bits are float32 here. */
  takes(feeds: Tensors): Tensors;
  /** Converts this model's outputs to the original's types, which rounds nothing. */
  gives(outputs: Tensors): Record<string, TensorData>;
  /** Differences from the target that remain. */
  readonly notes: readonly string[];
}

/** Undefined where the CPU computes as the target does: nothing has 16 bits, saturates or lacks a kernel. */
export function emulated(original: Model): Emulation | undefined {
  if (!mayDiffer(original)) return undefined;
  const model = cloneModel(original);
  const notes: string[] = [];
  inlineCalls(model, {
    refused: (reason, call) => notes.push(`${call.label} is left as a function: ${reason}`),
  });
  inferTypes(model);
  const ports = portsOf(model);
  const were = widenModel(model);
  const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodeSet]);
  const products = nodes.filter(canSaturate);
  const missing = nodes.filter(isExpandable);
  // A value that is only stored in 16 bits is read alike by all.
  const isComputed = [...were.keys()].some((value) => value.producer ?? !value.isConstant);
  if (!isComputed && products.length + missing.length === 0) return undefined;
  roundResults(were);
  products.forEach(makeUnsigned);
  missing.forEach(expand);
  append(notes, [...notesOf(nodes, were), ...saturatingNotes(products)]);
  return { model, ...between(ports), notes };
}

const between = ({ inputs, outputs: types }: ReturnType<typeof portsOf>): Pick<Emulation, 'takes' | 'gives'> => ({
  takes: (feeds) => recast(feeds, (name) => (inputs.has(name) ? 'float32' : undefined)),
  gives: (outputs) => recast(outputs, (name) => types.get(name)),
});

/** The model with every float of 16 bits made float32, and nothing rounded; undefined where it has none. */
export function widened(original: Model): Emulation | undefined {
  if (!mayBeNarrow(original)) return undefined;
  const model = cloneModel(original);
  inlineCalls(model, { refused: () => {} });
  inferTypes(model);
  const ports = portsOf(model);
  const were = widenModel(model);
  if (were.size === 0) return undefined;
  for (const value of were.keys()) {
    const { producer } = value;
    if (!producer?.is('Cast')) continue;
    producer.graph.setAttribute(producer, 'to', dataTypes.float32.code);
    value.type = { kind: 'tensor', elem: 'float32', shape: value.shape };
  }
  return { model, ...between(ports), notes: [] };
}

/** A quick check without types: most models have nothing of it. */
function mayDiffer(model: Model): boolean {
  if (mayBeNarrow(model)) return true;
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) if (integerProductOf(node) || isExpandable(node)) return true;
  return false;
}

/** Whether floats of 16 bits may be in it, told without types. */
export function mayBeNarrow(model: Model): boolean {
  for (const graph of model.graphs()) {
    for (const value of [...graph.inputs, ...graph.constants])
      if (narrowOf(value.type) || isNarrow(value.elem)) return true;
    for (const node of graph.nodeSet) if (mayGiveNarrow(node)) return true;
  }
  return false;
}

/** Only such nodes turn other types into 16 bits. */
const mayGiveNarrow = (node: Node): boolean => {
  for (const attribute of node.attributes.values()) {
    if (attribute.type === 'ref') return true;
    if (attribute.type === 'int' && (attribute.value === 10n || attribute.value === 16n)) return true;
    if (attribute.type === 'tensor' && isNarrow(attribute.value.type)) return true;
    if (attribute.type === 'type_proto' && narrowOf(attribute.value)) return true;
  }
  return false;
};

/** The ports of 16 bits by name. */
function portsOf({ graph }: Model): { inputs: ReadonlySet<string>; outputs: ReadonlyMap<string, Narrow> } {
  const inputs = new Set(graph.inputs.filter(({ elem }) => isNarrow(elem)).map(({ name }) => name));
  const outputs = new Map<string, Narrow>();
  for (const [index, { name, type }] of graph.outputPorts.entries()) {
    const elem = graph.outputs[index]?.elem ?? (type?.kind === 'tensor' ? type.elem : undefined);
    if (isNarrow(elem)) outputs.set(name, elem);
  }
  return { inputs, outputs };
}

function recast(
  tensors: Tensors,
  typeOf: (name: string) => 'float32' | Narrow | undefined,
): Record<string, TensorData> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const type = typeOf(name);
      return [name, type && type !== tensor.type ? toTensorData(castTensor(fromTensorData(tensor), type)) : tensor];
    }),
  );
}

/** Whose weights could not be made unsigned. */
const saturatingNotes = (products: readonly Node[]): string[] => {
  const isSigned = (node: Node) => integerProductOf(node)?.weights.some(([at]) => node.inputs[at]?.elem === 'int8');
  const ops = new Set(products.filter(isSigned).map(({ opType }) => opType));
  return [...ops].map((op) => `sums of ${op} are those of this CPU, which may saturate`);
};

/** Operators that add up or go through time step by step. */
const inSteps = new Set(['LSTM', 'GRU', 'RNN', 'CumSum', 'LinearAttention']);

function notesOf(nodes: readonly Node[], were: ReadonlyMap<Value, Narrow>): string[] {
  const isNarrowNode = (node: Node) => node.outputs.some((value) => value && were.has(value));
  const ops = new Set(
    nodes.filter((node) => inSteps.has(node.opType) && isNarrowNode(node)).map(({ opType }) => opType),
  );
  return [...ops].map((op) => `${op} is rounded at its end, not at every step`);
}
