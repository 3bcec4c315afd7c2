/**
 * Symbolic dims: sums of products of symbols with integer coefficients, with floor division where ONNX needs it.
 * One normal form, so dims compare by value: `batch*12`, `(h*w)//4`, `past+seq`; beside `*` a quotient has parentheses.
 *
 * A product of n sums has 2^n terms: what would be spelled with too many names, or counts beyond 2^53, is NaN, as it is among
 * numbers. NaN stays NaN in whatever is computed from it, equals nothing, and in a shape stands for an unknown dim.
 */

import { budgets } from '../options/budget.js';
import { dimBounds, restOf } from './bounds.js';
import type { DimRange } from './range.js';

/** A dim: a number, or an expression over symbols. */
export type Dim = number | DimExpression;

/** Names a dim of which nothing is known. An object, so that no name in a file is the same. */
export class Unknown {
  constructor(readonly number: number) {}
  toString(): string {
    return `?${this.number}`;
  }
}

/** What a symbol is called: text, which files hold, or an unknown, which equals itself alone. */
export type SymbolName = string | Unknown;

/** What a product is made of: a symbol, or a function of dims that has no simpler form. Equal atoms have equal text. */
type DimAtom =
  | { readonly kind: 'symbol'; readonly name: SymbolName; readonly text: string; readonly range?: DimRange }
  | { readonly kind: FunctionKind; readonly a: Dim; readonly b: Dim; readonly text: string };

/** Functions of two dims that a dim may contain. */
export type FunctionKind = 'floordiv' | 'min' | 'max' | 'broadcast';

interface DimTerm {
  readonly coefficient: number;
  /** Sorted by text; a power is a repetition. Empty for the constant term. */
  readonly atoms: readonly DimAtom[];
}

/** A sum of terms that is not a plain number. Immutable; made by the functions below only. */
class DimExpression {
  /** The normal form; equal dims have equal text. */
  readonly text: string;
  /** How many names and numbers it is spelled with. */
  readonly size: number;
  /** Whether a symbol in it has a range. */
  readonly isRanged: boolean;
  constructor(readonly terms: readonly DimTerm[]) {
    this.isRanged = terms.some(({ atoms }) => atoms.some(isRangedAtom));
    this.size = terms.reduce((sum, { atoms }) => atoms.reduce((n, one) => n + atomSize(one), sum + 1), 0);
    this.text = terms.map((term, at) => (at === 0 || term.coefficient < 0 ? '' : '+') + termText(term)).join('');
  }
  toString(): string {
    return this.text;
  }
}

const isRangedDim = (dim: Dim): boolean => typeof dim !== 'number' && dim.isRanged;
const isRangedAtom = (one: DimAtom): boolean =>
  one.kind === 'symbol' ? one.range !== undefined : isRangedDim(one.a) || isRangedDim(one.b);

const sizeOf = (dim: Dim): number => (typeof dim === 'number' ? 1 : dim.size);
const atomSize = (one: DimAtom): number => (one.kind === 'symbol' ? 1 : sizeOf(one.a) + sizeOf(one.b));

/** What dims may be spelled with while some work goes on, and how often one was given up in it. A name and its number count as one. */
interface Spelling {
  readonly most: number;
  givenUp: number;
  /** Differences that are sizes of values, as a convolution's output: they are not negative, or there is no such value. */
  readonly sizes: Set<string>;
}
const spellingOf = (names: number): Spelling => ({ most: 2 * names, givenUp: 0, sizes: new Set() });
let spelling = spellingOf(budgets['dims-terms'][0]);

/** Does work, which waits for nothing, with dims of at most so many names; it is told how often one was given up so far. */
export function withNames<T>(names: number, work: (givenUp: () => number) => T): T {
  const before = spelling;
  const own = spellingOf(names);
  spelling = own;
  try {
    return work(() => own.givenUp);
  } finally {
    spelling = before;
  }
}

/** A long name makes long texts of few names. */
const LONGEST = 2 ** 14;

const isTooLong = (size: number, length = 0): boolean => {
  if (size <= spelling.most && length <= LONGEST) return false;
  spelling.givenUp++;
  return true;
};

/** The number, NaN where it is whole and beyond 2^53: rounded it would be another. */
const counted = (n: number): number => (Number.isInteger(n) && !Number.isSafeInteger(n) ? Number.NaN : n);

/** Braces set off a name that could be read as something else: single slashes inside a name are no division. */
const symbolText = (name: SymbolName): string =>
  typeof name !== 'string' || /^[\p{L}_](\/?[\p{L}\p{N}_.:])*$/u.test(name)
    ? `${name}`
    : `{${name.replaceAll('}', '}}')}}`;

