/** The larger of a term and zero: what guards a difference that rounding may make a little less than nothing. */
import type { Facts } from '../infer/index.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { reshapable } from './combination.js';
import { plainOf } from './plain.js';
import { functionBefore } from './reshaped.js';
import { scalarOf } from './scalar.js';
import { type CapturesOf, foundAt, Pattern, patternOf, type Term } from './term.js';

/** max(term, 0), by Max, Relu or Clip. */
export function AtLeastZero<T extends Term>(term: T): Pattern<CapturesOf<T>> {
  const part = patternOf(term);
  const pattern: Pattern<CapturesOf<T>> = new Pattern('max(·, 0)', [part], function* (value, environment, search) {
    const { of, nodes } = plainOf(value);
    const before = functionBefore(of, search.facts);
    const node = (before ?? of).producer;
    const floored = node && flooredBy(node, search.facts);
    if (!floored) {
      search.fail(environment, pattern, value, `expected the larger of something and 0; found ${foundAt(value)}`);
      return;
    }
    const shape = environment.laterShape(value) ?? (before && of.shape);
    const between = before && of.producer ? [of.producer] : [];
    const inside = environment.matched(pattern, value, [...nodes, ...between, node]);
    yield* part.solve(floored, inside.reading(floored, shape), search);
  });
  reshapable.add(pattern);
  return pattern;
}

/** What the node gives where it is above zero; undefined where it does something else. */
function flooredBy(node: Node, facts: Facts): Value | undefined {
  const [a, b, c] = node.inputs;
  const isZero = (value: Value | undefined): boolean => value !== undefined && scalarOf(value, facts) === 0;
  if (node.domain !== '' || node.hasReference || !a) return undefined;
  if (node.opType === 'Relu') return a;
  if (node.opType === 'Clip') return !c && isZero(b) ? a : undefined;
  if (node.opType !== 'Max' || node.inputs.length !== 2) return undefined;
  return isZero(b) ? a : isZero(a) ? b : undefined;
}
