/** A model as a browser's runtime loads it, from bytes: built in place of `src/validate/sides/prepared-model.ts`. */
import type { Model } from '../ir/model.js';
import { withLimits } from '../ir/whole-model/clone.js';
import { type ReadOptions, readModel } from '../onnx/read.js';
import { writeModel } from '../onnx/write.js';
import type { PreparedModel } from '../validate/sides/prepared-model.js';

export type { PreparedModel } from '../validate/sides/prepared-model.js';

export async function prepareModel(
  given: string | Uint8Array | Model,
  { allowOutsideData, budget }: Pick<ReadOptions, 'allowOutsideData' | 'budget'> = {},
): Promise<PreparedModel> {
  const isFile = typeof given === 'string' || given instanceof Uint8Array;
  const model = isFile ? await readModel(given, { allowOutsideData, budget }) : withLimits(given, budget);
  const source = given instanceof Uint8Array ? given : await writeModel(model);
  return { model, source, files: [], close() {} };
}