function termText({ coefficient, atoms }: DimTerm): string {
  if (atoms.length === 0) return String(coefficient);
  if (coefficient === 1) return termKey(atoms);
  const product = atoms.map(factorText).join('*');
  return coefficient === -1 ? `-${product}` : `${coefficient}*${product}`;
}

const factorText = ({ kind, text }: DimAtom): string => (kind === 'floordiv' ? `(${text})` : text);
const termKey = (atoms: readonly DimAtom[]): string =>
  atoms.length === 1 ? (atoms[0] as DimAtom).text : atoms.map(factorText).join('*');
const byText = (a: DimAtom, b: DimAtom): number => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);

function normal(terms: readonly DimTerm[]): Dim {
  const sums = new Map<string, DimTerm>();
  for (const term of terms) {
    const key = termKey(term.atoms);
    const coefficient = (sums.get(key)?.coefficient ?? 0) + term.coefficient;
    if (coefficient === 0) sums.delete(key);
    else sums.set(key, { coefficient, atoms: term.atoms });
  }
  const keys = [...sums.keys()].sort((a, b) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  if (keys.length === 0) return 0;
  if (keys.length === 1 && keys[0] === '') return counted((sums.get('') as DimTerm).coefficient);
  const own = keys.map((key) => sums.get(key) as DimTerm);
  if (!own.every(({ coefficient }) => Number.isSafeInteger(coefficient))) return Number.NaN;
  return multiplied(own) ?? shifted(own) ?? made(own);
}

/** b·(a//b) as a − r, where a range says that a leaves the rest r: 2·(h//2) is h for an even h. */
function multiplied(terms: readonly DimTerm[]): Dim | undefined {
  for (const term of terms)
    for (const floor of term.atoms) {
      if (floor.kind !== 'floordiv' || typeof floor.b !== 'number' || !isRangedAtom(floor)) continue;
      const rest = term.coefficient % floor.b === 0 ? restOf(floor.a, floor.b) : undefined;
      if (rest === undefined) continue;
      const atoms = term.atoms.toSpliced(term.atoms.indexOf(floor), 1);
      const others = normal([{ coefficient: term.coefficient / floor.b, atoms }]);
      const whole = multiplyDims(subtractDims(floor.a, rest), others);
      return addDims(normal(terms.filter((one) => one !== term)), whole);
    }
  return undefined;
}

const isExtreme = ({ kind }: DimAtom): boolean => kind === 'min' || kind === 'max';

/** c·max(a, b) + c·d as c·max(a + d, b + d), and so for min: max(0, s - 1) + 1 is max(1, s), 8 - max(0, 8 - s) is min(8, s). */
function shifted(terms: readonly DimTerm[]): Dim | undefined {
  const [term, other] = terms.filter(({ atoms }) => atoms.some(isExtreme));
  const extremes = term?.atoms.filter(isExtreme) ?? [];
  const [one] = extremes;
  if (terms.length === 1 || other || !term || extremes.length > 1 || !one || one.kind === 'symbol') return undefined;
  // One of others would be taken apart level by level.
  if ([one.a, one.b].some((dim) => termsOf(dim).some(({ atoms }) => atoms.some(isExtreme)))) return undefined;
  const by = normal([{ coefficient: Math.abs(term.coefficient), atoms: term.atoms.filter((atom) => atom !== one) }]);
  const rest = divideExactly(normal(terms.filter((each) => each !== term)), by);
  if (rest === undefined) return undefined;
  const sign = Math.sign(term.coefficient);
  const kind = (one.kind === 'max') === sign > 0 ? 'max' : 'min';
  const [a, b] = [one.a, one.b].map((dim) => addDims(multiplyDims(dim, sign), rest)) as [Dim, Dim];
  return multiplyDims(extreme(kind, a, b), by);
}

/** The sum; NaN where it is spelled with too many names. One symbol alone is never too long. */
function made(terms: readonly DimTerm[]): Dim {
  const sum = new DimExpression(terms);
  const isSymbol = terms.length === 1 && terms[0]?.atoms.length === 1 && terms[0].atoms[0]?.kind === 'symbol';
  return !isSymbol && isTooLong(sum.size, sum.text.length) ? Number.NaN : sum;
}

const termsOf = (dim: Dim): readonly DimTerm[] =>
  typeof dim === 'number' ? (dim === 0 ? [] : [{ coefficient: dim, atoms: [] }]) : dim.terms;

const atom = (value: DimAtom): Dim => made([{ coefficient: 1, atoms: [value] }]);

/** A named dim: a size, so never negative. Two symbols of one name are one dim. */
export const symbol = (name: SymbolName): Dim => rangedSymbol(name, undefined);

/** The same, of which more is known where there is a range. */
export const rangedSymbol = (name: SymbolName, range: DimRange | undefined): Dim =>
  atom({ kind: 'symbol', name, text: symbolText(name), range });

let unknowns = 0;
/** A dim of which nothing is known: a symbol equal to nothing but itself. */
export const unknownDim = (): Dim => symbol(new Unknown(++unknowns));

export const addDims = (a: Dim, b: Dim): Dim =>
  typeof a === 'number' && typeof b === 'number' ? counted(a + b) : normal([...termsOf(a), ...termsOf(b)]);

export const subtractDims = (a: Dim, b: Dim): Dim => addDims(a, multiplyDims(b, -1));

export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return counted(a * b);
  if (isTooLong(termsOf(a).length * termsOf(b).length)) return Number.NaN;
  const product: DimTerm[] = [];
  for (const x of termsOf(a))
    for (const y of termsOf(b))
      product.push({ coefficient: x.coefficient * y.coefficient, atoms: [...x.atoms, ...y.atoms].sort(byText) });
  return normal(product);
}

