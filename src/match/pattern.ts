/**
 * The pattern language: op words are the exact ONNX names, `Product`, `Sum`, `Power` and `Polynomial` are algebra in any spelling.
 *
 * A pattern is data. It is brought to one form where it is defined, and refused there where it can mean nothing: `Minus(a)` is
 * `Product(-1, a)`, a product of products is one product. Captures are typed: a misspelled op or capture does not compile.
 */
import type { Facts } from '../infer/index.js';
import { maxOf } from '../ir/collections/lists.js';
import { foundText } from '../ir/text/usage-error.js';
import type { Value } from '../ir/value.js';
import { isComposed } from './algebra/expression.js';
import type { Reduction } from './algebra/normal-form.js';
import { type Environment, foundAt, type Search } from './search/search.js';

/** A term of a pattern: a pattern, or a number, which is a scalar of that value. */
// biome-ignore lint/suspicious/noExplicitAny: any captures
export type PatternTerm = Pattern<any> | number;

/** What a pattern captures, by name. */
export type CapturesOf<T> = T extends Pattern<infer C> ? C : unknown;
/** The captures of all the terms together. */
export type AllCaptures<Terms extends readonly unknown[]> = Terms extends readonly [infer First, ...infer Rest]
  ? CapturesOf<First> & AllCaptures<Rest>
  : unknown;

/** A factor and its power, or a term, whose power is 1. */
export interface WeightedPattern {
  readonly pattern: Pattern;
  readonly weight: number;
  readonly isOptional: boolean;
}

/** The condition of a pattern on a value, by kind. */
export type PatternShape =
  | { readonly kind: 'capture' | 'number'; readonly name: string }
  | { readonly kind: 'literal'; readonly x: number }
  /** The number is a product's coefficient, or a sum's constant; where it has a name, it is captured. */
  | ({ readonly kind: 'product' | 'sum' } & Combined)
  /** `at` has the place of each part among the inputs. */
  | {
      readonly kind: 'op';
      readonly opType: string;
      readonly domain: string;
      readonly what: string;
      readonly at: readonly number[];
    }
  | { readonly kind: 'reduction'; readonly opType: Reduction['opType'] }
  | { readonly kind: 'polynomial'; readonly name: string; readonly coefficients: Readonly<Record<number, number>> }
  | { readonly kind: 'choice'; readonly name?: string; readonly options: readonly string[] }
  | { readonly kind: 'optional' | 'site' | 'telling' }
  | { readonly kind: 'as'; readonly name: string }
  | { readonly kind: 'where'; readonly condition: Condition }
  | { readonly kind: 'read'; readonly solve: Solve; readonly isSite?: IsSite; readonly through?: string };

// biome-ignore lint/suspicious/noExplicitAny: whatever the pattern inside captures
type Condition = (captures: any, value: Value, facts: Facts) => true | string;
type IsSite = (node: NonNullable<Value['producer']>, facts: Facts) => boolean;
/** Matches one value by code of the pattern's own. */
type Solve = (value: Value, environment: Environment, search: Search) => Iterable<Environment>;

const wrapping: ReadonlySet<PatternShape['kind']> = new Set(['as', 'where', 'site', 'telling', 'optional']);

/** A formula to be found in a graph. What it captures is in its type. */
export class Pattern<out Captures = unknown> {
  declare readonly captures: Captures;
  /** The kind of each captured name. */
  readonly names: ReadonlyMap<string, 'value' | 'number' | 'text'>;
  /** The formula's variable: the only value that occurs in the pattern more than once. */
  readonly subject: string | undefined;
  /** The largest number of terms after expansion. */
  readonly width: number;
  /** The largest number of factors as a part of a product; 0 for a pattern that is no product of powers. */
  readonly breadth: number;
  /** The number of occurrences of each value. */
  readonly #counts = new Map<string, number>();

