/**
 * BatchNormalization(Conv(x, Cast(W), b), s, B, m, v)  ⟶  Conv(x, Cast(W·k), b·k + B − m·k),  k = s / √(v + ε): W keeps 16 bits. That rounds W, so that
 * simplify leaves it; a pass that rounds W to fewer bits does it first, as then one vector is stored instead of four, and a bias can take back shifts of means.
 */
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { agreed, derive } from '../../../src/ir/tensors/bank.js';
import { constantTensor } from '../../../src/ir/tensors/constants.js';
import { castTensor, numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { castTo, isNarrow } from '../../../src/ir/whole-model/widen.js';
import type { PassContext } from '../../../src/run/pass.js';
import { halfFloats } from '../weights/half-floats.js';

/** Weights beyond this are not read. */
const LARGE = 16 * 2 ** 20;

/** The share of its norm that a channel may lose to rounding: float16 with all its digits loses less. */
const ROUNDING = 2 ** -11;

/** Folds norms into convolutions whose weights are stored in 16 bits, in every scope. */
export function foldNorms(model: Model, isKept: (node: Node) => boolean, context: PassContext): void {
  let count = 0;
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      const norm = normBehind(node);
      if (!norm || [node, norm].some((one) => isKept(one) || context.leaves(one))) continue;
      const reason = fold(node, norm);
      if (reason) context.skip(reason, norm);
      else count += context.timesOf(node);
    }
  if (count > 0) context.note(`norms folded into weights of 16 bits: ${count}`);
}

/** The norm that alone reads a convolution with a weight of 16 bits that nothing else reads. */
function normBehind(node: Node): Node | undefined {
  const [, weight, bias] = node.inputs;
  const stored = weight?.producer?.is('Cast') ? weight.producer.inputs[0] : undefined;
  if (!node.is('Conv') || node.hasReference || weight?.elem !== 'float32' || (bias && !constantTensor(bias)))
    return undefined;
  if (!stored?.tensor || !isNarrow(stored.tensor.type) || stored.isInput || stored.tensor.byteLength > LARGE)
    return undefined;
  if (stored.uses.size !== 1 || weight.uses.size !== 1) return undefined;
  const [use, ...others] = node.output.uses;
  const norm = use?.node;
  if (others.length > 0 || use?.index !== 0 || norm?.graph !== node.graph || norm.hasReference) return undefined;
  if (!norm.is('BatchNormalization') || (norm.opset ?? 0) < 9 || norm.int('training_mode', 0) !== 0) return undefined;
  return norm.outputs.slice(1).some((value) => value) ? undefined : norm;
}

/** Folds a norm; returns the reason where it cannot. */
function fold(node: Node, norm: Node): string | undefined {
  const { graph } = node;
  const weight = constantTensor(node.inputs[1]);
  const [scale, shift, mean, variance] = norm.inputs.slice(1).map(constantTensor);
  if (!weight || !scale || !shift || !mean || !variance) return 'not folded: its numbers are computed';
  const epsilon = norm.float('epsilon', Math.fround(1e-5));
  const factors = derive([scale, variance], 'float32', scale.shape, (s, v) => {
    const variances = numbersOf(v as Tensor);
    const numbers = numbersOf(s as Tensor);
    return tensorOf(
      'float32',
      numbers.map((number, n) => number / Math.sqrt((variances[n] as number) + epsilon)),
      scale.shape,
    ).chunks();
  });
  const folded = derive([weight, factors], 'float32', weight.shape, (w, k) => {
    const [numbers, by] = [numbersOf(w as Tensor), numbersOf(k as Tensor)];
    const size = numbers.length / by.length;
    return tensorOf(
      'float32',
      numbers.map((number, n) => number * (by[Math.floor(n / size)] as number)),
      weight.shape,
    ).chunks();
  });
  if (!agreed(folded, isHeld)) return 'not folded into the weight before it: float16 would not hold all digits of that';
  const old = constantTensor(node.inputs[2]);
  const bias = derive([shift, mean, factors, ...(old ? [old] : [])], 'float32', shift.shape, (...sources) => {
    const [shifts, means, by, biases] = sources.map(numbersOf) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array?,
    ];
    return tensorOf(
      'float32',
      shifts.map((number, n) => number + ((biases?.[n] ?? 0) - (means[n] as number)) * (by[n] as number)),
      shift.shape,
    ).chunks();
  });
  const name = node.inputs[1]?.producer?.inputs[0]?.name;
  graph.setInput(node, 1, castTo(graph, graph.constant(castTensor(folded, 'float16'), name), 'float32'));
  graph.setInput(node, 2, graph.constant(bias, node.inputs[2]?.name ?? norm.inputs[2]?.name));
  graph.replaceUses(norm.output, node.output);
  return undefined;
}

/** True where float16 holds the numbers of every channel, the first axis, as closely as it can. */
function isHeld(tensor: Tensor): boolean {
  const { least, step, largest } = halfFloats.float16;
  const numbers = numbersOf(tensor);
  const size = numbers.length / (tensor.shape[0] as number);
  for (let from = 0; from < numbers.length; from += size) {
    let [sum, lost] = [0, 0];
    for (let at = from; at < from + size; at++) {
      const number = Math.abs(numbers[at] as number);
      if (!(number <= largest)) return false;
      sum += number ** 2;
      if (number < least) lost += (number - Math.round(number / step) * step) ** 2;
    }
    if (lost > ROUNDING ** 2 * sum) return false;
  }
  return true;
}
