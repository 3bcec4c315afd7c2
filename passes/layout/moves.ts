/** Operators that do the same to images whose channels are last: what becomes of their inputs and attributes. */
import type { AttributeLike } from '../../src/ir/attribute.js';
import type { Node } from '../../src/ir/node.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import type { Value } from '../../src/ir/value.js';
import type { Rewriter } from '../../src/match/rewriter.js';
import { rowOf } from '../../src/ops/registry.js';
import { axisOfLast, LAST, turned } from './permute.js';

/** An input as the moved node reads it: an image with its axes turned, or a value made for it. */
export type MovedInput = 'image' | ((build: Rewriter) => Value | undefined);

export interface Move {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly MovedInput[];
  readonly attributes: Readonly<Record<string, AttributeLike>>;
}

const isImage = (value: Value | undefined): boolean => value?.shape?.length === 4;
const same =
  (value: Value | undefined): MovedInput =>
  () =>
    value;

/** The node on images whose channels are last; undefined where it has no such form. Kernels are not asked for here. */
export function moveOf(node: Node): Move | undefined {
  if (node.hasReference || node.bodies.length > 0 || node.graph.model.functionOf(node)) return undefined;
  if (!node.outputs.every((value) => !value || isImage(value))) return undefined;
  const { opType, domain } = node;
  const attributes = Object.fromEntries(node.attributes);
  if (node.is('Conv')) return convolution(node, attributes);
  if (rowOf(node)?.isElementwise) {
    const inputs = node.inputs.map(pointwise);
    return inputs.every((one) => one !== undefined) ? { opType, domain, inputs, attributes } : undefined;
  }
  if (domain !== '') return undefined;
  const rest = node.inputs.slice(1);
  if (node.is('Concat')) {
    const axis = axisOfLast(node.int('axis', 1));
    return node.inputs.every(isImage)
      ? { opType, domain, inputs: node.inputs.map(() => 'image'), attributes: { ...attributes, axis } }
      : undefined;
  }
  if (node.is('Split') && isImage(node.inputs[0]))
    return {
      opType,
      domain,
      inputs: ['image', ...rest.map(same)],
      attributes: { ...attributes, axis: axisOfLast(node.int('axis', 0)) },
    };
  if (node.is('Resize')) return resize(node, attributes);
  return undefined;
}

/** Conv(x, W [M, C, kH, kW], b)  ⟶  NhwcConv(x, W [M, kH, kW, C], b) */
function convolution(node: Node, attributes: Move['attributes']): Move | undefined {
  const [x, weights, bias] = node.inputs;
  const tensor = weights?.tensor;
  if (!isImage(x) || !isImage(weights)) return undefined;
  const turn: MovedInput = (build) =>
    tensor ? build.constant(turned(tensor), weights?.name) : build.op('Transpose', [weights], { perm: [...LAST] });
  // Without it the runtime reads the window from axes of the weights that are none of the window's.
  const window = node.ints('kernel_shape') ?? weights?.shape?.slice(2).filter((dim) => typeof dim === 'number');
  if (window?.length !== 2) return undefined;
  return {
    opType: 'NhwcConv',
    domain: 'com.microsoft',
    inputs: ['image', turn, same(bias)],
    attributes: { ...attributes, kernel_shape: [...window] },
  };
}

/** One number, an image, a constant, or [N, C, 1, 1], which is regrouped: these broadcast as before. */
function pointwise(value: Value | undefined): MovedInput | undefined {
  const { shape, tensor } = value ?? {};
  if (!value) return same(undefined);
  if (!shape) return undefined;
  if (shape.every((dim) => dim === 1)) return shape.length <= 4 ? same(value) : undefined;
  if (tensor)
    return shape.length <= 4 && elementCount(tensor.shape) > 0
      ? (build) => build.constant(turned(tensor), value.name)
      : undefined;
  if (shape.length !== 4) return undefined;
  return shape[2] === 1 && shape[3] === 1 ? (build) => build.op('Reshape', [value, build.ints(0, 1, 1, -1)]) : 'image';
}

/** Opset 11 names scales even where sizes are given: an empty list stands for none. */
const isEmpty = ({ shape, tensor }: Value): boolean => (tensor?.shape ?? shape)?.[0] === 0;

/** By the nearest element alone: of channels that are last CUDA interpolates none. */
function resize(node: Node, attributes: Move['attributes']): Move | undefined {
  const [x, roi, scales, sizes] = node.inputs;
  if (!isImage(x) || (node.string('mode') ?? 'nearest') !== 'nearest' || node.attributes.has('axes')) return undefined;
  if ((node.opset ?? 0) < 11) return undefined;
  const isCrop = node.string('coordinate_transformation_mode') === 'tf_crop_and_resize';
  if (isCrop) return undefined;
  const turn =
    (list: Value | undefined): MovedInput =>
    (build) =>
      list && !isEmpty(list) ? build.op('Gather', [list, build.ints(LAST)]) : list;
  return {
    opType: 'Resize',
    domain: '',
    inputs: ['image', same(roi), turn(scales), turn(sizes)].slice(0, node.inputs.length) as MovedInput[],
    attributes,
  };
}
