/** What patterns are made of: terms that match one value, captures, conditions, alternatives, views. */
import type { Facts } from '../infer/index.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { isNear } from './near.js';
import { plainOf } from './plain.js';
import { scalarOf } from './scalar.js';
import type { Environment, Search } from './search.js';

/** What a pattern may be written as where a value stands: a number is a scalar of that value. */
// biome-ignore lint/suspicious/noExplicitAny: any captures
export type Term = Pattern<any> | number;

export type CapturesOf<T> = T extends Pattern<infer C> ? C : unknown;
/** What all the terms capture together. */
export type All<Terms extends readonly unknown[]> = Terms extends readonly [infer First, ...infer Rest]
  ? CapturesOf<First> & All<Rest>
  : unknown;

/** How a pattern solves one value. */
type Solve = (value: Value, environment: Environment, search: Search) => Iterable<Environment>;

export class Pattern<out Captures = unknown> {
  declare readonly captures: Captures;

  constructor(
    /** How it is drawn: an op, a number, a capture. */
    readonly text: string,
    readonly parts: readonly Pattern[],
    readonly solve: Solve,
    /** Op types that its outermost node may have; undefined for any. */
    readonly roots?: ReadonlySet<string>,
    /** What it is about the same nodes as: a capture or a condition around it adds none. */
    readonly inner?: Pattern,
  ) {}

  /** The same, and a capture of the value it matches. */
  as<Name extends string>(name: Name): Pattern<Captures & Record<Name, Value>> {
    const solve: Solve = function* (this: void, value, environment, search) {
      for (const found of inner.solve(value, environment, search)) {
        const next = found.capture(name, value);
        if (next) yield next;
        else search.fail(found, outer, value, `expected the same value as ${name}`);
      }
    };
    const inner = this as Pattern<Captures>;
    const text = `${name} = ${this.text}`;
    const outer = new Pattern<Captures & Record<Name, Value>>(text, this.parts, solve, this.roots, inner);
    return outer;
  }

  /** The same, under a condition; a reason in words says why it does not hold. */
  where(condition: (captures: Captures, value: Value, facts: Facts) => true | string): Pattern<Captures> {
    const inner = this as Pattern<Captures>;
    const solve: Solve = function* (value, environment, search) {
      for (const found of inner.solve(value, environment, search)) {
        const answer = condition(capturesOf<Captures>(found), value, search.facts);
        if (answer === true) yield found;
        else search.fail(found, outer, value, answer);
      }
    };
    const outer = new Pattern<Captures>(this.text, this.parts, solve, this.roots, inner);
    return outer;
  }
}

export const capturesOf = <C>(environment: Environment): C => Object.fromEntries(environment.captures) as C;

/** What stands where something else was expected, in a few words without names. */
export const foundAt = (value: Value): string => {
  if (value.isConstant) return `a constant ${value.elem}[${value.shape?.join(', ') ?? ''}]`;
  const node = value.producer;
  if (!node) return 'a graph input';
  if (node.is('Cast')) return `Cast (to = ${value.elem})`;
  return node.domain ? `${node.domain}.${node.opType}` : node.opType;
};

/** Any value; the same one wherever the name stands again. What is captured is the value behind Casts and Identities that do nothing. */
export function any<Name extends string>(name: Name): Pattern<Record<Name, Value>> {
  const pattern: Pattern<Record<Name, Value>> = new Pattern(name, [], function* (value, environment, search) {
    const next = environment.capture(name, plainOf(value).of);
    if (next) yield next.matched(pattern, value);
    else search.fail(environment, pattern, value, `expected the same value as ${name}; found ${foundAt(value)}`);
  });
  return pattern;
}

/** A constant, however large; its tensor is `value.tensor` or behind a Cast. */
export function constant<Name extends string>(
  name: Name,
  isOne: (value: Value) => boolean,
): Pattern<Record<Name, Value>> {
  return any(name).where((_, value) => isOne(value) || `expected a constant; found ${foundAt(value)}`);
}

/** A scalar that is captured as a number. */
export function number<Name extends string>(name: Name): Pattern<Record<Name, number>> {
  const pattern: Pattern<Record<Name, number>> = new Pattern(name, [], function* (value, environment, search) {
    const x = scalarOf(value, search.facts);
    const next = x === undefined ? undefined : environment.capture(name, x);
    if (next) yield next.matched(pattern, value);
    else search.fail(environment, pattern, value, `expected one number (${name}); found ${foundAt(value)}`);
  });
  numbers.set(pattern, name);
  return pattern;
}
/** The patterns that stand for a number: a Product or a Sum takes its coefficient or constant for it. */
export const numbers = new WeakMap<Pattern, string>();

const literal = (expected: number): Pattern => {
  const pattern: Pattern = new Pattern(String(expected), [], function* (value, environment, search) {
    const x = scalarOf(value, search.facts);
    if (x !== undefined && isNear(x, expected, value.elem)) yield environment.matched(pattern, value);
    else search.fail(environment, pattern, value, `expected ${expected}; found ${x ?? foundAt(value)}`);
  });
  return pattern;
};

export const patternOf = (term: Term): Pattern => (typeof term === 'number' ? literal(term) : term);

/** Several spellings that are different algebra; which one it was is captured under the name. */
export function oneOf<Name extends string, Options extends Record<string, Pattern>>(
  name: Name,
  options: Options,
): Pattern<Record<Name, keyof Options> & Partial<Merge<CapturesOf<Options[keyof Options]>>>> {
  const parts = Object.values(options);
  const roots = parts.every((part) => part.roots)
    ? new Set(parts.flatMap((part) => [...(part.roots ?? [])]))
    : undefined;
  return new Pattern(
    'one of',
    parts,
    function* (value, environment, search) {
      for (const [key, part] of Object.entries(options))
        for (const found of part.solve(value, environment, search)) {
          const next = found.capture(name, key);
          if (next) yield next;
        }
    },
    roots,
  ) as never;
}
type Merge<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The pattern with something around it, or without. */
export const maybe = <Outer, Inner>(around: (inner: Pattern<Inner>) => Pattern<Outer>, inner: Pattern<Inner>) => {
  const outer = around(inner);
  const roots = outer.roots && inner.roots && new Set([...outer.roots, ...inner.roots]);
  return new Pattern<Inner & Partial<Outer>>(
    'maybe',
    [outer],
    function* (value, environment, search) {
      yield* outer.solve(value, environment, search);
      yield* inner.solve(value, environment, search);
    },
    roots,
  );
};

/** What a view says of a value: another value that it is made of, and the nodes between. */
export interface Reading {
  readonly of: Value;
  readonly nodes: readonly Node[];
}

/** A view: the value is read as something about another value, which the term matches. A reason says why it cannot be. */
export function view<T extends Term>(
  text: string,
  read: (value: Value, facts: Facts) => Reading | string,
  term: T,
): Pattern<CapturesOf<T>> {
  const inner = patternOf(term);
  const pattern: Pattern<CapturesOf<T>> = new Pattern(text, [inner], function* (value, environment, search) {
    const reading = read(value, search.facts);
    if (typeof reading === 'string') search.fail(environment, pattern, value, reading);
    else yield* inner.solve(reading.of, environment.matched(pattern, value, reading.nodes), search);
  });
  return pattern;
}
