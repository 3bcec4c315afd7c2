/** Finds the number r of a = r · b, in whatever order both are spelled. */
import { rowOf } from '../../ops/registry.js';
import { isNear } from './near.js';
import type { Atom, Expression, Factor } from './normal-form.js';

/** The functions with f(−x) = −f(x). */
export const isOdd = (opType: string): boolean => rowOf({ domain: '', opType })?.parity === 'odd';

/** The r of a = r · b; undefined where there is none. */
export function ratioOf(a: Expression, b: Expression): number | undefined {
  if (a === b) return 1;
  const [first] = a.terms;
  if (!first || a.terms.length !== b.terms.length) return undefined;
  for (const other of b.terms) {
    const alike = factorRatio(first.factors, other.factors);
    if (alike === undefined) continue;
    const ratio = (first.coefficient * alike) / other.coefficient;
    const isEach = a.terms.every((term) =>
      b.terms.some((one) => {
        const same = factorRatio(term.factors, one.factors);
        return same !== undefined && isNear((term.coefficient * same) / one.coefficient, ratio);
      }),
    );
    if (isEach) return ratio;
  }
  return undefined;
}

/** The r of Π a = r · Π b; undefined where there is none. */
export function factorRatio(a: readonly Factor[], b: readonly Factor[]): number | undefined {
  if (a.length !== b.length) return undefined;
  const left = [...b];
  let product = 1;
  for (const { atom, exponent } of a) {
    let at = -1;
    let ratio: number | undefined;
    for (const [i, other] of left.entries()) {
      ratio = isNear(exponent, other.exponent) ? powerOf(atomRatio(atom, other.atom), exponent) : undefined;
      if (ratio === undefined) continue;
      at = i;
      break;
    }
    if (ratio === undefined) return undefined;
    product *= ratio;
    left.splice(at, 1);
  }
  return product;
}

/** x^exponent; undefined where that is no number. */
export const powerOf = (x: number | undefined, exponent: number): number | undefined =>
  x === undefined || (x < 0 && !Number.isInteger(exponent)) ? undefined : x ** exponent;

/** The r of a = r · b; undefined where there is none. */
export function atomRatio(a: Atom, b: Atom): number | undefined {
  if (a.kind === 'leaf' || b.kind === 'leaf')
    return a.kind === 'leaf' && b.kind === 'leaf' && a.value === b.value ? 1 : undefined;
  const ratio = a.kind === b.kind ? ratioOf(a.of, b.of) : undefined;
  if (ratio === undefined || a.kind === 'group') return ratio;
  if (a.kind === 'call' && b.kind === 'call') {
    if (a.opType !== b.opType) return undefined;
    return isNear(ratio, 1) ? 1 : isOdd(a.opType) && isNear(ratio, -1) ? -1 : undefined;
  }
  if (a.kind !== 'reduction' || b.kind !== 'reduction' || a.opType !== b.opType || a.isKept !== b.isKept)
    return undefined;
  return a.axes.join() === b.axes.join() && (a.opType !== 'Highest' || ratio > 0) ? ratio : undefined;
}
