/** Rows of a batch against the same rows one by one. */
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { writeModel } from '../../../src/onnx/write.js';
import { compareTensors, randomFeeds } from '../../check-pass.js';
import { openModel, type Tensors } from '../../run-model.js';

const joined = (parts: readonly Tensor[]): Tensor => {
  const [{ type, shape }] = parts as readonly [Tensor];
  const numbers = parts.flatMap((part) => [...new Float32Array(Uint8Array.from(part.bytes()).buffer)]);
  return tensorOf(type, numbers, [parts.length, ...shape.slice(1)]);
};

/** Runs two rows of other numbers as one batch, and each alone on the original. */
export async function checkRows(before: Model, after: Model, shared: readonly string[] = []): Promise<void> {
  const rows = [1, 2].map((seed) => randomFeeds(before, {}, seed));
  const [single, whole] = [await openModel(await writeModel(before)), await openModel(await writeModel(after))];
  const batch = Object.fromEntries(
    Object.keys(rows[0] as Tensors).map((name) => {
      const own = rows.map((row) => row[name] as Tensor);
      if (shared.includes(name)) for (const row of rows) Object.assign(row, { [name]: own[0] });
      return [name, shared.includes(name) ? (own[0] as Tensor) : joined(own)];
    }),
  );
  const alone: Tensors[] = [];
  for (const row of rows) alone.push(await single.run(row));
  const found = await whole.run(batch);
  for (const [name, all] of Object.entries(found))
    compareTensors({ [name]: all }, { [name]: joined(alone.map((one) => one[name] as Tensor)) }, 1e-4);
  await Promise.all([single.release(), whole.release()]);
}
