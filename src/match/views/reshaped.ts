/** Ops that give their input another shape. */
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import { movementOf } from '../../ops/moved.js';

/**
 * Finds the op behind a value if it only changes the shape and leaves the numbers in their order; undefined where it
 * does more.
 */
export function reshapeOf(value: Value | undefined): Node | undefined {
  const movement = movementOf(value);
  return movement?.kind === 'regrouped' && !movement.keepsShape ? value?.producer : undefined;
}
