/** Tries what raising a model to an operator set would do, on a copy. */
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { DataType } from '../ir/types.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { lostKernels } from './lost.js';
import { type RaiseRefusal, raiseOpset } from './raise.js';

export interface RaiseTrial {
  /** Why it cannot be raised. */
  readonly refusal?: RaiseRefusal;
  /** A node of each op that the target runs now, and not in the new set. */
  readonly lost: readonly Node[];
}

/** Types must be inferred. */
export function tryRaise(
  model: Model,
  to: number,
  hasKernel: (opType: string, domain: string, opset: number, elem: DataType) => boolean,
): RaiseTrial {
  const raised = cloneModel(model);
  const refusal = raiseOpset(raised, to);
  return refusal ? { refusal, lost: [] } : { lost: lostKernels(model, raised, to, hasKernel) };
}
