/**
 * Measures the cost of passes: the distance of a model's outputs from those of the model before it, on one set of
 * inputs.
 */

import { maxOf } from '../ir/collections/lists.js';
import { under } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { RuntimeError, type RuntimeProcess, type Tensors } from '../runtime/isolate.js';
import { runLimitsOf } from '../runtime/limits.js';
import { compareTensors, mismatchOf } from './judge/accuracy.js';
import { referenceOf } from './reference.js';
import type { ReferenceOptions } from './reference-runs.js';
import { loadInForm } from './sides/forms.js';
import { prepareModel } from './sides/prepared-model.js';

/** Models that take the same inputs, each run once until it is edited. */
export class Costs {
  readonly #outputs = new WeakMap<Model, { readonly revision: number; readonly outputs: Tensors }>();
  #feeds: Tensors | undefined;

  constructor(
    readonly runtime: RuntimeProcess,
    readonly options: ReferenceOptions,
  ) {}

  /** Relative L2 of the output that is furthest off, infinite where one is NaN on one side alone; undefined where one of the two does not run. */
  async between(before: Model, after: Model): Promise<number | undefined> {
    this.runtime.limits = runLimitsOf(before);
    try {
      const [a, b] = [await this.#outputsOf(before), await this.#outputsOf(after)];
      const errors = Object.entries(a).flatMap(([name, original]) => {
        const result = under(b, name);
        if (!result || mismatchOf(original, result)) return [];
        const { equal, nonFiniteMismatches, relativeL2 } = compareTensors(name, original, result);
        return equal === undefined ? [nonFiniteMismatches ? Number.POSITIVE_INFINITY : relativeL2] : [];
      });
      return errors.length ? maxOf(errors) : undefined;
    } catch (error) {
      if (error instanceof RuntimeError || error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** The outputs in the target's arithmetic, where that can be emulated. */
  async #outputsOf(model: Model): Promise<Tensors> {
    const known = this.#outputs.get(model);
    if (known?.revision === model.revision) return known.outputs;
    const prepared = await prepareModel(model);
    try {
      if (!this.#feeds) {
        const { runs } = await referenceOf(this.runtime, model, prepared.source, { ...this.options, mostSets: 1 });
        this.#feeds = runs[0]?.feeds.tensors ?? {};
      }
      const { provider } = this.options;
      const side =
        (await loadInForm(this.runtime, prepared, provider, 'emulated')) ??
        (await loadInForm(this.runtime, prepared, provider, 'plain'));
      const outputs = side ? await side.run(this.#feeds).finally(() => side.release()) : {};
      this.#outputs.set(model, { revision: model.revision, outputs });
      return outputs;
    } finally {
      prepared.close();
    }
  }
}
