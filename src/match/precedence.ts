/** Orders rules for matching. The order follows from the rules, so their order in a list means nothing. */
import { append, maxOf } from '../ir/collections/lists.js';
import { keyOf, type Pattern } from './pattern/index.js';
import type { Rule, RuleSet } from './rule.js';

/** The least number of parts in a match, over all choices. */
function sizeOf({ shape, parts }: Pattern): number {
  if (shape.kind === 'optional') return 0;
  const sizes = parts.map(sizeOf);
  if (shape.kind === 'choice') return sizes.reduce((least, size) => Math.min(least, size));
  if (shape.kind === 'product' || shape.kind === 'sum')
    return 1 + sizes.reduce((sum, size, i) => sum + (shape.parts[i]?.isOptional ? 0 : size), 0);
  return sizes.reduce((sum, size) => sum + size, 1);
}

/**
 * Sorts rules by size, the largest pattern first, as a smaller one may match a part of it. Rules with equal patterns
 * match the same.
 */
export const inOrder = (rules: readonly Rule[]): readonly Rule[] =>
  rules
    .map((rule) => ({ rule, size: sizeOf(rule.match), key: `${keyOf(rule.match)} ${rule.name}` }))
    .sort((a, b) => b.size - a.size || (a.key < b.key ? -1 : 1))
    .map(({ rule }) => rule);

/** Sorts sets: each behind the sets in its `after`; of the others the one with the largest pattern first. */
export function setsInOrder(sets: readonly RuleSet[]): readonly RuleSet[] {
  const open = sets
    .map((set) => ({ set, size: maxOf(set.rules.map(({ match }) => sizeOf(match))) }))
    .sort((a, b) => b.size - a.size || (a.set.noun < b.set.noun ? -1 : 1))
    .map(({ set }) => set);
  const ordered: RuleSet[] = [];
  while (open.length > 0) {
    const next = open.findIndex(({ after = [] }) => !after.some((noun) => open.some((other) => other.noun === noun)));
    if (next < 0)
      throw new TypeError(
        `rules: expected sets in some order; found each after another: ${open.map(({ noun }) => noun).join(', ')}`,
      );
    append(ordered, open.splice(next, 1));
  }
  return ordered;
}
