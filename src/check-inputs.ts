/** Checks the options about inputs against the model before any work is done. */

import { under } from './ir/collections/named.js';
import { dimText } from './ir/dims/dims.js';
import type { DimSize } from './ir/dims/range.js';
import type { Model } from './ir/model.js';
import { ModelError } from './ir/text/errors.js';
import { frozenShape, sizesOf } from './run/freeze.js';

interface InputOptions {
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly dims?: Readonly<Record<string, DimSize>>;
  readonly inputs?: string;
}

/** Throws UsageError for dims and shapes that the model does not have or excludes, ModelError for data that cannot be fed at these sizes. */
export async function checkInputs(model: Model, { shapes, dims, inputs }: InputOptions): Promise<void> {
  const sizes = sizesOf(model, { shapes, dims });
  if (inputs === undefined) return;
  for (const { path, read } of (await import('./validate/inputs/files/given.js')).givenSets(inputs)) {
    const { tensors } = read(model);
    if (sizes.size === 0 && !shapes) continue;
    for (const input of model.graph.inputs) {
      const found = under(tensors, input.name)?.shape;
      const wanted = frozenShape(input, { shapes }, sizes);
      const fits = !found || !wanted || wanted.every((dim, axis) => typeof dim !== 'number' || dim === found[axis]);
      if (!fits)
        throw new ModelError(
          path,
          `"${input.name}" of [${wanted.map(dimText).join(', ')}], as the dims and shapes given say`,
          `[${found.join(', ')}]`,
        );
    }
  }
}
