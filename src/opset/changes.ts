/**
 * What changed between operator sets 7 and 26, as edits that keep the meaning: attributes that became inputs, ops that
 * got another name, defaults that moved. An op whose new version is listed neither here nor in same.ts has no
 * later form that is known. Source: the change log of the ONNX operators.
 */

import { fromStart } from '../ir/dims/axes.js';
import type { Node } from '../ir/node.js';
import { numbersOf, tensorOf } from '../ir/tensors/numbers.js';
import { elementCount } from '../ir/tensors/tensor.js';
import { dataTypes, isFloat } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { floatToInput, ints, intsOf, intsToInput, type OpsetChange, replace, unchangedAttributes } from './edits.js';

/** Before 13 these flatten to two axes at `axis` and run over all of the second. */
const flattened: OpsetChange = (node) => {
  const axis = node.int('axis', 1);
  if (axis === -1) return undefined;
  const rank = node.inputs[0]?.shape?.length;
  if (rank === undefined) return 'the rank of its input is not known';
  const from = fromStart(axis, rank);
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

/** An output for a mask that nothing reads goes; one that is read has no later form, for this reason. */
const withoutMask =
  (reason: string): OpsetChange =>
  (node) => {
    if (!node.outputs[1]) return undefined;
    if (node.outputs[1].uses.size > 0) return reason;
    node.graph.dropOutput(node, 1);
    return undefined;
  };

const isEmpty = (value: Value | undefined): boolean =>
  value?.tensor !== undefined && elementCount(value.tensor.shape) === 0;

/** One scale and bias for each group ⟶ one for each channel, repeated C / groups times; the sums stay in the input's type. */
const scalesByChannel: OpsetChange = (node) => {
  const { graph } = node;
  const [x, ...rest] = node.inputs;
  const groups = node.int('num_groups');
  const elem = x?.elem;
  if (!x || !elem || groups === undefined || groups < 1) return 'the element type of its input is not known';
  const one = graph.constant(tensorOf('int64', [1]));
  const channels = graph.add('Shape', [x], { attributes: { start: 1, end: 2 } }).output;
  const share = graph.add('Div', [channels, graph.constant(tensorOf('int64', [groups]))]).output;
  const repeats = graph.add('Concat', [one, share], { attributes: { axis: 0 } }).output;
  const reshape = (value: Value, ...shape: bigint[]) => graph.add('Reshape', [value, ints(graph, shape)]).output;
  rest.forEach((value, at) => {
    if (!value) return;
    const spread = graph.add('Expand', [reshape(value, -1n, 1n), repeats]).output;
    graph.setInput(node, at + 1, reshape(spread, -1n));
  });
  if (elem !== 'float32') graph.setAttribute(node, 'stash_type', dataTypes[elem].code);
  return undefined;
};

/** With ceil_mode, a last window that would start in the padding behind the image is not counted any more. */
const lastWindow: OpsetChange = (node) => {
  if (node.int('ceil_mode', 0) === 0 || !['NOTSET', undefined].includes(node.string('auto_pad'))) return undefined;
  const kernel = node.ints('kernel_shape') ?? [];
  const [strides, dilations, pads] = ['strides', 'dilations', 'pads'].map((name) => node.ints(name));
  const startsInside = kernel.every((size, axis) => {
    const behind = pads?.[axis + kernel.length] ?? 0;
    return behind + (strides?.[axis] ?? 1) <= (size - 1) * (dilations?.[axis] ?? 1) + 1;
  });
  return startsInside ? undefined : 'with ceil_mode, its last window may start in the padding';
};

/** By the opset that made the change. */
export const changes: Readonly<Record<number, Readonly<Record<string, OpsetChange>>>> = {
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
    Dropout: withoutMask('its mask has another type'),
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
      return withoutMask('what its mask holds was not defined')(node);
    },
  },
  13: {
    Erf: (node) =>
      isFloat(node.inputs[0]?.elem) ? undefined : `it takes no ${node.inputs[0]?.elem ?? 'unknown type'}`,
    Resize(node) {
      if (node.string('coordinate_transformation_mode') === 'tf_half_pixel_for_nn')
        return 'coordinate_transformation_mode = tf_half_pixel_for_nn was withdrawn';
      // An empty list meant "not given"; now the input is left out.
      for (const index of [1, 2]) if (isEmpty(node.inputs[index])) node.graph.setInput(node, index, undefined);
      return undefined;
    },
    Softmax: flattened,
    LogSoftmax: flattened,
    Hardmax: flattened,
    Squeeze: intsToInput('axes', 1),
    Unsqueeze: intsToInput('axes', 1),
    Split: intsToInput('split', 1),
    ReduceSum: intsToInput('axes', 1),
  },
  14: {
    BatchNormalization(node) {
      const isTraining = node.outputs.slice(1).some((value) => value !== undefined);
      return isTraining ? 'it gives the statistics of training' : undefined;
    },
  },
  16: {
    RoiAlign(node) {
      node.graph.setAttribute(node, 'coordinate_transformation_mode', 'output_half_pixel');
      return undefined;
    },
  },
  17: {
    // The runtime's own until then, which took two types.
    LayerNormalization(node) {
      const [elem, scale] = node.inputs.map((value) => value?.elem);
      return elem === scale ? undefined : 'its scale is of another type than its input';
    },
  },
  18: {
    ReduceL1: intsToInput('axes', 1),
    ReduceL2: intsToInput('axes', 1),
    ReduceLogSum: intsToInput('axes', 1),
    ReduceLogSumExp: intsToInput('axes', 1),
    ReduceMax: intsToInput('axes', 1),
    ReduceMean: intsToInput('axes', 1),
    ReduceMin: intsToInput('axes', 1),
    ReduceProd: intsToInput('axes', 1),
    ReduceSumSquare: intsToInput('axes', 1),
    Split(node) {
      if (!node.inputs[1]) node.graph.setAttribute(node, 'num_outputs', node.outputs.length);
      return undefined;
    },
  },
  20: {
    DFT(node) {
      const axis = node.graph.constant(tensorOf('int64', node.int('axis', 1)));
      node.graph.setAttribute(node, 'axis', undefined);
      node.graph.setInput(node, 2, axis);
      return undefined;
    },
    GridSample(node) {
      const mode = { bilinear: 'linear', bicubic: 'cubic' }[node.string('mode') ?? 'bilinear'];
      if (mode) node.graph.setAttribute(node, 'mode', mode);
      return undefined;
    },
  },
  21: { GroupNormalization: scalesByChannel },
  22: { AveragePool: lastWindow, MaxPool: lastWindow },
};
