/** Whether the types of a shortened model are those of the whole one. */
import type { Facts } from '../../infer/index.js';
import { tensorType, typeText } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import type { Run } from './plan.js';
import { isSameType } from './same.js';
import type { Shift } from './shift.js';

/**
 * True where the second and the third repeat give the same types and integers. Then the fourth is given what the third was,
 * and so are all behind it: equal nodes that read equal types give equal ones, however many there are. `copies`: what
 * the values of the whole model became in the short one, whose types are inferred.
 */
export function isSteady({ first, shifts }: Run, facts: Facts, copies: ReadonlyMap<Value, Value>): boolean {
  const { from, to } = shifts[first + 1] as Shift;
  for (const [place, { outputs }] of from.entries())
    for (const [index, value] of outputs.entries()) {
      const [x, y] = [value, to[place]?.outputs[index]].map((one) => one && copies.get(one));
      if (!x || !y) continue;
      if (!isSameType(x, y) || heldText(x, facts) !== heldText(y, facts)) return false;
    }
  return true;
}

/** The integers as text: unknown ones are alike, as unknown dims are. */
function heldText(value: Value, facts: Facts): string {
  const held = facts.contents(value);
  return held ? typeText(tensorType('int64', held)) : '';
}
