/** What is asked of the inputs that a model is run on, held against the model before any work is done. */
import type { Config } from './config.js';
import { dimText } from './ir/dims.js';
import { ModelError } from './ir/errors.js';
import type { Model } from './ir/model.js';
import { frozenShape, sizesOf } from './run/freeze.js';

/** Throws UsageError for dims and shapes that the model does not have or excludes, ModelError for test data that cannot be fed at these sizes. */
export async function checkInputs(model: Model, { shapes, dims, inputs }: Config): Promise<void> {
  const sizes = sizesOf(model, { shapes, dims });
  if (inputs === undefined) return;
  const sets = (await import('./validate/test-data.js')).readTestData(inputs, model);
  if (sizes.size === 0 && !shapes) return;
  for (const { tensors } of sets)
    for (const input of model.graph.inputs) {
      const found = tensors[input.name]?.shape;
      const wanted = frozenShape(input, { shapes }, sizes);
      const fits = !found || !wanted || wanted.every((dim, axis) => typeof dim !== 'number' || dim === found[axis]);
      if (!fits)
        throw new ModelError(
          inputs,
          `"${input.name}" of [${wanted.map(dimText).join(', ')}], as the dims and shapes given say`,
          `[${found.join(', ')}]`,
        );
    }
}
