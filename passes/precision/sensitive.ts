/**
 * Finds values whose numbers a narrow float cannot hold, and follows them from the node where they arise to the node where they become harmless.
 *
 * position: from integers, exact only to 2048 (float16) or 256 (bfloat16); harmless when it meets computed numbers.
 * quantized: int8 arithmetic's sums and scales, too large and too small; harmless when one multiplies the other.
 * tiny: computed with a constant that would round to zero, an epsilon; harmless when it meets computed numbers.
 * large: computed with a constant beyond the range, a mask; harmless behind an op that bounds its result.
 * grown: powers and sums of computed numbers, a variance; harmless behind a root or a logarithm, in a ratio, and where it meets others.
 */

import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { agreed } from '../../src/ir/tensors/bank.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { dataTypes, isFloat, isInteger } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { integerProductOf } from '../../src/run/cpus.js';
import { decidingNodes } from './deciding.js';
import { isCoordinateArithmetic, isSquare, precisionOf } from './ops.js';

export type Sensitivity = 'position' | 'quantized' | 'tiny' | 'large' | 'grown';

const because: Readonly<Record<Sensitivity, string>> = {
  position: 'computes with integer positions, which a narrow float rounds',
  quantized: 'belongs to quantized arithmetic, whose scales and sums need float32',
  tiny: 'computes with an epsilon that rounds to zero',
  large: 'computes with numbers beyond the range',
  grown: 'computes with powers or sums, which easily pass 65504',
};

/** Angles, and what becomes integers; but for the bytes of a quantized activation, which are no positions. */
const takesWholeNumbers = (node: Node): boolean =>
  node.is('Sin') ||
  node.is('Cos') ||
  (node.is('Cast') && isInteger(node.outputs[0]?.elem) && !node.output.users.every(integerProductOf));

export interface Sensitive {
  /** The reason for each node that must compute in float32. */
  readonly nodes: ReadonlyMap<Node, string>;
  readonly values: ReadonlyMap<Value, Sensitivity>;
}

/**
 * `misfit` gives the fault of a constant in the narrow type: too large, or zero; undefined where it stays nearly the same.
 * `cutsMasks`: an attention's mask may be cut to the range; rows that are masked as a whole then differ. `hasRange`: powers
 * and sums may leave the range of the type.
 */
export function sensitive(
  model: Model,
  misfit: (value: Value) => 'tiny' | 'large' | undefined,
  cutsMasks: boolean,
  hasRange: boolean,
): Sensitive {
  const nodes = new Map<Node, string>();
  const values = new Map<Value, Sensitivity>();
  const fixed = new Set<Value>();
  const isFixed = (value: Value) => fixed.has(value) || constantTensor(value) !== undefined;

  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      const floats = node.inputs.filter((value): value is Value => isFloat(value?.elem));
      if (floats.length > 0 && floats.every(isFixed) && !precisionOf(node).isSelection)
        for (const value of node.outputs) if (value) fixed.add(value);
      const source = sourceOf(node) ?? (hasRange && grows(node) ? 'grown' : undefined);
      if (source) mark(node, values, source);
      const own = floats.map((value) => (constantTensor(value) ? misfit(value) : undefined)).find((one) => one);
      const read = floats.filter((value) => values.has(value) && !(cutsMasks && isAbsorbed(node, value, values)));
      const kinds = new Set(read.map((value) => values.get(value) as Sensitivity));
      if (own) kinds.add(own);
      for (const kind of kinds) {
        // A heavy product may read grown numbers, because it gains much: a run shows whether they fit.
        if (kind === 'grown' && precisionOf(node).isHeavy) continue;
        const joins = floats.some((value) => !isFixed(value) && !values.has(value));
        if (kind !== 'position' || !joins) nodes.set(node, because[kind]);
        const isLarge = (value: Value) =>
          values.get(value) === 'large' || (constantTensor(value) !== undefined && misfit(value) === 'large');
        if (kind === 'large' && isOnlyMask(node, floats.filter(isLarge))) continue;
        if (passesOn(node, kind, joins, own, values)) mark(node, values, kind);
      }
    }
  for (const node of coordinateNodes(model)) if (readsFloat32(node)) nodes.set(node, because.position);
  for (const [node, reason] of decidingNodes(model)) if (!nodes.has(node)) nodes.set(node, reason);
  return { nodes, values };
}

