/** Reports weights that stay because local functions read them. */
import type { Model } from '../../src/ir/model.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { PassContext } from '../../src/run/pass.js';

/** Reports each weight that only calls of local functions read: it stays, because a function has no constants that could be measured. */
export function tellHandedIn(model: Model, minElements: number, context: PassContext): void {
  for (const { constants } of model.graphs())
    for (const value of constants) {
      const { tensor, users } = value;
      if (!tensor || !isFloat(tensor.type) || elementCount(tensor.shape) < minElements || users.length === 0) continue;
      if (users.every((node) => model.functionOf(node)))
        context.skip('calls hand it to a local function: put inline before fit', value);
    }
}
