/** Reads the expression that a pattern is matched with, and names what is wrong with it. */
import type { Value } from '../../ir/value.js';
import { atomExpression, leafOf, onlyAtom, scale } from '../algebra/expression.js';
import { isNear } from '../algebra/near.js';
import type { Atom, Expression, Reduction, Term, UnaryCall } from '../algebra/normal-form.js';
import type { Reader } from '../algebra/reader.js';
import type { Pattern } from '../pattern/index.js';
import { foundAt, type Search } from './search.js';

/** The expression to match, and the value that has it, wholly or as a part. */
export interface ExpressionAt {
  readonly of: Expression;
  readonly at: Value;
}

/** The only atom; if a rough resemblance is enough, an atom to a power above 0. */
export function atomIn(of: Expression, { isLoose }: Search): ReturnType<typeof onlyAtom> {
  const [term, ...others] = of.terms;
  const [factor, ...more] = term?.factors ?? [];
  const isPower = isLoose && term && factor && others.length === 0 && more.length === 0 && factor.exponent > 0;
  return isPower ? { atom: factor.atom, coefficient: term.coefficient } : onlyAtom(of);
}

/** The value of an expression, or of its only atom. */
export const valueIn = (of: Expression): Value | undefined => of.value ?? onlyAtom(of)?.atom.value;

/** The argument of a function or a reduction. */
export const argumentOf = ({ of, node }: UnaryCall | Reduction, at: Value): ExpressionAt => ({
  of,
  at: of.value ?? node.inputs[0] ?? at,
});

/** The expression of an atom by itself. */
export const baseOf = (atom: Atom, at: Value): ExpressionAt => {
  const of = atom.kind === 'group' ? atom.of : atom.kind === 'leaf' ? leafOf(atom.value) : atomExpression(atom);
  return { of, at: atom.value ?? of.value ?? at };
};

/** Some terms of a sum as an expression. */
export function termsOf(terms: readonly Term[], at: Value, reader: Reader): ExpressionAt {
  const own: Expression = { terms, nodes: new Set() };
  const value = terms.length > 1 ? reader.valueLike(own) : onlyAtom(own)?.atom.value;
  const isWhole = value && terms.length > 1 && reader.read(value).terms.length === terms.length;
  return { of: isWhole ? { ...own, value } : own, at: value ?? at };
}

/** r · (1 − σ(x)) as r · σ(−x). */
export function complement({
  terms,
  nodes,
}: Expression): { readonly of: Expression; readonly ratio: number } | undefined {
  const number = terms.find(({ factors }) => factors.length === 0)?.coefficient;
  const other = terms.find(({ factors }) => factors.length > 0);
  const only = other && onlyAtom({ terms: [other], nodes });
  if (terms.length !== 2 || number === undefined || only?.atom.kind !== 'call' || only.atom.opType !== 'Sigmoid')
    return undefined;
  if (!isNear(number, -only.coefficient)) return undefined;
  return { of: atomExpression({ ...only.atom, of: scale(only.atom.of, -1) }, nodes), ratio: number };
}

/** The coefficients by power of a polynomial in one value; none where the expression is no polynomial. */
export function polynomialIn({ terms }: Expression): {
  readonly variable?: Value;
  readonly coefficients: readonly number[];
} {
  let variable: Value | undefined;
  const coefficients: number[] = [];
  for (const { coefficient, factors } of terms) {
    const [factor, ...others] = factors;
    const value = factor?.atom.kind === 'leaf' ? factor.atom.value : undefined;
    const exponent = factor?.exponent ?? 0;
    const isOne = others.length === 0 && (!factor || (value && (!variable || variable === value)));
    if (!isOne || !Number.isInteger(exponent) || exponent < 0) return { coefficients: [] };
    variable ??= value;
    for (let n = coefficients.length; n <= exponent; n++) coefficients.push(0);
    coefficients[exponent] = coefficient;
  }
  return { variable, coefficients };
}

/** The text of a subject, in a few words. */
export const foundIn = ({ of, at }: ExpressionAt): string => foundAt(valueIn(of) ?? at);

/** The miss where an expression is another multiple of a pattern than it has to be. */
export function otherMultiple(pattern: Pattern, { of }: ExpressionAt, ratio: number): string {
  const { shape } = pattern.bare;
  if (shape.kind === 'polynomial') {
    const coefficients = polynomialIn(of).coefficients;
    return `expected other coefficients; found ${coefficients.join(', ')}`;
  }
  const count = summedIn(of);
  if (count !== undefined) return `expected the mean of ${count} numbers; found their sum · ${ratio / count}`;
  const expected = shape.kind === 'product' ? shape.x : 1;
  return `expected a factor ${expected}; found ${expected * ratio}`;
}

/** The number of elements added somewhere in an expression, where the sum may not be made a mean. */
export function summedIn({ terms }: Expression): number | undefined {
  for (const { atom } of terms.flatMap(({ factors }) => factors)) {
    if (atom.kind === 'reduction' && atom.isSummed && atom.count !== 1) return atom.count;
    const inner = atom.kind === 'group' ? summedIn(atom.of) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** The miss where a term is another multiple of its part than the other terms are of theirs. */
export function otherTerm({ shape }: Pattern, ratio: number, { elem }: Value): string {
  const expected = shape.kind === 'product' ? shape.x : 1;
  const sign = Math.sign(expected);
  return isNear(ratio, -1, elem)
    ? `expected the sign ${sign}; found ${-sign}`
    : `expected a factor ${expected}; found ${expected * ratio}`;
}