  constructor(
    /** The text in drawings: an op, a number, a capture. */
    readonly text: string,
    readonly shape: PatternShape,
    readonly parts: readonly Pattern[] = [],
  ) {
    for (const part of parts) partIn(text, part);
    const names = new Map(parts.flatMap((part) => [...part.names]));
    const meanings = [...parts.flatMap((part) => [...part.names]), ...meaningsOf(shape)];
    for (const [name, meaning] of meanings) {
      if (names.has(name) && names.get(name) !== meaning)
        refuse(text, `one meaning of ${name}`, `a ${names.get(name)} and a ${meaning}`);
      names.set(name, meaning);
    }
    this.names = names;
    this.width = widthOf(shape, parts);
    this.breadth = breadthOf(shape, parts);
    if (shape.kind === 'capture' || shape.kind === 'polynomial') this.#counts.set(shape.name, 1);
    for (const part of parts)
      for (const [name, count] of part.#counts) {
        const before = this.#counts.get(name) ?? 0;
        this.#counts.set(name, shape.kind === 'choice' ? Math.max(before, count) : before + count);
      }
    const [first, ...others] = [...this.#counts].flatMap(([name, count]) => (count > 1 ? name : []));
    this.subject = others.length === 0 ? first : undefined;
  }

  /** The pattern inside captures, conditions and marks, which have no step of their own. */
  get bare(): Pattern {
    return isAround(this.shape) ? (this.parts[0] as Pattern).bare : this;
  }

  /** Captures the matched value; otherwise the same pattern. */
  as<Name extends string>(name: Name): Pattern<Captures & Record<Name, Value>> {
    return new Pattern(`${name} = ${this.text}`, { kind: 'as', name }, [this]);
  }

  /** Adds a condition to the pattern; a text is the reason that it does not hold. */
  where(condition: (captures: Captures, value: Value, facts: Facts) => true | string): Pattern<Captures> {
    return new Pattern(this.text, { kind: 'where', condition }, [this]);
  }
}

const isAround = ({ kind }: PatternShape): boolean => wrapping.has(kind);

function widthOf(shape: PatternShape, parts: readonly Pattern[]): number {
  switch (shape.kind) {
    case 'product':
      return shape.parts.reduce((width, { weight, pattern }) => width * (weight === 1 ? pattern.width : 1), 1);
    case 'sum':
      return parts.reduce((width, part) => width + part.width, shape.x === 0 && shape.number === undefined ? 0 : 1);
    case 'polynomial':
      return Object.keys(shape.coefficients).length;
    case 'op':
      return shape.opType === 'Sigmoid' ? 2 : 1;
    case 'reduction':
      return 1;
    default:
      return maxOf([1, ...parts.map(({ width }) => width)]);
  }
}

const breadthOf = (shape: PatternShape, parts: readonly Pattern[]): number =>
  shape.kind === 'product'
    ? parts.length
    : shape.kind === 'choice' || isAround(shape)
      ? maxOf(parts.map(({ breadth }) => breadth))
      : 0;

function meaningsOf(shape: PatternShape): readonly (readonly [string, 'value' | 'number' | 'text'])[] {
  switch (shape.kind) {
    case 'capture':
    case 'as':
    case 'polynomial':
      return [[shape.name, 'value']];
    case 'number':
      return [[shape.name, 'number']];
    case 'product':
    case 'sum':
      return shape.number === undefined ? [] : [[shape.number, 'number']];
    case 'choice':
      return shape.name === undefined ? [] : [[shape.name, 'text']];
    case 'reduction':
      return [['axes', 'text']];
    default:
      return [];
  }
}

/** Throws TypeError: a pattern that can mean nothing is its author's slip. */
export function refuse(place: string, expected: string, found: string): never {
  throw new TypeError(`pattern ${place}: expected ${expected}; found ${found}.`);
}

const finite = (place: string, x: number): number =>
  Number.isFinite(x) ? x : refuse(place, 'a finite number', String(x));

/**
 * Matches any value, and the same value wherever the name occurs again. It captures the value behind Casts and
 * Identities that do nothing.
 */
export const any = <Name extends string>(name: Name): Pattern<Record<Name, Value>> =>
  new Pattern(name, { kind: 'capture', name });

/** A constant, however large; its tensor is `value.tensor` or behind a Cast. */
export function constant<Name extends string>(
  name: Name,
  isOne: (value: Value, facts: Facts) => boolean,
): Pattern<Record<Name, Value>> {
  const isThere = any(name).where((_, value) => value.isConstant || `expected a constant; found ${foundAt(value)}`);
  return isThere.where(
    (_, value, facts) => isOne(value, facts) || `expected another constant; found ${foundAt(value)}`,
  );
}

/** A scalar that is captured as a number. */
export const number = <Name extends string>(name: Name): Pattern<Record<Name, number>> =>
  new Pattern(name, { kind: 'number', name });

/** A number that a product may be times, captured; it is not drawn. */
export const times = <Name extends string>(name: Name): Pattern<Record<Name, number>> =>
  new Pattern('', { kind: 'number', name });

const patternOf = (term: PatternTerm): Pattern =>
  typeof term === 'number'
    ? new Pattern(String(term), { kind: 'literal', x: finite('number', term) })
    : partIn('term', term);

/** Checks a part of a pattern. It may be anything if the caller has no type checks. */
const partIn = (place: string, part: Pattern): Pattern =>
  part instanceof Pattern ? part : refuse(place, 'a pattern', part === undefined ? 'none' : foundText(part));

/** Matches several spellings that are different algebra, and captures the name of the one found. */
export const oneOf = <Name extends string, Options extends Record<string, Pattern>>(
  name: Name,
  options: Options,
): Pattern<Record<Name, keyof Options> & Partial<Merge<CapturesOf<Options[keyof Options]>>>> =>
  new Pattern('one of', { kind: 'choice', name, options: Object.keys(options) }, Object.values(options));
type Merge<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** Matches the pattern with something around it, or without. */
export const maybe = <Outer, Inner>(
  around: (inner: Pattern<Inner>) => Pattern<Outer>,
  inner: Pattern<Inner>,
): Pattern<Inner & Partial<Outer>> =>
  new Pattern('maybe', { kind: 'choice', options: ['with', 'without'] }, [around(inner), inner]);

/** A factor of a Product or a term of a Sum that may be missing. */
export const Optional = <C>(term: Pattern<C>): Pattern<Partial<C>> =>
  new Pattern(`${term.text}?`, { kind: 'optional' }, [term]);

/** Marks the op that a rule is about. A place that looks like the part is a site, whether or not the rule holds. */
export const site = <C>(part: Pattern<C>): Pattern<C> => new Pattern(part.text, { kind: 'site' }, [part]);

/** Marks the part of a pattern that a place must resemble to be a site. Without it, the marked site alone counts. */
export const telling = <C>(part: Pattern<C>): Pattern<C> => new Pattern(part.text, { kind: 'telling' }, [part]);

/** base^exponent, by whatever op: Mul of a value by itself, Pow, Sqrt, Reciprocal, Div. */
export function Power<T extends PatternTerm>(term: T, exponent: number): Pattern<CapturesOf<T>> {
  const text = `^${exponent}`;
  if (finite(text, exponent) === 0) refuse(text, 'a power other than 0', 'what is always 1');
  return product(text, [factorOf({ pattern: patternOf(term), weight: exponent, isOptional: false })]) as never;
}

/** The term times −1. */
export const Minus = <T extends PatternTerm>(term: T): Pattern<CapturesOf<T>> => Product(-1, term) as never;

/**
 * The product of the terms in any order, by Mul, Div, Neg, Reciprocal, Sqrt and Pow. Numbers among them multiply to its
 * coefficient, which is 1 where none is given; `number('name')` captures it.
 */
export const Product = <Terms extends readonly PatternTerm[]>(...terms: Terms): Pattern<AllCaptures<Terms>> =>
  product('Product', terms.map(partOf).map(factorOf)) as never;

/** The sum of the terms in any order, by Add and Sub. Numbers among them add to its constant, which is 0 where none is given. */
export function Sum<Terms extends readonly PatternTerm[]>(...terms: Terms): Pattern<AllCaptures<Terms>> {
  const inner = terms.map(partOf).map(({ pattern, isOptional }): Combined => {
    const { shape } = pattern;
    if (shape.kind === 'sum' && !isOptional) return shape;
    return numberIn(pattern) ?? { x: 0, parts: [{ pattern, weight: 1, isOptional }] };
  });
  return combined(
    'sum',
    'Sum',
    inner.reduce((sum, { x }) => sum + x, 0),
    inner,
  ) as never;
}

/** The contribution of one term to a combination. */
interface Combined {
  readonly x: number;
  readonly number?: string;
  /** The number's text in drawings. */
  readonly label?: string;
  readonly parts: readonly WeightedPattern[];
}

const partOf = (term: PatternTerm): WeightedPattern => {
  const pattern = patternOf(term);
  const isOptional = pattern.shape.kind === 'optional';
  return { pattern: isOptional ? (pattern.parts[0] as Pattern) : pattern, weight: 1, isOptional };
};

const numberIn = ({ shape, text }: Pattern): Combined | undefined =>
  shape.kind === 'literal'
    ? { x: shape.x, parts: [] }
    : shape.kind === 'number'
      ? { x: 0, number: shape.name, label: text, parts: [] }
      : undefined;

/** A power of a product as the product of powers, where that is the same for every number. */
function factorOf(part: WeightedPattern): Combined {
  const { pattern, weight, isOptional } = part;
  const { shape } = pattern;
  const number = numberIn(pattern);
  if (number) {
    if (number.number !== undefined && weight !== 1)
      refuse(`^${weight}`, 'a number by itself', `a power of ${number.number}`);
    return { ...number, x: number.number === undefined ? number.x ** weight : 1 };
  }
  const isSpread =
    shape.kind === 'product' &&
    !isOptional &&
    (weight === 1 ||
      (shape.number === undefined &&
        (Number.isInteger(weight) ||
          (shape.x > 0 && shape.parts.length === 1 && shape.parts.every((one) => isComposed(one.weight, weight))))));
  if (!isSpread) return { x: 1, parts: [part] };
  return { ...shape, x: shape.x ** weight, parts: shape.parts.map((one) => ({ ...one, weight: one.weight * weight })) };
}

const product = (text: string, inner: readonly Combined[]): Pattern =>
  combined(
    'product',
    text,
    inner.reduce((product, { x }) => product * x, 1),
    inner,
  );

function combined(kind: 'product' | 'sum', text: string, x: number, inner: readonly Combined[]): Pattern {
  const parts = inner.flatMap((one) => one.parts);
  const [number, ...more] = inner.flatMap((one) => one.number ?? []);
  finite(text, x);
  if (more.length > 0) refuse(text, 'one number that is captured', [number, ...more].join(' and '));
  if (number !== undefined && x !== (kind === 'product' ? 1 : 0)) refuse(text, `no number beside ${number}`, String(x));
  if (!parts.some(({ isOptional }) => !isOptional)) refuse(text, 'something that has to be there', 'nothing');
  if (kind === 'product' && x === 0) refuse(text, 'a factor other than 0', '0');
  const twice = parts.find((one, i) => parts.findIndex(({ pattern }) => keyOf(pattern) === keyOf(one.pattern)) !== i);
  if (twice) refuse(text, kind === 'sum' ? 'Product(2, …)' : 'Power(…, 2)', `${twice.pattern.text} twice`);
  const isDrawn = inner.some(({ label }) => label);
  const beside = isDrawn ? number : x === (kind === 'product' ? 1 : 0) ? undefined : x;
  const label = beside === undefined ? text : `${text} ${kind === 'product' ? '·' : '+'} ${beside}`;
  return new Pattern(
    label,
    { kind, x, number, label: isDrawn ? number : undefined, parts },
    parts.map(({ pattern }) => pattern),
  );
}

/** A key that is equal for patterns with equal matches. */
export const keyOf = ({ text, parts, shape }: Pattern): string =>
  `${text}${shape.kind === 'product' ? shape.parts.map(({ weight }) => weight) : ''}(${parts.map(keyOf)})`;

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

/** max(term, 0), by Max, Relu or Clip. It guards a difference that rounding may bring a little below zero. */
export const AtLeastZero = <T extends PatternTerm>(term: T): Pattern<CapturesOf<T>> =>
  new Pattern('max(·, 0)', { kind: 'op', opType: 'Relu', domain: '', what: 'the larger of something and 0', at: [0] }, [
    patternOf(term),
  ]);

/** The pattern of a node by patterns of its inputs at these places; the other inputs may be any. */
export const operator = (
  { opType, domain, what }: { readonly opType: string; readonly domain: string; readonly what: string },
  at: readonly number[],
  terms: readonly PatternTerm[],
): Pattern =>
  new Pattern(domain ? `${domain}.${opType}` : opType, { kind: 'op', opType, domain, what, at }, terms.map(patternOf));

/**
 * Matches by code of its own, for structure beyond algebra. `isSite` recognises a site; `through` is an op that the
 * match passes.
 */
export const reading = <Captures>(
  text: string,
  solve: Solve,
  {
    parts = [],
    ...told
  }: { readonly parts?: readonly Pattern[]; readonly isSite?: IsSite; readonly through?: string } = {},
): Pattern<Captures> => new Pattern(text, { kind: 'read', solve, ...told }, parts);