/** The product of all dims; 1 for none. */
export const productOf = (dims: readonly Dim[]): Dim => dims.reduce(multiplyDims, 1);

/** a/b where b divides a whatever the symbols are (b one term); undefined where that cannot be shown. */
export function divideExactly(a: Dim, b: Dim): Dim | undefined {
  if (equalDims(a, b) && b !== 0) return 1;
  if (b === 1) return a;
  const divisor = termsOf(b);
  if (divisor.length !== 1) return undefined;
  const { coefficient, atoms } = divisor[0] as DimTerm;
  const quotient: DimTerm[] = [];
  for (const term of termsOf(a)) {
    const rest = [...term.atoms];
    for (const factor of atoms) {
      const at = rest.findIndex((x) => x.text === factor.text);
      if (at < 0) return undefined;
      rest.splice(at, 1);
    }
    if (term.coefficient % coefficient !== 0) return undefined;
    quotient.push({ coefficient: term.coefficient / coefficient, atoms: rest });
  }
  return normal(quotient);
}

/** ⌊a/b⌋ for dims; NaN where b is a number that is not above 0. */
export function floorDivide(a: Dim, b: Dim): Dim {
  if (isNone(a) || isNone(b) || (typeof b === 'number' && b <= 0)) return Number.NaN;
  if (typeof a === 'number' && typeof b === 'number') return Math.floor(a / b);
  const exact = divideExactly(a, b);
  if (exact !== undefined) return exact;
  return typeof b === 'number' && b > 0 ? floorByNumber(a, b) : floorBySymbols(a, b);
}

function quotient(a: Dim, b: Dim): Dim {
  if (isNone(a) || isNone(b)) return Number.NaN;
  const found: DimAtom = { kind: 'floordiv', a, b, text: `${operandText(a)}//${operandText(b)}` };
  if (!isRangedAtom(found)) return atom(found);
  const { low, high } = dimBounds({ terms: [{ coefficient: 1, atoms: [found] }] });
  return low === high ? low : atom(found);
}

/** In parentheses unless it is a number, a symbol or a call. */
const operandText = (dim: Dim): string =>
  typeof dim === 'number' || (onlyAtom(dim)?.kind ?? 'floordiv') !== 'floordiv' ? dimText(dim) : `(${dimText(dim)})`;

/** Whole multiples of the divisor leave the floor, a common factor is cancelled, and a floor of a floor is one floor. */
function floorByNumber(a: Dim, divisor: number): Dim {
  const whole: DimTerm[] = [];
  const rest: DimTerm[] = [];
  for (const { coefficient, atoms } of termsOf(a)) {
    const times = Math.floor(coefficient / divisor);
    if (times !== 0) whole.push({ coefficient: times, atoms });
    if (coefficient !== times * divisor) rest.push({ coefficient: coefficient - times * divisor, atoms });
  }
  const symbolic = rest.filter(({ atoms }) => atoms.length > 0);
  const constant = rest.find(({ atoms }) => atoms.length === 0)?.coefficient ?? 0;
  if (symbolic.length === 0) return normal(whole);
  const factor = symbolic.reduce((g, { coefficient }) => greatestCommonDivisor(g, coefficient), divisor);
  const reduced = symbolic.map(({ coefficient, atoms }) => ({ coefficient: coefficient / factor, atoms }));
  const added = Math.floor(constant / factor);
  const by = divisor / factor;
  const only = reduced.length === 1 && reduced[0]?.coefficient === 1 ? reduced[0].atoms : [];
  const inner = only.length === 1 ? only[0] : undefined;
  const isNested = inner?.kind === 'floordiv' && typeof inner.b === 'number';
  const floor = isNested
    ? floorDivide(addDims(inner.a, added * (inner.b as number)), by * (inner.b as number))
    : by === 1
      ? addDims(normal(reduced), added)
      : quotientOfSum(normal(reduced), added, by);
  return addDims(normal(whole), floor);
}