/** The sensitivity that a node introduces by itself. */
function sourceOf(node: Node): Sensitivity | undefined {
  if (node.is('DynamicQuantizeLinear')) return 'quantized';
  if (node.is('Range') || node.is('CumSum')) return 'position';
  const from = node.inputs[0];
  if (!node.is('Cast') || !isInteger(from?.elem)) return undefined;
  const producer = from?.producer?.opType;
  if (producer === 'MatMulInteger' || producer === 'ConvInteger') return 'quantized';
  return from?.elem && dataTypes[from.elem].bits > 8 ? 'position' : undefined;
}

function mark(node: Node, values: Map<Value, Sensitivity>, kind: Sensitivity): void {
  for (const value of node.outputs) if (value && isFloat(value.elem)) values.set(value, kind);
}

/** An attention's mask beyond the range is cut to it on the way in, in one op or before a Softmax. */
function isAbsorbed(node: Node, value: Value, values: ReadonlyMap<Value, Sensitivity>): boolean {
  if (values.get(value) !== 'large') return false;
  if (node.is('Add') && [...node.output.uses].every((use) => use.node.is('Softmax')))
    return node.inputs.every((input) => input === value || (input !== undefined && values.get(input) !== 'large'));
  return isOnlyMask(node, [value]);
}

/** True where a node reads the values only as an attention's mask: its Softmax bounds the results. */
const isOnlyMask = (node: Node, values: readonly Value[]): boolean =>
  node.inputs.every((input, index) => !input || !values.includes(input) || precisionOf(node).mask === index);

function passesOn(
  node: Node,
  kind: Sensitivity,
  joins: boolean,
  own: Sensitivity | undefined,
  values: ReadonlyMap<Value, Sensitivity>,
): boolean {
  const { size } = precisionOf(node);
  if (size === 'bounded') return false;
  switch (kind) {
    case 'large':
      // A bound beyond the range makes no number large; numbers that are large already stay large.
      return size !== 'limiting' || reads(node, 'large', values);
    case 'grown':
      return !joins && size !== 'shrinking' && !isRoot(node) && !isRatio(node, values);
    case 'quantized':
      return !(node.is('Mul') && dequantizes(node));
    case 'tiny':
      // Tiny numbers and an ordinary constant make ordinary ones.
      return own === kind || !(joins || (node.is('Add') && node.inputs.some((value) => constantTensor(value))));
    default:
      return !joins || own === kind;
  }
}

const reads = (node: Node, kind: Sensitivity, values: ReadonlyMap<Value, Sensitivity>): boolean =>
  node.inputs.some((value) => value && values.get(value) === kind);

/** True for a division by a grown number, as when each number is divided by their sum. */
const isRatio = (node: Node, values: ReadonlyMap<Value, Sensitivity>): boolean =>
  node.is('Div') && node.inputs[1] !== undefined && values.get(node.inputs[1]) === 'grown';

/** The exponent of a Pow, where it is one number. */
function exponentOf(node: Node): number | undefined {
  const tensor = node.is('Pow') ? constantTensor(node.inputs[1]) : undefined;
  return tensor && elementCount(tensor.shape) === 1 ? agreed(tensor, (one) => numbersOf(one)[0]) : undefined;
}

const isRoot = (node: Node): boolean => (exponentOf(node) ?? 2) <= 1;

const grows = (node: Node): boolean =>
  (precisionOf(node).size === 'growing' && !(node.is('Pow') && isRoot(node))) || isSquare(node);

/** Mul(Cast(integer product), scale). */
const dequantizes = (node: Node): boolean =>
  node.inputs.some((value) => value?.producer?.is('Cast') && isInteger(value.producer.inputs[0]?.elem));

const readsFloat32 = (node: Node): boolean => node.inputs.some((value) => value?.elem === 'float32');

/**
 * The nodes that compute an angle or an index, back to where ordinary numbers begin. `withLayers`: a layer whose result
 * becomes an angle counts too; the nodes before it do not.
 */
export function coordinateNodes(model: Model, withLayers = false): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const graph of model.graphs()) for (const node of graph.nodes()) if (takesWholeNumbers(node)) found.add(node);
  const ends = new Set<Node>();
  for (const node of found)
    for (const value of node.inputs) {
      const producer = value?.producer;
      if (!producer || !isFloat(value.elem)) continue;
      if (isCoordinateArithmetic(producer)) found.add(producer);
      else if (withLayers && precisionOf(producer).isLayer) ends.add(producer);
    }
  return new Set([...found, ...ends]);
}
