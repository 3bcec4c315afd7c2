/** Terms that are no algebra: captures, choices, marks, ops by their inputs, and code of a pattern's own. */
import type { Facts } from '../../infer/index.js';
import type { Value } from '../../ir/value.js';
import { foundAt } from '../search/search.js';
import { type CapturesOf, type IsSite, Pattern, type PatternTerm, patternOf, type Solve } from './pattern.js';

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
