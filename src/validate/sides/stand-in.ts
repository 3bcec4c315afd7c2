/**
 * Makes a stand-in for an original that no provider here has kernels for: a form that the CPU runs. Such originals are
 * published in bfloat16 or float64, or have kernels for GPUs alone.
 */
import type { Model } from '../../ir/model.js';
import { withFloat32Kernels } from '../emulate/float64.js';
import { emulated } from '../emulate/index.js';
import { lacksKernel } from '../proof.js';

const known = new WeakMap<Model, { readonly revision: number; readonly standIn: Model | undefined }>();

/**
 * Undefined where the model fails for another reason, or would fail emulated as well. A model has one stand-in until it
 * changes.
 */
export function standInOf(model: Model, failure: string): Model | undefined {
  if (!lacksKernel.test(failure)) return undefined;
  const made = known.get(model);
  if (made?.revision === model.revision) return made.standIn;
  const emulation = emulated(model)?.model;
  const standIn = withFloat32Kernels(emulation ?? model) ?? emulation;
  known.set(model, { revision: model.revision, standIn });
  return standIn;
}
