/**
 * What changed between operator sets 7 and 13, as edits that keep the meaning: attributes that became inputs, ops that
 * got another name, defaults that moved. An op that is not listed means the same in all of them. Source: the
 * change log of the ONNX operators.
 */
import type { AttributeLike } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { numbersOf, tensorOf } from '../ir/numbers.js';
import { memoryTensor } from '../ir/tensor.js';
import type { Value } from '../ir/value.js';

/** Brings one node to the opset; a text says why it cannot be. */
export type Change = (node: Node) => string | undefined;

/** The bits as they are: an end of 2^63 - 1 means "to the last". */
const ints = (graph: Graph, values: readonly bigint[]): Value =>
  graph.constant(memoryTensor('int64', [values.length], new Uint8Array(BigInt64Array.from(values).buffer)));

const intsOf = (node: Node, name: string): readonly bigint[] | undefined => {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value : undefined;
};

/** An attribute of ints becomes the input at `index`; without the attribute the input stays out. */
const intsToInput =
  (name: string, index: number): Change =>
  (node) => {
    const values = intsOf(node, name);
    node.graph.setAttribute(node, name, undefined);
    if (values) node.graph.setInput(node, index, ints(node.graph, values));
    return undefined;
  };

/** A float attribute becomes the scalar input at `index`, of the first input's element type. */
const floatToInput = (node: Node, name: string, index: number, otherwise?: number): string | undefined => {
  const value = node.float(name) ?? otherwise;
  const { elem } = node.inputs[0] ?? {};
  if (value === undefined) return undefined;
  if (elem !== 'float32' && elem !== 'float64' && elem !== 'float16')
    return `its element type is ${elem ?? 'not known'}`;
  node.graph.setAttribute(node, name, undefined);
  node.graph.setInput(node, index, node.graph.constant(tensorOf(elem, value)));
  return undefined;
};

/** The node by another op; outputs keep their labels and users. */
function replace(
  node: Node,
  opType: string,
  inputs: readonly (Value | undefined)[],
  attributes: Record<string, AttributeLike | undefined>,
): Value {
  const outputs = node.outputs.map((value) => value?.name);
  const fresh = node.graph.add(opType, inputs, { name: node.name, attributes, outputs });
  Object.assign(fresh, { docString: node.docString, carried: node.carried });
  node.outputs.forEach((value, index) => {
    const copy = fresh.outputs[index];
    if (!value || !copy) return;
    copy.type = value.type;
    node.graph.replaceUses(value, copy);
  });
  node.graph.remove(node);
  return fresh.output;
}

const unchangedAttributes = (node: Node, ...names: string[]): Record<string, AttributeLike | undefined> =>
  Object.fromEntries(names.map((name) => [name, node.attributes.get(name)]));

/** Before 13 these flatten to two axes at `axis` and run over all of the second. */
const flattened: Change = (node) => {
  const rank = node.inputs[0]?.shape?.length;
  if (rank === undefined) return 'the rank of its input is not known';
  const axis = node.int('axis', 1);
  const from = axis < 0 ? axis + rank : axis;
  const { graph } = node;
  graph.setAttribute(node, 'axis', -1);
  if (from === rank - 1 || rank === 0) return undefined;
  const source = node.inputs[0] as Value;
  const { output } = node;
  const users = [...output.uses];
  graph.setInput(node, 0, graph.add('Flatten', [source], { attributes: { axis: from } }).output);
  const restored = graph.add('Reshape', [output, graph.add('Shape', [source]).output]).output;
  restored.type = output.type;
  output.type = undefined;
  for (const { node: user, index } of users) user.graph.setInput(user, index, restored);
  return undefined;
};

/** Upsample, and Resize before 11: pixel centres are not shifted, and nearest rounds down; up, where the image shrinks. */
const toResize = (node: Node, scales: Value): string | undefined => {
  const mode = node.string('mode') ?? 'nearest';
  let rounding = 'floor';
  if (mode === 'nearest' && node.is('Resize')) {
    const factors = scales.tensor && [...numbersOf(scales.tensor)];
    if (!factors) return 'its scales are not constant';
    if (factors.some((scale) => scale < 1)) rounding = 'ceil';
    if (rounding === 'ceil' && factors.some((scale) => scale > 1)) return 'it enlarges one axis and shrinks another';
  }
  const roi = node.graph.constant(tensorOf('float32', []));
  replace(node, 'Resize', [node.inputs[0], roi, scales], {
    mode: mode === 'bilinear' ? 'linear' : mode,
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: rounding,
  });
  return undefined;
};

/** By the opset that made the change. */
export const changes: Readonly<Record<number, Readonly<Record<string, Change>>>> = {
  9: {
    BatchNormalization(node) {
      if (node.int('spatial', 1) === 0) return 'spatial = 0 has no later form';
      node.graph.setAttribute(node, 'spatial', undefined);
      return undefined;
    },
    Scan: (node) => (node.is('Scan') ? 'Scan before opset 9 has another form' : undefined),
    Upsample(node) {
      const scales = node.attributes.get('scales');
      if (scales?.type !== 'floats') return 'it has no scales';
      node.graph.setAttribute(node, 'scales', undefined);
      node.graph.setInput(node, 1, node.graph.constant(tensorOf('float32', scales.value)));
      return undefined;
    },
  },
  10: {
    Dropout: (node) => (node.outputs[1]?.uses.size ? 'its mask has another type' : undefined),
    Slice(node) {
      const { graph } = node;
      const [starts, ends, axes] = ['starts', 'ends', 'axes'].map((name) => intsOf(node, name));
      if (!starts || !ends) return 'it has no starts and ends';
      for (const name of ['starts', 'ends', 'axes']) graph.setAttribute(node, name, undefined);
      graph.setInput(node, 1, ints(graph, starts));
      graph.setInput(node, 2, ints(graph, ends));
      if (axes) graph.setInput(node, 3, ints(graph, axes));
      return undefined;
    },
    TopK(node) {
      const k = node.attributes.get('k');
      if (k?.type !== 'int') return 'it has no k';
      node.graph.setAttribute(node, 'k', undefined);
      node.graph.setInput(node, 1, ints(node.graph, [k.value]));
      return undefined;
    },
    Upsample: (node) => (node.inputs[1] ? toResize(node, node.inputs[1]) : 'it has no scales'),
  },
  11: {
    Clip: (node) => floatToInput(node, 'min', 1) ?? floatToInput(node, 'max', 2),
    Pad(node) {
      const refusal = floatToInput(node, 'value', 2);
      return refusal ?? intsToInput('pads', 1)(node);
    },
    Resize: (node) => (node.inputs[1] && node.inputs.length === 2 ? toResize(node, node.inputs[1]) : undefined),
    Scatter(node) {
      replace(node, 'ScatterElements', node.inputs, unchangedAttributes(node, 'axis'));
      return undefined;
    },
  },
  12: {
    Dropout(node) {
      node.graph.setAttribute(node, 'ratio', undefined);
      return undefined;
    },
  },
  13: {
    Softmax: flattened,
    LogSoftmax: flattened,
    Hardmax: flattened,
    Squeeze: intsToInput('axes', 1),
    Unsqueeze: intsToInput('axes', 1),
    Split: intsToInput('split', 1),
    ReduceSum: intsToInput('axes', 1),
  },
};
