/** How far the original moves by itself: with its inputs by one unit in the last place, with its weights rounded to 16 bits. */
import type { Model } from '../../ir/model.js';
import { type Provider, RuntimeError } from '../../runtime/isolate.js';
import { measureMeanings } from '../meaning/measures.js';
import type { Contestant } from '../proof.js';
import type { Reference } from '../reference.js';
import { runTensors } from '../sides/run-tensors.js';
import { subjectOf } from '../sides/subject.js';
import { compareTensors, mismatchOf, type OutputAccuracy } from './accuracy.js';
import { perturbed, perturbedWeights, roundedWeights } from './noise.js';

/** Outputs by name; empty where nothing can be moved, or the moved model does not run. */
export type Moves = ReadonlyMap<string, OutputAccuracy>;

/** Runs the original as it is asked about, each run once. */
export class Sensitivity {
  readonly #noise = new Map<number, Promise<Moves>>();
  readonly #yardsticks = new Map<string, Promise<Moves>>();

  constructor(
    readonly reference: Reference,
    readonly original: Contestant,
    readonly provider: Provider,
    readonly seed: number,
  ) {}

  /** Under the least change of the inputs of one run; of the weights, where no input is a float. */
  noise(run: number): Promise<Moves> {
    const known = this.#noise.get(run) ?? this.#moved(run);
    this.#noise.set(run, known);
    return known;
  }

  /** Under rounding of the weights alone. */
  yardstick(run: number, type: 'bfloat16' | 'float16'): Promise<Moves> {
    const key = `${type} ${run}`;
    const known = this.#yardsticks.get(key) ?? this.#with(run, (model) => roundedWeights(model, type));
    this.#yardsticks.set(key, known);
    return known;
  }

  async #moved(run: number): Promise<Moves> {
    const feeds = this.reference.runs[run]?.feeds.tensors;
    const moved = feeds && perturbed(feeds, this.seed);
    if (!moved) return this.#with(run, (model) => perturbedWeights(model, this.seed));
    return this.#compared(run, (await this.original.subject()).source, moved);
  }

  /** On the same inputs, with other weights. */
  async #with(run: number, change: (model: Model) => Model | undefined): Promise<Moves> {
    const changed = change((await this.original.subject()).model);
    if (!changed) return new Map();
    const subject = await subjectOf(changed);
    try {
      return await this.#compared(run, subject.source, this.reference.runs[run]?.feeds.tensors ?? {});
    } finally {
      subject.close();
    }
  }

  async #compared(run: number, source: string | Uint8Array, feeds: Parameters<typeof runTensors>[1]): Promise<Moves> {
    const found = new Map<string, OutputAccuracy>();
    try {
      const session = await this.original.runtime.load(source, { provider: this.provider });
      const given = await runTensors(session, feeds).finally(() => session.release());
      const { meanings, runs } = this.reference;
      const before = runs[run]?.outputs ?? {};
      const { outputs, measures } = measureMeanings(meanings, before, given);
      for (const [name, expected] of Object.entries(before)) {
        const moved = outputs[name];
        if (moved && !mismatchOf(expected, moved))
          found.set(name, compareTensors(name, expected, moved, measures.get(name)));
      }
    } catch (error) {
      // What does not run moved says nothing of how far it moves.
      if (!(error instanceof RuntimeError)) throw error;
    }
    return found;
  }
}
