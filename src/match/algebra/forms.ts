/** Expressions in other forms: reduced along axes, reshaped, and as one product. */

import { equalShapes, type Shape } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { atomExpression, NONE, numberExpression, onlyAtom, plus, scale, times } from './expression.js';
import { isNear } from './near.js';
import type { Atom, Expression, Factor, Reduction, Term } from './normal-form.js';
import { atomRatio } from './ratio.js';

/** The reduction of a sum is the sum of the reductions; a factor that is constant along the axes moves in front. */
export function reduce(of: Expression, how: Omit<Reduction, 'kind' | 'of'>): Expression | undefined {
  const { opType, count } = how;
  if (opType === 'Total' && count !== undefined) {
    const mean = reduce(of, { ...how, opType: 'Mean', isSummed: true });
    return mean && scale(mean, count);
  }
  if (opType === 'Highest') return atomExpression({ kind: 'reduction', of, ...how });
  let sum: Expression = numberExpression(0);
  const isOne = of.terms.length === 1;
  for (const { coefficient, factors } of of.terms) {
    const outside = factors.filter(({ atom }) => isSameAlong(atom, how));
    const inside = {
      terms: [{ coefficient: 1, factors: factors.filter((one) => !outside.includes(one)) }],
      nodes: NONE,
    };
    const isNumber = inside.terms[0]?.factors.length === 0;
    if (isNumber && opType === 'Total') return undefined;
    const inner = isOne && outside.length === 0 ? { ...inside, nodes: of.nodes } : inside;
    const reduced = isNumber ? numberExpression(1) : atomExpression({ kind: 'reduction', of: inner, ...how });
    const all = times({ terms: [{ coefficient, factors: outside }], nodes: NONE }, reduced);
    const next = all && plus(sum, all);
    if (!next) return undefined;
    sum = next;
  }
  const isInside = isOne && onlyAtom(sum) !== undefined;
  return { terms: sum.terms, nodes: isInside ? NONE : new Set([...of.nodes, how.node]) };
}

const isSameAlong = (atom: Atom, how: Omit<Reduction, 'kind' | 'of'>): boolean =>
  atom.kind === 'reduction'
    ? atom.isKept && atom.axes.length === how.axes.length && atom.axes.every((axis, i) => axis === how.axes[i])
    : atom.kind !== 'leaf' && atom.of.terms.every(({ factors }) => factors.every((one) => isSameAlong(one.atom, how)));

/**
 * Reshapes an expression: the axes of its reductions may come back or go. Undefined where it has other parts. The
 * numbers stay in their order, so nothing else matters.
 */
export function placed(expression: Expression, shape: Shape | undefined): Expression | undefined {
  const inner = (atom: Atom): Atom | undefined => {
    if (atom.kind === 'leaf') return undefined;
    if (atom.kind === 'reduction') return { ...atom, isKept: equalShapes(shape, atom.shape), value: undefined };
    const of = placed(atom.of, shape);
    return of && { ...atom, of, value: undefined };
  };
  const terms: Term[] = [];
  for (const { coefficient, factors } of expression.terms) {
    const put = factors.map(({ atom, exponent }) => ({ atom: inner(atom), exponent }));
    if (!put.every((one): one is Factor => one.atom !== undefined)) return undefined;
    terms.push({ coefficient, factors: put });
  }
  return { terms, nodes: expression.nodes };
}

/**
 * A product as its coefficient and factors. A common factor of a sum's terms is a factor, and the remaining sum is one
 * more.
 */
export function factored(
  expression: Expression,
  valueLike: (sum: Expression) => Value | undefined,
): { readonly coefficient: number; readonly factors: readonly Factor[] } {
  const { terms } = expression;
  const [first, ...others] = terms;
  if (!first || others.length === 0) return first ?? { coefficient: 0, factors: [] };
  const shared: Factor[] = [];
  let rest = terms;
  for (const { atom } of first.factors) {
    const like = rest.map(({ factors }) => factors.find((one) => isNear(atomRatio(one.atom, atom) ?? 0, 1)));
    const exponents = like.map((one) => one?.exponent ?? 0);
    const isEach = exponents.every((one) => one * (exponents[0] as number) > 0);
    if (!isEach) continue;
    const exponent = exponents.reduce((least, one) => (Math.abs(one) < Math.abs(least) ? one : least));
    if (exponents.some((one) => !Number.isInteger(one - exponent))) continue;
    shared.push({ atom, exponent });
    rest = rest.map(({ coefficient, factors }, i) => ({
      coefficient,
      factors: factors.flatMap((one) =>
        one !== like[i] ? [one] : one.exponent === exponent ? [] : [{ ...one, exponent: one.exponent - exponent }],
      ),
    }));
  }
  const of: Expression = { terms: rest, nodes: NONE };
  const value = shared.length === 0 ? expression.value : valueLike(of);
  return {
    coefficient: 1,
    factors: [...shared, { atom: { kind: 'group', of: { ...of, value }, value }, exponent: 1 }],
  };
}
