/**
 * Does arithmetic on the normal form of algebra: sums of terms, each a coefficient times powers of atoms. Graphs are
 * read into it, and patterns are matched with it, so that order, grouping, signs, places of numbers and expanded sums
 * do not matter.
 * Equal forms are equal wherever both sides are numbers. x²/x stays, as it is not a number at 0, and so does √(x²).
 */

import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { isNear } from './near.js';
import type { Atom, Expression, Term } from './normal-form.js';
import { atomRatio, factorRatio, isOdd, powerOf, ratioOf } from './ratio.js';

export const NONE: ReadonlySet<Node> = new Set();
/** The most terms of an expression: no rule means a longer one. */
const MOST_TERMS = 16;
/** The relative rest of two numbers that cancel: a few units in the last place of float32. */
const NOTHING = 1e-6;
export const numberExpression = (x: number): Expression => ({
  terms: x === 0 ? [] : [{ coefficient: x, factors: [] }],
  nodes: NONE,
});

export const atomExpression = (atom: Atom, nodes: ReadonlySet<Node> = NONE): Expression => ({
  terms: [{ coefficient: 1, factors: [{ atom, exponent: 1 }] }],
  nodes,
  value: atom.value,
});

export const leafOf = (value: Value): Expression => atomExpression({ kind: 'leaf', value });

/** The only atom of c · atom, and c; undefined for anything else. */
export function onlyAtom({ terms }: Expression): { readonly atom: Atom; readonly coefficient: number } | undefined {
  const [term, ...others] = terms;
  const [factor, ...more] = term?.factors ?? [];
  if (!term || !factor || factor.exponent !== 1 || others.length > 0 || more.length > 0) return undefined;
  return { atom: factor.atom, coefficient: term.coefficient };
}

/** The number equal to an expression; undefined where it is no number. */
export const numberOf = ({ terms }: Expression): number | undefined =>
  terms.length === 0 ? 0 : terms.length === 1 && terms[0]?.factors.length === 0 ? terms[0].coefficient : undefined;

const union = (a: ReadonlySet<Node>, b: ReadonlySet<Node>): ReadonlySet<Node> =>
  a.size === 0 ? b : b.size === 0 ? a : new Set([...a, ...b]);

export const scale = ({ terms, nodes }: Expression, by: number): Expression => ({
  terms: terms.map(({ coefficient, factors }) => ({ coefficient: coefficient * by, factors })),
  nodes,
});

/** a + by · b; undefined where it has too many terms. */
export function plus(a: Expression, b: Expression, by = 1): Expression | undefined {
  const terms = [...a.terms];
  for (const term of b.terms) addTerm(terms, { ...term, coefficient: term.coefficient * by });
  return terms.length > MOST_TERMS ? undefined : squared({ terms, nodes: union(a.nodes, b.nodes) });
}

/** Adds a term; terms that differ only in their numbers become one. */
function addTerm(terms: Term[], term: Term): void {
  for (const [i, one] of terms.entries()) {
    const ratio = factorRatio(term.factors, one.factors);
    if (ratio === undefined) continue;
    const more = term.coefficient * ratio;
    const sum = one.coefficient + more;
    const isNothing = Math.abs(sum) <= NOTHING * Math.max(Math.abs(one.coefficient), Math.abs(more));
    if (isNothing) terms.splice(i, 1);
    else terms[i] = { coefficient: sum, factors: one.factors };
    return;
  }
  terms.push(term);
}

/** Writes a² ± 2·a·b + b² as a square. */
function squared(sum: Expression): Expression {
  if (sum.terms.length !== 3) return sum;
  for (const cross of sum.terms) {
    const roots = sum.terms.filter((term) => term !== cross).map(rootOf);
    const [a, b] = roots;
    const product = a && b && multiplyTerms(a, b);
    const ratio = product && factorRatio(cross.factors, product.factors);
    if (!a || !b || !product || ratio === undefined) continue;
    const twice = (cross.coefficient * ratio) / product.coefficient;
    if (!isNear(Math.abs(twice), 2)) continue;
    const of = { terms: [a, { ...b, coefficient: b.coefficient * Math.sign(twice) }], nodes: NONE };
    return { terms: [{ coefficient: 1, factors: [{ atom: { kind: 'group', of }, exponent: 2 }] }], nodes: sum.nodes };
  }
  return sum;
}

/** The square root of a term that is a square. */
const rootOf = ({ coefficient, factors }: Term): Term | undefined =>
  coefficient > 0 && factors.length > 0 && factors.every(({ exponent }) => exponent % 2 === 0)
    ? {
        coefficient: Math.sqrt(coefficient),
        factors: factors.map(({ atom, exponent }) => ({ atom, exponent: exponent / 2 })),
      }
    : undefined;

/** a · b, multiplied out; undefined where it has too many terms. */
export function times(a: Expression, b: Expression): Expression | undefined {
  const nodes = union(a.nodes, b.nodes);
  const merged = asPower(a, b) ?? asPower(b, a);
  if (merged) return { terms: [merged], nodes };
  if (a.terms.length * b.terms.length > MOST_TERMS) return undefined;
  const terms: Term[] = [];
  for (const one of a.terms) for (const other of b.terms) addTerm(terms, multiplyTerms(one, other));
  return squared({ terms, nodes });
}

