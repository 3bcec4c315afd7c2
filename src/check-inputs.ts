/** What is asked of the inputs that a model is run on, held against the model before any work is done. */
import type { Config } from './config.js';
import type { Model } from './ir/model.js';
import { UsageError, unknownText } from './run/usage-error.js';
import type { Sizes } from './validate/sizes.js';

/** Throws UsageError for a dim that no input has or a shape that the model excludes, ModelError for test data that cannot be fed. */
export async function checkInputs(model: Model, { shapes, dims, inputs }: Config): Promise<void> {
  const { openDims, shapesOf, sizeChoices } = await import('./validate/sizes.js');
  // The name of a dim may be a sum: each part of it can be given too.
  const open = openDims(model).flatMap((name) => [name, ...name.split('+').map((part) => part.trim())]);
  const known = [...new Set(open)].filter((name) => !name.startsWith('?'));
  for (const name of Object.keys(dims ?? {}))
    if (!known.includes(name)) throw new UsageError(unknownText('dim', name, known));
  try {
    if (shapes) shapesOf(model, sizeChoices[0] as Sizes, { shapes, dims });
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
  if (inputs !== undefined) (await import('./validate/test-data.js')).readTestData(inputs, model);
}
