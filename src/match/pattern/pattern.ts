/**
 * The pattern language: op words are the exact ONNX names, `Product`, `Sum`, `Power` and `Polynomial` are algebra in any spelling.
 *
 * A pattern is data. It is brought to one form where it is defined, and refused there where it can mean nothing: `Minus(a)` is
 * `Product(-1, a)`, a product of products is one product. Captures are typed: a misspelled op or capture does not compile.
 */
import type { Facts } from '../../infer/index.js';
import { maxOf } from '../../ir/collections/lists.js';
import { foundText } from '../../ir/text/usage-error.js';
import type { Value } from '../../ir/value.js';
import type { Reduction } from '../algebra/normal-form.js';
import type { Environment, Search } from '../search/search.js';
import { finite, refuse } from './refuse.js';

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

/** The contribution of one term to a combination. */
export interface Combined {
  readonly x: number;
  readonly number?: string;
  /** The number's text in drawings. */
  readonly label?: string;
  readonly parts: readonly WeightedPattern[];
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
export type IsSite = (node: NonNullable<Value['producer']>, facts: Facts) => boolean;
/** Matches one value by code of the pattern's own. */
export type Solve = (value: Value, environment: Environment, search: Search) => Iterable<Environment>;

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

/** A key that is equal for patterns with equal matches. */
export const keyOf = ({ text, parts, shape }: Pattern): string =>
  `${text}${shape.kind === 'product' ? shape.parts.map(({ weight }) => weight) : ''}(${parts.map(keyOf)})`;

/** A term as a pattern. */
export const patternOf = (term: PatternTerm): Pattern =>
  typeof term === 'number'
    ? new Pattern(String(term), { kind: 'literal', x: finite('number', term) })
    : partIn('term', term);

/** Checks a part of a pattern. It may be anything if the caller has no type checks. */
const partIn = (place: string, part: Pattern): Pattern =>
  part instanceof Pattern ? part : refuse(place, 'a pattern', part === undefined ? 'none' : foundText(part));

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
