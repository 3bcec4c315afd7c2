/** What looks like a norm, whether or not one is there: a mean whose root something is divided by. */
import type { Facts } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { isNear } from '../../src/match/near.js';
import { plainOf } from '../../src/match/plain.js';
import { scalarOf } from '../../src/match/scalar.js';
import { movedFrom } from '../../src/ops/moved.js';

const reductions = new Set(['ReduceMean', 'ReduceSum']);
/** What stands between a mean square and its root: an epsilon, a count, a bound; and what moves or casts it. */
const between = new Set(['Add', 'Mul', 'Div', 'Max', 'Clip']);
const STEPS = 3;

const isBetween = (node: Node): boolean => between.has(node.opType) || movedFrom(node.outputs[0], true) !== undefined;

/** True for a reduction of a power that leads to a root: the variance or mean square of a norm. */
export function isVariance(node: Node, facts: Facts): boolean {
  if (node.domain !== '') return false;
  if (node.opType === 'ReduceL2')
    return node.output.users.some((user) => isSquare(user) || isByCount(user, node, facts));
  if (node.opType === 'ReduceSumSquare') return leadsToRoot(node, STEPS, facts);
  if (!reductions.has(node.opType)) return false;
  const power = powerOf(node);
  return power !== undefined && isSquare(power) && leadsToRoot(node, STEPS, facts);
}

const isSquare = (node: Node): boolean => node.is('Pow') || (node.is('Mul') && node.inputs[0] === node.inputs[1]);

/** True where a Euclidean norm is made the root of a mean square: divided by √n, for n numbers. */
function isByCount(user: Node, { inputs: [x], output }: Node, facts: Facts): boolean {
  if (!user.is('Mul') && !user.is('Div')) return false;
  const by = user.inputs.find((input) => input !== output);
  const factor = scalarOf(by, facts) ?? 1;
  const count = user.is('Div') ? factor ** 2 : factor ** -2;
  return count !== 1 && (x?.shape?.some((size) => typeof size === 'number' && isNear(size, count)) ?? false);
}

/** `isInverted`: something was divided by it before the root. `isPast`: the difference of moments, where the steps begin anew, is behind. */
function leadsToRoot(node: Node, steps: number, facts: Facts, isInverted = false, isPast = false): boolean {
  return node.output.users.some((user) => {
    if (user.domain !== '') return false;
    // Which takes the root of its last input.
    if (user.opType === 'BatchNormalization' && user.inputs[4] === node.output) return true;
    if (user.opType === 'Sqrt') return isInverted || isDivisor(user.output, STEPS, facts);
    if (user.opType === 'Pow') {
      const exponent = scalarOf(user.inputs[1], facts);
      return exponent === -0.5 || (exponent === 0.5 && (isInverted || isDivisor(user.output, STEPS, facts)));
    }
    if (isDifferenceOfMoments(user)) return !isPast && leadsToRoot(user, STEPS, facts, false, true);
    const inverts = user.opType === 'Reciprocal' || (user.opType === 'Div' && user.inputs[1] === node.output);
    const leads = steps > 0 && user.outputs[0] !== undefined && (inverts || isBetween(user));
    return leads && leadsToRoot(user, steps - 1, facts, isInverted !== inverts, isPast);
  });
}

/** True where something is divided by the value: a length alone is no norm of what it is the length of. */
function isDivisor(value: Value, steps: number, facts: Facts): boolean {
  return value.users.some((user) => {
    if (user.domain !== '') return false;
    if (user.opType === 'Reciprocal' || (user.opType === 'Div' && user.inputs[1] === value)) return true;
    if (user.opType === 'Pow') return (scalarOf(user.inputs[1], facts) ?? 0) < 0;
    return steps > 0 && isBetween(user) && user.outputs[0] !== undefined && isDivisor(user.output, steps - 1, facts);
  });
}

/** True where the power's base is a difference: the mean was taken away, so it is a variance. */
export function isCentred(node: Node): boolean {
  const base = node.is('ReduceSumSquare') || node.is('ReduceL2') ? node.inputs[0] : powerOf(node)?.inputs[0];
  return (base && plainOf(base).of.producer?.is('Sub')) ?? false;
}

/** True where the mean square is lessened by the square of something: mean(x²) − mean(x)². */
export const isOfMoments = ({ output: { users } }: Node, steps = STEPS): boolean =>
  users.some(
    (user) =>
      isDifferenceOfMoments(user) || (steps > 0 && (user.is('Div') || user.is('Mul')) && isOfMoments(user, steps - 1)),
  );

const isDifferenceOfMoments = (node: Node): boolean => {
  const taken = node.is('Sub') ? node.inputs[1]?.producer : undefined;
  return taken !== undefined && isSquare(taken);
};

const powerOf = ({ inputs: [input] }: Node): Node | undefined => input && plainOf(input).of.producer;
