/**
 * A scale or shift of channels behind a linear op ⟶ its weights: W·s, (b − mean)·s + shift. The new weights are left as
 * nodes over constants; constant folding computes them, so without a runtime nothing is done.
 */
import type { Facts } from '../../src/infer/index.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { reshaped, tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import type { Value } from '../../src/ir/value.js';
import { everywhere, soleProducer } from './rules.js';
import { allNumbers, int64s, isReadOnce } from './small.js';

/** Weights beyond this are not read by constant folding. */
const LARGE = 16 * 2 ** 20;

/** y = x · scale + shift, each a list of one element, or one for each channel. */
interface Affine {
  readonly scale?: Value;
  readonly shift?: Value;
}

/** The axis of the weights that counts the output channels, and their number; undefined where the weights cannot change. */
function channelsOf(node: Node): { readonly axis: number; readonly count: number } | undefined {
  const w = node.inputs[1]?.tensor;
  const bias = node.inputs[2];
  if (w?.type !== 'float32' || w.byteLength > LARGE || (bias && !bias.tensor)) return undefined;
  if (!node.inputs[1] || !isReadOnce(node.inputs[1])) return undefined;
  if (node.is('Conv')) return { axis: 0, count: w.shape[0] ?? 0 };
  if (node.is('ConvTranspose')) return { axis: 1, count: (w.shape[1] ?? 0) * node.int('group', 1) };
  if (node.is('Gemm')) {
    const axis = node.int('transB', 0) ? 0 : 1;
    const count = w.shape[axis] ?? 0;
    // A bias of one element or one column is not one for each channel.
    const shape = bias?.tensor?.shape;
    if (!shape || (shape.at(-1) === count && elementCount(shape) === count)) return { axis, count };
  }
  return undefined;
}

/** The constant that Mul, Div, Add or Sub applies to each channel of a linear op's output; its only dim above 1 is the channels'. */
function perChannel(constant: Value | undefined, rank: number, count: number, axis: number): boolean {
  const tensor = constant?.tensor;
  if (tensor?.type !== 'float32' || tensor.shape.length > rank) return false;
  return tensor.shape.every((dim, at) => dim === 1 || (at - tensor.shape.length + rank === axis && dim === count));
}

/** True for a scale that weights can take: 0 · ∞ would make NaN of a channel whose weights are 0. */
const isScale = (constant: Value): boolean => allNumbers(constant, (number) => Number.isFinite(number) && number !== 0);

/** A constant as a list of its elements. */
const flat = (graph: Graph, value: Value): Value => {
  const { tensor } = value;
  if (!tensor) throw new TypeError(`"${value.name}" is not a constant`);
  return graph.constant(reshaped(tensor, [elementCount(tensor.shape)]));
};

/** Scale and shift of BatchNormalization at inference: s = scale / √(var + ε), shift = B − mean · s. */
function ofBatchNormalization(node: Node): Affine | undefined {
  const [, scale, shift, mean, variance] = node.inputs;
  if (!scale?.tensor || !shift?.tensor || !mean?.tensor || !variance?.tensor) return undefined;
  if (node.int('training_mode', 0) !== 0 || node.outputs.slice(1).some((value) => value) || (node.opset ?? 0) < 9)
    return undefined;
  if ([scale, shift, mean, variance].some(({ tensor }) => tensor?.type !== 'float32')) return undefined;
  const { graph } = node;
  const op = (opType: string, ...inputs: Value[]) => graph.add(opType, inputs).output;
  const epsilon = graph.constant(tensorOf('float32', node.float('epsilon', Math.fround(1e-5))));
  const s = op('Div', scale, op('Sqrt', op('Add', variance, epsilon)));
  return { scale: s, shift: op('Sub', shift, op('Mul', mean, s)) };
}

function affineOf(node: Node, slot: number, rank: number, count: number, axis: number): Affine | undefined {
  if (node.is('BatchNormalization')) return slot === 0 ? ofBatchNormalization(node) : undefined;
  const constant = node.inputs[1 - slot];
  if (!constant || !perChannel(constant, rank, count, axis) || (node.opset ?? 0) < 7) return undefined;
  const { graph } = node;
  switch (node.opType) {
    case 'Mul':
      return isScale(constant) ? { scale: flat(graph, constant) } : undefined;
    case 'Add':
      return { shift: flat(graph, constant) };
    case 'Sub':
      return slot === 0 ? { shift: graph.add('Neg', [flat(graph, constant)]).output } : undefined;
    case 'Div':
      if (slot !== 0 || !isScale(constant)) return undefined;
      return { scale: graph.add('Div', [graph.constant(tensorOf('float32', [1])), flat(graph, constant)]).output };
    default:
      return undefined;
  }
}

const scaling = new Set(['Mul', 'Div']);
const followers = new Set(['BatchNormalization', 'Mul', 'Div', 'Add', 'Sub']);

