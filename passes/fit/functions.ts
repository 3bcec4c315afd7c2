/** Weights that calls hand to local functions: a function has no constants of its own that could be measured, so it is put in the place of its calls. */

import { inferTypes } from '../../src/infer/index.js';
import type { Model } from '../../src/ir/model.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { dropUncalled, inlineCalls } from '../../src/region/functions/inline-all.js';
import type { PassContext } from '../../src/run/pass.js';

/** The weights that nothing but calls of local functions reads. */
export function handedIn(model: Model, minElements: number): Value[] {
  return [...model.graphs()].flatMap(({ constants }) =>
    [...constants].filter(
      ({ tensor, users }) =>
        tensor &&
        isFloat(tensor.type) &&
        elementCount(tensor.shape) >= minElements &&
        users.length > 0 &&
        users.every((node) => model.functionOf(node)),
    ),
  );
}

/** Puts all local functions in the place of their calls, but those that cannot be; tells how many calls there were. */
export function inlineAll(model: Model): number {
  let count = 0;
  inlineCalls(model, { inlined: () => void count++ });
  dropUncalled(model);
  inferTypes(model);
  return count;
}

/** Says of each weight that is still handed to a function that it stays. */
export function tellHandedIn(model: Model, minElements: number, context: PassContext): void {
  for (const value of handedIn(model, minElements))
    context.skip('calls hand it to a local function that cannot be inlined', value);
}
