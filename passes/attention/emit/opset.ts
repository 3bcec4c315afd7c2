/** Raises a model to the opset of ai.onnx Attention, where a site needs it and nothing is lost by it. */
import { inferTypes } from '../../../src/infer/index.js';
import type { Model } from '../../../src/ir/model.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { lostKernels } from '../../../src/opset/lost.js';
import { raiseOpset } from '../../../src/opset/raise.js';
import type { PassContext } from '../../../src/run/pass.js';

/** The first opset with Attention. */
export const ATTENTION = 23;

/** True where every scope is at an opset that has Attention. */
export const hasAttention = (model: Model): boolean =>
  [...model.graphs()].every(({ opsets }) => (opsets.get('') ?? 0) >= ATTENTION);

/** Says in words that the target would not run all of the raised model; undefined where it would. */
export function raiseMiss(model: Model, context: PassContext): string | undefined {
  const copy = cloneModel(model);
  inferTypes(copy);
  const refusal = raiseOpset(copy, ATTENTION);
  if (refusal) return refusal.reason;
  const [lost] = lostKernels(model, copy, ATTENTION, context.hasKernel);
  return lost && `the target has no kernel for ${lost.opType} there`;
}
