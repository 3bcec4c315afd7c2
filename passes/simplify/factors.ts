/**
 * Two constants in a row that scale, or that shift, ⟶ one: (x · a) · b ⟶ x · ab, (x + a) + b ⟶ x + (a + b).
 * The result is rounded once instead of twice. Pairs where the difference could show stay: shifts of opposite signs (x
 * + 2^23 − 2^23 rounds x to a whole number), factors so large or small that the step between overflows, and half
 * precision.
 */
import type { Node } from '../../src/ir/node.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { Value } from '../../src/ir/value.js';
import { everywhere, replaceBy, soleProducer } from './rules.js';
import { smallNumbers } from './small.js';

/** x scaled or shifted by a constant. */
interface ConstantStep {
  readonly x: Value;
  readonly constant: Value;
  readonly isInverse: boolean;
}

const kinds: ReadonlyMap<string, 'scale' | 'shift'> = new Map([
  ['Mul', 'scale'],
  ['Div', 'scale'],
  ['Add', 'shift'],
  ['Sub', 'shift'],
]);

/** Factors between these leave room for the numbers that they scale. */
const [LEAST, MOST] = [2 ** -40, 2 ** 40];

function stepOf(node: Node): ConstantStep | undefined {
  if ((node.opset ?? 0) < 7) return undefined;
  const [a, b] = node.inputs;
  if (!a || !b) return undefined;
  const isInverse = node.is('Div') || node.is('Sub');
  if (b.tensor) return { x: a, constant: b, isInverse };
  return a.tensor && !isInverse ? { x: b, constant: a, isInverse } : undefined;
}

/** The numbers of two constants of one element, or of one shape, put together. */
function together(
  a: readonly number[],
  b: readonly number[],
  of: (a: number, b: number) => number,
): readonly number[] | undefined {
  if (a.length !== b.length && a.length !== 1 && b.length !== 1) return undefined;
  const length = a.length === 1 ? b.length : a.length;
  return Array.from({ length }, (_, at) =>
    of(a[a.length === 1 ? 0 : at] as number, b[b.length === 1 ? 0 : at] as number),
  );
}

const isModerate = (number: number): boolean => Math.abs(number) >= LEAST && Math.abs(number) <= MOST;

/** The shape of the constant that does for both: the one that is not a scalar. */
function shapeOf(a: Value, b: Value): readonly number[] | undefined {
  const [p, q] = [a.tensor?.shape ?? [], b.tensor?.shape ?? []];
  if (p.length === 0) return q;
  return q.length === 0 || (p.length === q.length && p.every((dim, at) => dim === q[at])) ? p : undefined;
}

function merge(node: Node): void {
  const kind = kinds.get(node.opType);
  const second = kind && stepOf(node);
  const before = soleProducer(second?.x, node);
  if (!second || !before || kinds.get(before.opType) !== kind) return;
  const first = stepOf(before);
  const elem = second.constant.elem;
  if (!first || (elem !== 'float32' && elem !== 'float64')) return;
  const [a, b] = [smallNumbers(first.constant), smallNumbers(second.constant)];
  const shape = shapeOf(first.constant, second.constant);
  if (!a || !b || !shape) return;
  const [p, q] = [sign(a, first, kind), sign(b, second, kind)];
  const isSafe =
    kind === 'scale' ? [...p, ...q].every(isModerate) : together(p, q, (x, y) => x * y)?.every((one) => one >= 0);
  const sum = together(p, q, kind === 'scale' ? (x, y) => x * y : (x, y) => x + y);
  if (!isSafe || !sum || (kind === 'scale' && !sum.every(isModerate)) || !sum.every(Number.isFinite)) return;
  const constant = node.graph.constant(tensorOf(elem, sum, shape));
  replaceBy(node, kind === 'scale' ? 'Mul' : 'Add', [first.x, constant], {}, node);
}

/** The factors or terms: Div scales by 1 / c, Sub shifts by −c. */
function sign(numbers: readonly number[], { isInverse }: ConstantStep, kind: 'scale' | 'shift'): readonly number[] {
  if (!isInverse) return numbers;
  return numbers.map((number) => (kind === 'scale' ? 1 / number : -number));
}

/** Does so in every scope. */
export const mergeFactors = everywhere(merge);
