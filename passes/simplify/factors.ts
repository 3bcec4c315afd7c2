/**
 * Two constants in a row that scale, or that shift, ⟶ one: (x · a) · b ⟶ x · ab, (x + a) + b ⟶ x + (a + b).
 * The result is rounded once instead of twice. Pairs where the difference could show stay: shifts of opposite signs (x
 * + 2^23 − 2^23 rounds x to a whole number), factors so large or small that the step between overflows, and half
 * precision.
 */
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { DataType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isRead, replaceBy, soleProducer } from './rules.js';
import { smallNumbers } from './small.js';

type Kind = 'scale' | 'shift';

/** x scaled or shifted by a constant. */
interface ConstantStep {
  /** Reads x, or what came in its place. */
  x(): Value;
  readonly kind: Kind;
  readonly elem: DataType | undefined;
  /** The factors or terms: Div scales by 1 / c, Sub shifts by −c. Undefined where they are too many. */
  numbers(): readonly number[] | undefined;
  readonly shape: readonly number[];
}

const kinds: ReadonlyMap<string, Kind> = new Map([
  ['Mul', 'scale'],
  ['Div', 'scale'],
  ['Add', 'shift'],
  ['Sub', 'shift'],
]);

/** Factors between these leave room for the numbers that they scale. */
const [LEAST, MOST] = [2 ** -40, 2 ** 40];

function stepOf(node: Node): ConstantStep | undefined {
  const kind = kinds.get(node.opType);
  const [a, b] = node.inputs;
  if (!kind || !a || !b || (node.opset ?? 0) < 7) return undefined;
  const isInverse = node.is('Div') || node.is('Sub');
  const [x, constant] = b.tensor ? [a, b] : [b, a];
  const { tensor } = constant;
  if (!tensor || (isInverse && constant === a)) return undefined;
  const inverse = kind === 'scale' ? (number: number) => 1 / number : (number: number) => -number;
  const numbers = () => (isInverse ? smallNumbers(constant)?.map(inverse) : smallNumbers(constant));
  const slot = x === a ? 0 : 1;
  return { x: () => node.inputs[slot] as Value, kind, elem: tensor.type, numbers, shape: tensor.shape };
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
function shapeOf(p: readonly number[], q: readonly number[]): readonly number[] | undefined {
  if (p.length === 0) return q;
  return q.length === 0 || (p.length === q.length && p.every((dim, at) => dim === q[at])) ? p : undefined;
}

/** The two steps as one; undefined where the difference could show. */
function merged(first: ConstantStep, second: ConstantStep): ConstantStep | undefined {
  const { kind, elem } = second;
  const shape = shapeOf(first.shape, second.shape);
  if (first.kind !== kind || !shape || (elem !== 'float32' && elem !== 'float64')) return undefined;
  const [p, q] = [first.numbers(), second.numbers()];
  if (!p || !q) return undefined;
  const isSafe =
    kind === 'scale' ? [...p, ...q].every(isModerate) : together(p, q, (x, y) => x * y)?.every((one) => one >= 0);
  const sum = together(p, q, kind === 'scale' ? (x, y) => x * y : (x, y) => x + y);
  if (!isSafe || !sum || (kind === 'scale' && !sum.every(isModerate)) || !sum.every(Number.isFinite)) return undefined;
  const rounded = elem === 'float32' ? sum.map(Math.fround) : sum;
  return { x: first.x, kind, elem, numbers: () => rounded, shape };
}

/** Does so in every scope. Of a row of nodes only the last is replaced: a node for each step between would take most of the time. */
export const mergeFactors = (model: Model): void => {
  for (const graph of model.graphs()) {
    const rows = new Map<Node, ConstantStep>();
    for (const node of graph.nodes()) {
      const second = isRead(node) ? stepOf(node) : undefined;
      const before = soleProducer(second?.x(), node);
      const first = before && (rows.get(before) ?? stepOf(before));
      const both = second && first && merged(first, second);
      if (!both) continue;
      rows.delete(before);
      rows.set(node, both);
    }
    for (const [node, { x, kind, elem, numbers, shape }] of rows) {
      const constant = graph.constant(tensorOf(elem as 'float32', numbers() as number[], shape));
      replaceBy(node, kind === 'scale' ? 'Mul' : 'Add', [x(), constant], {}, node);
    }
  }
};