function absorb(node: Node): void {
  for (const slot of [0, 1]) {
    const linear = soleProducer(node.inputs[slot], node);
    const channels = linear && channelsOf(linear);
    const rank = linear?.is('Gemm') ? 2 : linear?.inputs[1]?.shape?.length;
    if (!linear || !channels || rank === undefined) continue;
    // Gemm scales its bias: it takes a scale as it is, a shift only where beta is 1.
    if (linear.is('Gemm') && linear.float('beta', 1) !== 1 && !scaling.has(node.opType)) continue;
    const affine = affineOf(node, slot, rank, channels.count, 1);
    if (!affine) continue;
    rescale(linear, channels, affine);
    node.graph.replaceUses(node.output, linear.output);
    return;
  }
}

/** Puts an affine map of the output into weights and bias. */
function rescale(
  linear: Node,
  { axis, count }: { readonly axis: number; readonly count: number },
  affine: Affine,
): void {
  const { graph } = linear;
  const [, w, bias] = linear.inputs;
  const rank = w?.shape?.length ?? 0;
  const op = (opType: string, ...inputs: (Value | undefined)[]) => graph.add(opType, inputs).output;
  let b = bias && flat(graph, bias);
  if (affine.scale && w) {
    const { scale } = affine;
    const spread = (dims: readonly bigint[]) => op('Reshape', scale, graph.constant(int64s(dims)));
    const ones = (length: number) => new Array<bigint>(length).fill(1n);
    const groups = linear.is('ConvTranspose') ? linear.int('group', 1) : 1;
    if (groups === 1 || scale.shape?.[0] === 1) {
      const dims = Array.from({ length: rank }, (_, at) => (at === axis ? -1n : 1n));
      graph.setInput(linear, 1, op('Mul', w, spread(dims)));
    } else {
      // The channels of a group are those its share of the input channels makes: [C, M / g, …] is [g, C / g, M / g, …].
      const shape = (w.tensor?.shape ?? []).map(BigInt);
      const grouped = [BigInt(groups), -1n, ...shape.slice(1)];
      const parts = op('Reshape', w, graph.constant(int64s(grouped)));
      const scaled = op('Mul', parts, spread([BigInt(groups), 1n, -1n, ...ones(rank - 2)]));
      graph.setInput(linear, 1, op('Reshape', scaled, graph.constant(int64s(shape))));
    }
    b &&= op('Mul', b, scale);
  }
  if (affine.shift) {
    const zeros = () => graph.constant(tensorOf('float32', new Array(count).fill(0)));
    b = op('Add', b ?? zeros(), affine.shift);
  }
  if (b) graph.setInput(linear, 2, b);
}

/** A product with weights, and the Add of its bias where there is one. */
interface LinearLayer {
  readonly matMul: Node;
  readonly add?: { readonly node: Node; readonly slot: number; readonly bias: Value };
}

function productBefore(value: Value | undefined, reader: Node): LinearLayer | undefined {
  const node = soleProducer(value, reader);
  if (node?.is('MatMul')) return { matMul: node };
  if (!node?.is('Add')) return undefined;
  for (const slot of [0, 1]) {
    const matMul = soleProducer(node.inputs[1 - slot], node);
    const bias = node.inputs[slot];
    if (matMul?.is('MatMul') && bias?.tensor) return { matMul, add: { node, slot, bias } };
  }
  return undefined;
}

/** Mul(Add(MatMul(x, W), b), s) ⟶ Add(MatMul(x, W · s), b · s) for one s, or one for each column, as layer scales are. */
function scaleColumns(node: Node): void {
  for (const slot of [0, 1]) {
    const product = productBefore(node.inputs[slot], node);
    const constant = node.inputs[1 - slot];
    const w = product?.matMul.inputs[1];
    const rank = node.inputs[slot]?.shape?.length;
    const columns = w?.tensor?.shape[1];
    if (!product || !w?.tensor || w.tensor.type !== 'float32' || w.tensor.shape.length !== 2 || !isReadOnce(w))
      continue;
    if (!constant || rank === undefined || columns === undefined || w.tensor.byteLength > LARGE) continue;
    if (!perChannel(constant, rank, columns, rank - 1) || !isScale(constant)) continue;
    const { matMul, add } = product;
    if (add && !perChannel(add.bias, rank, columns, rank - 1)) continue;
    const { graph } = node;
    const scale = flat(graph, constant);
    graph.setInput(matMul, 1, graph.add('Mul', [w, scale]).output);
    // The bias keeps its rank, which may be above the product's.
    if (add) graph.setInput(add.node, add.slot, graph.add('Mul', [add.bias, scale]).output);
    graph.replaceUses(node.output, (add?.node ?? matMul).output);
    return;
  }
}

const absorbAll = everywhere((node) => {
  if (!followers.has(node.opType)) return;
  absorb(node);
  if (node.is('Mul') && node.output.uses.size > 0) scaleColumns(node);
});

/** Does so in every scope; true where anything was absorbed. */
export function absorbAffine(model: Model, facts: Facts): boolean {
  const { structure } = model;
  absorbAll(model, facts);
  return model.structure !== structure;
}