/** A sum times a power of the same sum. */
function asPower(sum: Expression, other: Expression): Term | undefined {
  if (sum.terms.length < 2) return undefined;
  const same = other.terms.length > 1 ? ratioOf(sum, other) : undefined;
  if (same !== undefined) return { coefficient: same, factors: [{ atom: { kind: 'group', of: other }, exponent: 2 }] };
  const [term] = other.terms.length === 1 ? other.terms : [];
  for (const [i, { atom, exponent }] of term?.factors.entries() ?? []) {
    const ratio = atom.kind === 'group' ? ratioOf(sum, atom.of) : undefined;
    if (!term || ratio === undefined || !isAddable(atom, 1, exponent)) continue;
    const others = term.factors.filter((_, at) => at !== i);
    if (exponent === -1) return { coefficient: term.coefficient * ratio, factors: others };
    return { coefficient: term.coefficient * ratio, factors: [...others, { atom, exponent: exponent + 1 }] };
  }
  return undefined;
}

function multiplyTerms(a: Term, b: Term): Term {
  let coefficient = a.coefficient * b.coefficient;
  const factors = [...a.factors];
  for (const factor of b.factors) {
    let isMerged = false;
    for (const [i, { atom, exponent }] of factors.entries()) {
      if (!isAddable(atom, exponent, factor.exponent)) continue;
      const ratio = powerOf(atomRatio(factor.atom, atom), factor.exponent);
      if (ratio === undefined) continue;
      coefficient *= ratio;
      const sum = exponent + factor.exponent;
      if (sum === 0) factors.splice(i, 1);
      else factors[i] = { atom, exponent: sum };
      isMerged = true;
      break;
    }
    if (!isMerged) factors.push(factor);
  }
  return { coefficient, factors };
}

/** True if x^a·x^b is x^(a+b) for every value of the atom: x²/x is no number at 0, √x·√x none below it. */
function isAddable(atom: Atom, a: number, b: number): boolean {
  if (Number.isInteger(a) && Number.isInteger(b) && a * b > 0) return true;
  return isPositive(atom) || (a * b > 0 && isAtLeastZero(atom));
}

/** True for an atom that is never below 0: a mean of squares. */
const isAtLeastZero = (atom: Atom): boolean =>
  atom.kind === 'call'
    ? atom.opType === 'Exp' || atom.opType === 'Sigmoid' || atom.opType === 'Relu'
    : atom.kind !== 'leaf' && isSumAtLeastZero(atom.of);

const isSumAtLeastZero = ({ terms }: Expression): boolean =>
  terms.every(
    ({ coefficient, factors }) =>
      coefficient > 0 && factors.every(({ atom, exponent }) => exponent % 2 === 0 || isAtLeastZero(atom)),
  );

/** True for an atom that is always above 0: a mean of squares and an epsilon. */
const isPositive = (atom: Atom): boolean =>
  atom.kind === 'call'
    ? atom.opType === 'Exp'
    : atom.kind === 'group' &&
      isSumAtLeastZero(atom.of) &&
      atom.of.terms.some(({ factors }) => factors.every((factor) => isPositive(factor.atom)));

/** base^exponent; undefined where it is no number for any base. */
export function power(base: Expression, exponent: number): Expression | undefined {
  const [term] = base.terms;
  if (!term || !Number.isFinite(exponent) || exponent === 0) return undefined;
  if (exponent === 1) return base;
  if (base.terms.length > 1) return (exponent === -1 && logistic(base)) || grouped(base, exponent);
  const { coefficient, factors } = term;
  const isWhole = Number.isInteger(exponent);
  const isSpread =
    isWhole || (coefficient > 0 && (factors.length === 1 || factors.every(({ atom }) => isAtLeastZero(atom))));
  if (!isSpread || !factors.every((one) => isAtLeastZero(one.atom) || isComposed(one.exponent, exponent)))
    return grouped(base, exponent);
  const raised = factors.map((factor) => ({ atom: factor.atom, exponent: factor.exponent * exponent }));
  return { terms: [{ coefficient: coefficient ** exponent, factors: raised }], nodes: base.nodes };
}

/** True if (x^a)^b is x^(a·b): √(x²) is not x, and (√x)² is no number below 0. */
export const isComposed = (inner: number, outer: number): boolean =>
  Number.isInteger(inner) ? Number.isInteger(outer) || Math.abs(inner) === 1 : !Number.isInteger(inner * outer);

const grouped = (of: Expression, exponent: number): Expression => ({
  terms: [{ coefficient: 1, factors: [{ atom: { kind: 'group', of, value: of.value }, exponent }] }],
  nodes: NONE,
});

/** Writes 1 / (c + c·exp(x)) as a logistic function. */
function logistic(sum: Expression): Expression | undefined {
  const [a, b] = sum.terms as [Term, Term];
  const [one, raised] = a.factors.length === 0 ? [a, b] : [b, a];
  const [factor, ...others] = raised.factors;
  if (sum.terms.length !== 2 || one.factors.length > 0 || others.length > 0 || factor?.atom.kind !== 'call')
    return undefined;
  const { atom, exponent } = factor;
  if (atom.opType !== 'Exp' || !isNear(raised.coefficient, one.coefficient)) return undefined;
  const { terms, nodes } = call('Sigmoid', scale(atom.of, -exponent), atom.node, sum.nodes);
  return scale({ terms, nodes }, 1 / one.coefficient);
}

/** Makes f(x), with the sign of x drawn out of it. */
export function call(opType: string, of: Expression, node: Node, nodes = NONE, value?: Value): Expression {
  const isNegative = of.terms.reduce((sum, { coefficient }) => sum + coefficient, 0) < 0;
  if (isNegative && isOdd(opType)) return scale(call(opType, scale(of, -1), node, nodes), -1);
  if (isNegative && opType === 'Sigmoid')
    return plus(numberExpression(1), call(opType, scale(of, -1), node, nodes), -1) as Expression;
  return atomExpression({ kind: 'call', opType, of, node, value }, nodes);
}