/** ⌊(a + added)/by⌋; where a range says that a leaves the rest r, as ⌊(a − r)/by⌋ and a number. */
function quotientOfSum(a: Dim, added: number, by: number): Dim {
  const rest = isRangedDim(a) ? restOf(a, by) : undefined;
  return rest === undefined
    ? quotient(addDims(a, added), by)
    : addDims(quotient(subtractDims(a, rest), by), Math.floor((rest + added) / by));
}

/** Terms that the divisor divides leave the floor. */
function floorBySymbols(a: Dim, b: Dim): Dim {
  let whole: Dim = 0;
  let rest: Dim = 0;
  for (const term of termsOf(a)) {
    const exact = divideExactly(normal([term]), b);
    if (exact === undefined) rest = addDims(rest, normal([term]));
    else whole = addDims(whole, exact);
  }
  return addDims(whole, quotient(rest, b));
}

const isNone = (dim: Dim): boolean => typeof dim === 'number' && Number.isNaN(dim);

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/** ⌈a/b⌉ for dims, b > 0. */
export const ceilDivide = (a: Dim, b: Dim): Dim => floorDivide(addDims(a, subtractDims(b, 1)), b);

/** True where the dim is at least 0 whatever its symbols are; false where that cannot be shown. */
export const isNonNegative = (dim: Dim): boolean =>
  isSumOfSizes(dim) ||
  (hasLoweredFloor(dim) && isSumOfSizes(withoutFloors(dim))) ||
  (isRangedDim(dim) && dimBounds(dim).low >= 0);

const hasLoweredFloor = (dim: Dim): boolean =>
  termsOf(dim).some(({ coefficient, atoms }) => coefficient < 0 && atoms.some(({ kind }) => kind === 'floordiv'));

const isSumOfSizes = (dim: Dim): boolean =>
  termsOf(dim).every(({ coefficient, atoms }) => coefficient >= 0 && atoms.every(isSize)) ||
  (typeof dim !== 'number' && spelling.sizes.has(dim.text));

/** A dim that is no greater: −m·(a//b) is at least −(m/b)·a, so that remainders, a − b·(a//b), are seen to be sizes. */
function withoutFloors(dim: Dim): Dim {
  let least: Dim = 0;
  for (const term of termsOf(dim)) {
    const { coefficient, atoms } = term;
    const floor = atoms.find(
      (atom) => atom.kind === 'floordiv' && typeof atom.b === 'number' && coefficient % atom.b === 0,
    );
    const others = atoms.filter((atom) => atom !== floor);
    const isLower = coefficient < 0 && floor?.kind === 'floordiv' && others.every(isSize);
    const size = isLower
      ? multiplyDims(floor.a, normal([{ coefficient: coefficient / (floor.b as number), atoms: others }]))
      : normal([term]);
    least = addDims(least, size);
  }
  return least;
}

/** Says that every run has a value with an axis of this size, until the work with dims ends. */
export function seeSize(dim: Dim): void {
  if (typeof dim !== 'number' && !isNonNegative(dim)) spelling.sizes.add(dim.text);
}

function isSize(a: DimAtom): boolean {
  if (a.kind === 'symbol' || a.kind === 'broadcast') return true;
  if (a.kind === 'max') return isNonNegative(a.a) || isNonNegative(a.b);
  return isNonNegative(a.a) && isNonNegative(a.b);
}

