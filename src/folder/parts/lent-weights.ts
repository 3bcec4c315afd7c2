/** Holds the weights that a model reads from the data file of another against those that it had before. */
import type { Model } from '../../ir/model.js';
import type { Limits } from '../../ir/options/budget.js';
import { storedTensors } from '../../ir/tensors/constants.js';
import { isSameTensor } from '../../ir/tensors/same-tensor.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import { ModelError } from '../../ir/text/errors.js';
import { readModel } from '../../onnx/read.js';
import type { LentPlace } from '../../onnx/tensor-writer.js';

/** What all scopes of a model store, in the order in which it is written. */
export const tensorsOf = (model: Model): Tensor[] => [...model.graphs()].flatMap((graph) => [...storedTensors(graph)]);

/** Type and shape, as texts say them. */
export const kindOf = ({ type, shape }: Tensor): string => `${type}[${shape}]`;

/**
 * Reads a model that was written with lent weights. Gives its tensors by those that it was written from. Throws ModelError where a lent one holds other
 * bytes.
 */
export async function readBack(
  model: Model,
  path: string,
  lent: ReadonlyMap<Tensor, LentPlace>,
  budget?: Limits,
): Promise<ReadonlyMap<Tensor, Tensor>> {
  const [before, now] = [tensorsOf(model), tensorsOf(await readModel(path, { budget }))];
  if (now.length !== before.length)
    throw new ModelError(path, `${before.length} tensors, as before it shared weights`, `${now.length}`, REMEDY);
  const nowOf = new Map(before.map((tensor, at) => [tensor, now[at] as Tensor]));
  for (const [tensor, { location, offset }] of lent) {
    if (isSameTensor(tensor, nowOf.get(tensor) as Tensor)) continue;
    throw new ModelError(path, `its ${kindOf(tensor)} at ${offset} of ${location}`, 'other bytes', REMEDY);
  }
  return nowOf;
}

const REMEDY = 'Nothing was put into place: please report it; with --no-external-data each model keeps its own weights';
