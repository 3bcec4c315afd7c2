/**
 * Measures the cost of passes: the distance of a model's outputs from those of the model before it, on a few sets of inputs whose number does
 * not depend on time.
 */

import { maxOf } from '../ir/collections/lists.js';
import { under } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { numbersOf } from '../ir/tensors/numbers.js';
import type { Alternative, ErrorsWith, OutputError } from '../run/trials.js';
import { RuntimeError, type RuntimeProcess, type TensorData, type Tensors } from '../runtime/isolate.js';
import { runLimitsOf } from '../runtime/limits.js';
import { fromTensorData } from '../runtime/tensor-data.js';
import { spread } from './inputs/run-sets.js';
import { compareTensors, mismatchOf } from './judge/accuracy.js';
import { outlayOf } from './outlay.js';
import { referenceOf } from './reference.js';
import type { ReferenceOptions } from './reference-runs.js';
import { loadInForm } from './sides/forms.js';
import { type PreparedModel, prepareModel } from './sides/prepared-model.js';
import { sketchOf } from './sketch.js';
import { switchesOf, withSwitches } from './switches.js';

/** Models that take the same inputs, each run once until it is edited. */
export class Costs {
  readonly #outputs = new WeakMap<Model, { readonly revision: number; readonly outputs: readonly Tensors[] }>();
  #feeds: readonly Tensors[] | undefined;

  constructor(
    readonly runtime: RuntimeProcess,
    readonly options: ReferenceOptions,
  ) {}

  /** Relative L2 of the output that is furthest off, infinite where one is NaN on one side alone; undefined where one of the two does not run. */
  async between(before: Model, after: Model): Promise<number | undefined> {
    const errors = (await this.errors(before, after))?.flatMap((one) => one?.error ?? []);
    return errors?.length ? maxOf(errors) : undefined;
  }

  /** The same for each output on each set, in this order; undefined in it where an output is not compared by its distance. */
  async errors(before: Model, after: Model): Promise<readonly (OutputError | undefined)[] | undefined> {
    this.runtime.limits = runLimitsOf(before);
    try {
      const [a, b] = [await this.#outputsOf(before), await this.#outputsOf(after)];
      return a.flatMap((outputs, set) => errorsIn(outputs, b[set] ?? {}));
    } catch (error) {
      if (error instanceof RuntimeError || error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** What is found out in one session in which constants of the model can be others; undefined where it does not run so. */
  async switched<Found>(
    model: Model,
    alternatives: readonly Alternative[],
    ask: (errorsWith: ErrorsWith) => Promise<Found>,
  ): Promise<Found | undefined> {
    this.runtime.limits = runLimitsOf(model);
    try {
      const feeds = this.#feeds ?? (await whilePrepared(model, (plain) => this.#feedsFor(plain)));
      return await whilePrepared(withSwitches(model, alternatives), async (prepared) => {
        const side = await loadInForm(this.runtime, prepared, this.options.provider, 'plain');
        const run = async (on: readonly number[], sets = feeds): Promise<Tensors[]> => {
          const switches = switchesOf(alternatives.length, on);
          const outputs: Tensors[] = [];
          for (const one of sets) outputs.push(await side.run({ ...one, ...switches }));
          return outputs;
        };
        try {
          const before = await run([]);
          return await ask(async (on, share = 1) => {
            const some = spread([...feeds.keys()], Math.max(1, Math.round(share * feeds.length)));
            const after = await run(
              on,
              some.map((set) => feeds[set] as Tensors),
            );
            return some.flatMap((set, at) => errorsIn(before[set] as Tensors, after[at] as Tensors));
          });
        } finally {
          await side.release();
        }
      });
    } catch (error) {
      if (error instanceof RuntimeError || error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** Milliseconds of a run of it on all sets, by arithmetic and bytes alone; undefined where it does not run. */
  async outlay(model: Model): Promise<number | undefined> {
    return (await this.errors(model, model)) && outlayOf(model, this.#feeds ?? []);
  }

  /** The inputs that all models are run on: those on which the first one runs. */
  async #feedsFor({ model, source }: PreparedModel): Promise<readonly Tensors[]> {
    if (this.#feeds) return this.#feeds;
    const { runs } = await referenceOf(this.runtime, model, source, this.options);
    this.#feeds = runs.map(({ feeds }) => feeds.tensors);
    return this.#feeds;
  }

  /** The outputs on each set in the target's arithmetic, where that can be emulated. */
  async #outputsOf(model: Model): Promise<readonly Tensors[]> {
    const known = this.#outputs.get(model);
    if (known?.revision === model.revision) return known.outputs;
    return whilePrepared(model, async (prepared) => {
      const feeds = await this.#feedsFor(prepared);
      const { provider } = this.options;
      const side =
        (await loadInForm(this.runtime, prepared, provider, 'emulated')) ??
        (await loadInForm(this.runtime, prepared, provider, 'plain'));
      const outputs: Tensors[] = [];
      try {
        for (const one of feeds) outputs.push(await side.run(one));
      } finally {
        await side.release();
      }
      this.#outputs.set(model, { revision: model.revision, outputs });
      return outputs;
    });
  }
}

/** Does something with a model that is written for the runtime, until it is done. */
async function whilePrepared<Result>(
  model: Model,
  work: (prepared: PreparedModel) => Promise<Result>,
): Promise<Result> {
  const prepared = await prepareModel(model);
  try {
    return await work(prepared);
  } finally {
    prepared.close();
  }
}

/** How far each output of one run is from that of another. */
const errorsIn = (before: Tensors, after: Tensors): (OutputError | undefined)[] =>
  Object.entries(before).map(([name, original]) => {
    const result = under(after, name);
    if (!result || mismatchOf(original, result)) return undefined;
    const { equal, nonFiniteMismatches, relativeL2 } = compareTensors(name, original, result);
    if (equal !== undefined) return undefined;
    if (nonFiniteMismatches) return { error: Number.POSITIVE_INFINITY, direction: [] };
    return { error: relativeL2, direction: directionOf(original, result) };
  });

/** The difference of two outputs, over the norm of the first, as a short vector. */
function directionOf(original: TensorData, result: TensorData): ArrayLike<number> {
  const [a, b] = [numbersOf(fromTensorData(original)), numbersOf(fromTensorData(result))];
  const isPair = (i: number): boolean => Number.isFinite(a[i]) && Number.isFinite(b[i]);
  let square = 0;
  for (let i = 0; i < a.length; i++) if (isPair(i)) square += (a[i] as number) ** 2;
  const norm = Math.sqrt(square) || 1;
  return sketchOf(a.length, (i) => (isPair(i) ? ((b[i] as number) - (a[i] as number)) / norm : 0));
}
