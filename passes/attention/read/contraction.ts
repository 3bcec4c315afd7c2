/** Products of two tensors summed over one axis, however they are written: MatMul, or Einsum with any letters. */
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import { type Match, Miss } from '../../../src/match/miss.js';
import { movedFrom } from '../../../src/ops/moved.js';

/** Maps each axis of the product to an axis of an operand; undefined where the operand lacks it and broadcasts. */
export interface ProductOperand {
  readonly value: Value;
  readonly leads: readonly (number | undefined)[];
  /** The axis that only this operand has. */
  readonly own: number;
  /** The axis that the product sums over. */
  readonly inner: number;
}

/** out[leads, left's own, right's own] = Σ left[leads, own, inner] · right[leads, own, inner] */
export interface Contraction {
  readonly node: Node;
  readonly operands: readonly [left: ProductOperand, right: ProductOperand];
  /** The axes of the output: of the leads in order, of the left's own, of the right's own. */
  readonly leads: readonly number[];
  readonly own: readonly [left: number, right: number];
}

/** True for a MatMul (or Einsum) of two values that are computed, not of a value and a weight. */
export const isProduct = (node: Node): boolean =>
  (node.is('MatMul') || node.is('Einsum')) &&
  node.inputs.length === 2 &&
  node.inputs.every((value) => value && !isWeight(value));

/** A constant, or a cast of one. */
function isWeight(value: Value): boolean {
  let source = value;
  while (source.producer?.is('Cast')) source = source.producer.inputs[0] as Value;
  return source.isConstant;
}

/** The node as a contraction; a Miss where it is a product of another kind, or its ranks are not known. */
export const contractionOf = (node: Node): Match<Contraction> =>
  node.is('MatMul') ? ofMatMul(node) : node.is('Einsum') ? ofEinsum(node) : new Miss('expected MatMul', node);

function ofMatMul(node: Node): Match<Contraction> {
  const [left, right] = node.inputs as readonly [Value, Value];
  const [m, n] = [left.shape?.length, right.shape?.length];
  if (m === undefined || n === undefined) return new Miss('the rank of an operand is not known', node);
  if (m < 2 || n < 2) return new Miss('a product with a vector', node);
  const rank = Math.max(m, n);
  const leads = [...Array(rank - 2).keys()];
  const leadsOf = (own: number) => leads.map((axis) => (axis < rank - own ? undefined : axis - (rank - own)));
  return {
    node,
    operands: [
      { value: left, leads: leadsOf(m), own: m - 2, inner: m - 1 },
      { value: right, leads: leadsOf(n), own: n - 1, inner: n - 2 },
    ],
    leads,
    own: [rank - 2, rank - 1],
  };
}

function ofEinsum(node: Node): Match<Contraction> {
  const given = node.string('equation')?.replaceAll(' ', '') ?? '';
  // Both operands have as many axes; digits are the letters of the ellipsis.
  const letters = given.split(',')[0]?.replace('...', '') ?? '';
  const count = (node.inputs[0]?.shape?.length ?? 0) - letters.length;
  const equation = given.replaceAll('...', '0123456789'.slice(0, Math.max(0, count)));
  const found = /^([A-Za-z\d]+),([A-Za-z\d]+)->([A-Za-z\d]+)$/.exec(equation);
  const other = new Miss(`Einsum: expected one letter summed over and one of each operand's own; found ${given}`, node);
  const [left, right, out] = (found?.slice(1) ?? []) as [string, string, string];
  if (!found || [left, right, out].some((text) => new Set(text).size !== text.length)) return other;
  const [value, factor] = node.inputs as readonly [Value, Value];
  if (value.shape?.length !== left.length || factor.shape?.length !== right.length)
    return new Miss('the rank of an operand is not known', node);
  const all = [...new Set(left + right)];
  const where = (a: boolean, b: boolean, c: boolean) =>
    all.filter((x) => left.includes(x) === a && right.includes(x) === b && out.includes(x) === c);
  const leads = where(true, true, true).sort((a, b) => out.indexOf(a) - out.indexOf(b));
  const inner = where(true, true, false);
  const owns = [where(true, false, true), where(false, true, true)];
  const isOther = inner.length !== 1 || owns.some((own) => own.length !== 1) || leads.length + 2 !== out.length;
  if (isOther || all.length !== out.length + 1) return other;
  const operand = (one: Value, text: string, own: string): ProductOperand => ({
    value: one,
    leads: leads.map((x) => text.indexOf(x)),
    own: text.indexOf(own),
    inner: text.indexOf(inner[0] as string),
  });
  const [x, y] = owns.flat() as [string, string];
  return {
    node,
    operands: [operand(value, left, x), operand(factor, right, y)],
    leads: leads.map((letter) => out.indexOf(letter)),
    own: [out.indexOf(x), out.indexOf(y)],
  };
}

/** Ops that may stand between a Softmax and the products around it, beside those that move or cast. */
const between = new Set('Add Sub Mul Div Neg Where Tanh Clip Max Min IsNaN Dropout'.split(' '));

const isBetween = (node: Node): boolean =>
  (node.domain === '' && between.has(node.opType)) || movedFrom(node.outputs[0], true) !== undefined;

/** True where a product of two computed values is a few steps away: then the Softmax is attention-like. */
export function reachesProduct(start: Value, direction: 'up' | 'down'): boolean {
  let front: readonly Value[] = [start];
  for (let step = 0; step < 8 && front.length; step++) {
    const next = new Set<Value>();
    for (const value of front)
      for (const node of direction === 'up' ? (value.producer ? [value.producer] : []) : value.users) {
        if (isProduct(node)) return true;
        if (!isBetween(node)) continue;
        for (const other of direction === 'up' ? node.inputs : node.outputs) if (other?.producer) next.add(other);
      }
    front = [...next];
  }
  return false;
}
