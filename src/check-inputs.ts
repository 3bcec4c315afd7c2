/** Checks the options about inputs against the model before any work is done. */

import { under } from './ir/collections/named.js';
import { dimText } from './ir/dims/dims.js';
import { type DimSize, isWithin, rangeText } from './ir/dims/range.js';
import { nameOf } from './ir/dims/symbols.js';
import type { Model } from './ir/model.js';
import { ModelError } from './ir/text/errors.js';
import { rangesOf } from './ir/whole-model/ranges.js';
import { frozenShape, rangesAmong, sizesOf } from './run/freeze.js';

interface InputOptions {
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly dims?: Readonly<Record<string, DimSize>>;
  readonly inputs?: string;
}

/** Throws UsageError for dims and shapes that the model does not have or excludes, ModelError for data that cannot be fed at these sizes. */
export async function checkInputs(model: Model, { shapes, dims, inputs }: InputOptions): Promise<void> {
  const sizes = sizesOf(model, { shapes, dims });
  const ranges = { ...rangesOf(model), ...rangesAmong(dims) };
  if (inputs === undefined) return;
  for (const { path, read } of (await import('./validate/inputs/files/given.js')).givenSets(inputs)) {
    const { tensors } = read(model);
    if (sizes.size === 0 && !shapes && Object.keys(ranges).length === 0) continue;
    for (const input of model.graph.inputs) {
      const found = under(tensors, input.name)?.shape;
      for (const [axis, dim] of (input.shape ?? []).entries()) {
        const name = nameOf(dim);
        const range = typeof name === 'string' ? under(ranges, name) : undefined;
        const size = found?.[axis];
        if (range && size !== undefined && !isWithin(size, range))
          throw new ModelError(
            path,
            `"${input.name}" with a size of ${rangeText(range)} at axis ${axis}, "${name}"`,
            `[${found?.join(', ')}]`,
          );
      }
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
