/** What the ranges of its symbols say of a dim: between which numbers it lies, and what it leaves when it is divided. */

import { maxOf, minOf } from '../collections/lists.js';
import type { DimRange } from './range.js';

/** A dim, as far as it matters here. */
export type Ranged = number | { readonly terms: readonly RangedTerm[] };
interface RangedTerm {
  readonly coefficient: number;
  readonly atoms: readonly RangedAtom[];
}
type RangedAtom =
  | { readonly kind: 'symbol'; readonly range?: DimRange | undefined }
  | { readonly kind: 'floordiv' | 'min' | 'max' | 'broadcast'; readonly a: Ranged; readonly b: Ranged };

/** Both numbers belong to it; either may be infinite. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

const between = (low: number, high: number): Bounds => ({ low, high });

/** Of a dim without any range: from minus infinity to infinity, or from 0 where it is a symbol. */
export function dimBounds(dim: Ranged): Bounds {
  if (typeof dim === 'number') return between(dim, dim);
  return dim.terms.reduce(
    (sum, { coefficient, atoms }) => {
      const term = atoms.reduce((product, atom) => times(product, atomBounds(atom)), between(coefficient, coefficient));
      return between(sum.low + term.low, sum.high + term.high);
    },
    between(0, 0),
  );
}

function atomBounds(atom: RangedAtom): Bounds {
  if (atom.kind === 'symbol') return between(atom.range?.min ?? 0, atom.range?.max ?? Number.POSITIVE_INFINITY);
  const [a, b] = [dimBounds(atom.a), dimBounds(atom.b)];
  switch (atom.kind) {
    case 'min':
      return between(Math.min(a.low, b.low), Math.min(a.high, b.high));
    case 'max':
      return between(Math.max(a.low, b.low), Math.max(a.high, b.high));
    case 'broadcast':
      return between(Math.min(a.low, b.low), Math.max(a.high, b.high));
    default: {
      // Sizes are divided by sizes; 0 as a divisor leaves nothing to be said.
      if (b.low < 1) return between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      const ends = [a.low, a.high].flatMap((x) => [b.low, b.high].map((y) => floorOf(x, y)));
      return between(minOf(ends), maxOf(ends));
    }
  }
}

/** An infinite number over an infinite one is any from 0 on, and 0 is the end that counts beside the other. */
const floorOf = (x: number, y: number): number => {
  const ratio = Math.floor(x / y);
  return Number.isNaN(ratio) ? 0 : ratio;
};

function times(a: Bounds, b: Bounds): Bounds {
  // Nothing is infinite: 0 times however much is 0.
  const ends = [a.low, a.high].flatMap((x) => [b.low, b.high].map((y) => (x === 0 || y === 0 ? 0 : x * y)));
  return between(minOf(ends), maxOf(ends));
}

/** `rest` more than a multiple of `of`; the number `rest` itself where `of` is 0. Of 1 nothing is said. */
interface Residue {
  readonly rest: number;
  readonly of: number;
}

const ANY: Residue = { rest: 0, of: 1 };

/** The rest that a dim leaves when it is divided by a number; undefined where that depends. */
export function restOf(dim: Ranged, divisor: number): number | undefined {
  const { rest, of } = residueOf(dim);
  return of % divisor === 0 ? modulo(rest, divisor) : undefined;
}

function residueOf(dim: Ranged): Residue {
  if (typeof dim === 'number') return { rest: dim, of: 0 };
  return dim.terms.reduce<Residue>(
    (sum, { coefficient, atoms }) => {
      const term = atoms.reduce((one, atom) => product(one, atomResidue(atom)), { rest: coefficient, of: 0 });
      return reduced(sum.rest + term.rest, gcd(sum.of, term.of));
    },
    { rest: 0, of: 0 },
  );
}

function atomResidue(atom: RangedAtom): Residue {
  if (atom.kind === 'symbol') return atom.range ? reduced(atom.range.min, atom.range.step) : ANY;
  if (atom.kind !== 'floordiv' || typeof atom.b !== 'number') return ANY;
  const { rest, of } = residueOf(atom.a);
  return of % atom.b === 0 ? reduced(Math.floor(rest / atom.b), of / atom.b) : ANY;
}

const product = (a: Residue, b: Residue): Residue =>
  reduced(a.rest * b.rest, gcd(gcd(a.of * b.rest, b.of * a.rest), a.of * b.of));

/** What is counted beyond 2^53 is not known. */
const reduced = (rest: number, of: number): Residue =>
  Number.isSafeInteger(rest) && Number.isSafeInteger(of) ? { rest: of === 0 ? rest : modulo(rest, of), of } : ANY;

const modulo = (n: number, by: number): number => ((n % by) + by) % by;
const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));