const extreme = (kind: 'min' | 'max', a: Dim, b: Dim): Dim => {
  if (isNone(a) || isNone(b)) return Number.NaN;
  if (typeof a === 'number' && typeof b === 'number') return Math[kind](a, b);
  const [greater, less] = kind === 'max' ? [a, b] : [b, a];
  if (isNonNegative(subtractDims(a, b))) return greater;
  if (isNonNegative(subtractDims(b, a))) return less;
  // One of another: min(c, min(c, s)).
  for (const [dim, inner] of [
    [a, onlyAtom(b)],
    [b, onlyAtom(a)],
  ] as const)
    if (inner?.kind === kind) {
      if (equalDims(dim, inner.a) || equalDims(dim, inner.b)) return dim === a ? b : a;
      const rest = [inner.a, inner.b].find((one) => typeof one === 'number' && typeof dim === 'number');
      const kept = rest === inner.a ? inner.b : inner.a;
      if (rest !== undefined) return extreme(kind, extreme(kind, dim, rest), kept);
    }
  const [x, y] = dimText(a) < dimText(b) ? [a, b] : [b, a];
  return atom({ kind, a: x, b: y, text: `${kind}(${dimText(x)},${dimText(y)})` });
};
export const minDim = (a: Dim, b: Dim): Dim => extreme('min', a, b);
export const maxDim = (a: Dim, b: Dim): Dim => extreme('max', a, b);

/** The dim that two dims broadcast to; undefined where they are numbers that do not. */
export function broadcastDims(a: Dim, b: Dim): Dim | undefined {
  if (a === 1 || equalDims(a, b)) return b;
  if (b === 1) return a;
  if (typeof a === 'number') return typeof b === 'number' ? undefined : a;
  if (typeof b === 'number') return b;
  // What is never 1 has the size of the result.
  for (const dim of dimText(a) < dimText(b) ? [a, b] : [b, a])
    if (isRangedDim(dim) && dimBounds(dim).low > 1) return dim;
  // Which of them is 1, if any, only a run can tell.
  const all = new Map([...operandsOf(a), ...operandsOf(b)].map((dim) => [dimText(dim), dim]));
  for (const [text, dim] of all) if (isCut(dim, all)) all.delete(text);
  const sorted = [...all.keys()].sort().map((text) => all.get(text) as Dim);
  return sorted.reduce((x, y) =>
    isNone(x) ? x : atom({ kind: 'broadcast', a: x, b: y, text: `broadcast(${dimText(x)},${dimText(y)})` }),
  );
}

/**
 * True for min(c, x) with a number c where x takes part too: if x > c, only c = 1 broadcasts with x; so x it is. A table of
 * c positions cut to the length of a sequence and added to it says this. And for max(1, x) or
 * max(0, x), which is 1 or 0 where x is not, or x.
 */
function isCut(dim: Dim, all: ReadonlyMap<string, Dim>): boolean {
  const cut = cutOf(dim);
  return cut !== undefined && (cut.kind === 'min' ? cut.limit >= 1 : cut.limit <= 1) && all.has(dimText(cut.of));
}

/** True where two dims that broadcast are the same in every run, though not written so: min(64, x), of a table of 64 positions, and x. */
export function sameWhereBroadcast(a: Dim, b: Dim): boolean {
  const isPart = (part: Dim, whole: Dim): boolean => {
    const cut = cutOf(part);
    return cut?.kind === 'min' && cut.limit > 1 && equalDims(cut.of, whole);
  };
  return equalDims(a, b) || isPart(a, b) || isPart(b, a);
}

/** The parts of min(c, x) and max(c, x) with a number c. */
function cutOf(dim: Dim): { readonly kind: 'min' | 'max'; readonly limit: number; readonly of: Dim } | undefined {
  const only = onlyAtom(dim);
  if (only?.kind !== 'min' && only?.kind !== 'max') return undefined;
  const [limit, of] = typeof only.a === 'number' ? [only.a, only.b] : [only.b, only.a];
  return typeof limit === 'number' ? { kind: only.kind, limit, of } : undefined;
}

/** The atom that a dim is, if it is one. */
export function onlyAtom(dim: Dim): DimAtom | undefined {
  if (typeof dim === 'number' || dim.terms.length !== 1) return undefined;
  const [{ coefficient, atoms }] = dim.terms as [DimTerm];
  return coefficient === 1 && atoms.length === 1 ? atoms[0] : undefined;
}

/** What a dim was broadcast from. */
export function operandsOf(dim: Dim): readonly Dim[] {
  const only = onlyAtom(dim);
  if (only?.kind !== 'broadcast') return [dim];
  return [...operandsOf(only.a), ...operandsOf(only.b)];
}

/** A dim as text: its number, or the symbols that it is made of. */
export const dimText = (dim: Dim): string => (typeof dim === 'number' ? String(dim) : dim.text);
/** True for the same number, or the same expression of symbols. */
export const equalDims = (a: Dim, b: Dim): boolean =>
  a === b || (typeof a !== 'number' && typeof b !== 'number' && a.text === b.text);
