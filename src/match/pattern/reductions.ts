/** Polynomials in a value, and what is taken over the axes of one. */
import type { Value } from '../../ir/value.js';
import type { Reduction } from '../algebra/normal-form.js';
import { type CapturesOf, Pattern, type PatternTerm, patternOf } from './pattern.js';
import { finite, refuse } from './refuse.js';

/** A polynomial in a value captured elsewhere, with these coefficients by power: `{ 1: 0.797…, 3: 0.035… }`. */
export function Polynomial<Name extends string>(
  variable: Name,
  coefficients: Readonly<Record<number, number>>,
): Pattern<Record<Name, Value>> {
  const powers = Object.entries(coefficients);
  const text = powers.map(([exponent, c]) => `${c}·${variable}^${exponent}`).join(' + ');
  const isOne = powers.some(([exponent, c]) => Number(exponent) > 0 && c !== 0);
  if (!isOne) refuse(text || 'Polynomial', 'a power of the variable', 'a number');
  for (const [exponent, c] of powers) {
    finite(text, c);
    if (!Number.isInteger(Number(exponent)) || Number(exponent) < 0) refuse(text, 'powers from 0 on', exponent);
  }
  return new Pattern(text, { kind: 'polynomial', name: variable, coefficients });
}

/**
 * The mean of the term over some of its axes, each kept with size 1. The axes are captured as `axes`, from 0 and in order
 * (`1,2`), so that two means of one pattern are over the same.
 */
export const Mean = <T extends PatternTerm>(term: T) => reduction('Mean', term);

/** The sum of the term over some of its axes, captured as `axes` like a mean's. */
export const Total = <T extends PatternTerm>(term: T) => reduction('Total', term);

/** The largest number of the term over some of its axes, captured as `axes` like a mean's. */
export const Highest = <T extends PatternTerm>(term: T) => reduction('Highest', term);

function reduction<T extends PatternTerm>(
  opType: Reduction['opType'],
  term: T,
): Pattern<CapturesOf<T> & { axes: string }> {
  const of = patternOf(term);
  const { kind } = of.shape;
  if (kind === 'literal' || kind === 'number') refuse(opType, 'something that differs along the axes', 'a number');
  if (kind === 'sum' && opType !== 'Highest') refuse(opType, `a sum of ${opType}s, which is the same`, 'one of a Sum');
  return new Pattern(opType, { kind: 'reduction', opType }, [of]);
}
