/** Gives the factors of a product, or the terms of a sum, to the parts of a pattern. */
import type { Value } from '../../ir/value.js';
import { isNear } from '../algebra/near.js';
import type { Factor, Term } from '../algebra/normal-form.js';
import { powerOf } from '../algebra/ratio.js';
import type { Pattern, WeightedPattern } from '../pattern/index.js';
import type { Environment, Search } from './search.js';
import { baseOf, type ExpressionAt, otherTerm, termsOf } from './subject.js';

/** One way in which an expression is `ratio` times the pattern. */
export interface Solution {
  readonly environment: Environment;
  readonly ratio: number;
}

/** Yields every match of a subject with a pattern. */
type Matcher = (
  pattern: Pattern,
  subject: ExpressionAt,
  environment: Environment,
  search: Search,
) => Iterable<Solution>;

export const neededOf = (parts: readonly WeightedPattern[]): number =>
  parts.filter(({ isOptional }) => !isOptional).length;

/** Yields every way to give each part its own factors, all factors taken. */
export function* assigned(
  matches: Matcher,
  parts: readonly WeightedPattern[],
  factors: readonly Factor[],
  at: Value,
  { environment, ratio }: Solution,
  search: Search,
): Iterable<Solution> {
  const [part, ...others] = parts;
  if (!part) {
    if (factors.length === 0 || search.isLoose) yield { environment, ratio };
    return;
  }
  const isWhole = part.weight === 1 && part.pattern.breadth > 0;
  for (const own of subsets(factors, isWhole ? Math.min(part.pattern.breadth, factors.length) : 1)) {
    const [{ atom, exponent }] = own as readonly [Factor];
    const base = baseOf(atom, at);
    const isWeight = isWhole || (search.isLoose ? looksLike(exponent, part.weight) : isNear(exponent, part.weight));
    if (!isWeight) {
      search.fail(environment, part.pattern, base.at, `expected the power ${part.weight}; found ${exponent}`);
      continue;
    }
    const isPower = isWhole && (own.length > 1 || exponent !== 1);
    const subject = isPower ? { of: { terms: [{ coefficient: 1, factors: own }], nodes: new Set<never>() }, at } : base;
    const left = factors.filter((one) => !own.includes(one));
    for (const found of matches(part.pattern, subject, environment, search)) {
      const raised = powerOf(found.ratio, part.weight);
      if (raised !== undefined)
        yield* assigned(matches, others, left, at, { environment: found.environment, ratio: ratio * raised }, search);
    }
  }
  if (part.isOptional && factors.length <= others.length)
    yield* assigned(matches, others, factors, at, { environment, ratio }, search);
}

/** True if a power resembles another: it has the same sign, and is whole where the other is a square. */
const looksLike = (exponent: number, weight: number): boolean => exponent * weight > 0 && (weight <= 1 || exponent > 1);

/** Yields every way to give each part its own terms: all terms taken, all as the same multiple of the parts. */
export function* added(
  matches: Matcher,
  sum: Pattern,
  parts: readonly WeightedPattern[],
  terms: readonly Term[],
  count: number,
  at: Value,
  { environment, ratio }: Solution,
  search: Search,
): Iterable<Solution> {
  const [part, ...others] = parts;
  if (!part) {
    if (terms.length === 0 || search.isLoose) yield { environment, ratio: ratio || 1 };
    else search.fail(environment, sum, at, `expected a sum of ${count - terms.length}; found one of ${count}`);
    return;
  }
  const needed = neededOf(others);
  for (const own of subsets(terms, Math.min(part.pattern.width, terms.length - needed))) {
    const subject = termsOf(own, at, environment.reader);
    const left = terms.filter((term) => !own.includes(term));
    for (const found of matches(part.pattern, subject, environment, search)) {
      const isSame = ratio === 0 || search.isLoose || isNear(found.ratio, ratio, at.elem);
      if (isSame)
        yield* added(
          matches,
          sum,
          others,
          left,
          count,
          at,
          { environment: found.environment, ratio: ratio || found.ratio },
          search,
        );
      else search.fail(found.environment, sum, subject.at, otherTerm(part.pattern, found.ratio / ratio, at));
    }
  }
  const isLeftOver = terms.length > others.reduce((width, one) => width + one.pattern.width, 0);
  if (part.isOptional && !isLeftOver)
    yield* added(matches, sum, others, terms, count, at, { environment, ratio }, search);
}

/** The lists of at most so many of the items, the longest first. */
function* subsets<T>(items: readonly T[], most: number): Iterable<readonly T[]> {
  for (let size = most; size > 0; size--) yield* ofSize(items, size);
}

function* ofSize<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  if (size === 0) yield [];
  else
    for (const [i, item] of items.entries())
      for (const more of ofSize(items.slice(i + 1), size - 1)) yield [item, ...more];
}
