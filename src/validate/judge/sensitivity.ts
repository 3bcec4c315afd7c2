/**
 * Measures how far the original moves by itself: with its inputs moved by one unit in the last place, or its weights
 * rounded to 16 bits.
 */
import { under } from '../../ir/collections/named.js';
import { onceMore, type Provider, RuntimeError, type Session, type Tensors } from '../../runtime/isolate.js';
import { measureMeanings } from '../meaning/measures.js';
import type { Reference } from '../reference.js';
import type { ComparedModel } from '../sides/compared-model.js';
import { prepareModel } from '../sides/prepared-model.js';
import { runTensors } from '../sides/run-tensors.js';
import { compareTensors, mismatchOf, type OutputAccuracy } from './accuracy.js';
import { perturbed, perturbedWeights, roundedWeights } from './noise.js';

/** Errors of outputs by name; empty where nothing can be moved, or the moved model does not run. */
export type OutputErrors = ReadonlyMap<string, OutputAccuracy>;

/** The weights that the original runs with. */
type WeightsVariant = 'own' | 'moved' | 'bfloat16' | 'float16';

/** Moves that were measured. Attempts at one pass share an original, and ask the same again. */
const measured = new WeakMap<Reference, Map<string, Promise<OutputErrors>>>();

/** Runs the moved original on request, each run once. It holds one model at a time, until it is released. */
export class MovedOriginal {
  readonly #moves: Map<string, Promise<OutputErrors>>;
  #loaded: { readonly weights: WeightsVariant; readonly session: Session } | undefined;

  constructor(
    readonly reference: Reference,
    readonly original: ComparedModel,
    readonly provider: Provider,
    readonly seed: number,
  ) {
    this.#moves = measured.get(reference) ?? new Map();
    measured.set(reference, this.#moves);
  }

  /** The moves under the least change of one run's inputs; of the weights, where no input is a float. */
  noise(run: number): Promise<OutputErrors> {
    return this.#once(`noise ${run}`, () => {
      const moved = perturbed(this.#feeds(run), this.seed);
      return moved ? this.#moved(run, 'own', moved) : this.#moved(run, 'moved');
    });
  }

  /** The moves under rounding of the weights alone. */
  yardstick(run: number, type: 'bfloat16' | 'float16'): Promise<OutputErrors> {
    return this.#once(`${type} ${run}`, () => this.#moved(run, type));
  }

  async release(): Promise<void> {
    await this.#loaded?.session.release();
    this.#loaded = undefined;
  }

  #feeds(run: number): Tensors {
    return this.reference.runs[run]?.feeds.tensors ?? {};
  }

  #once(key: string, measure: () => Promise<OutputErrors>): Promise<OutputErrors> {
    const moves = this.#moves.get(key) ?? measure();
    this.#moves.set(key, moves);
    moves.catch(() => this.#moves.delete(key));
    return moves;
  }

  /** A moved model that does not run gives no moves. Rejects with RuntimeError where the process is killed twice. */
  async #moved(run: number, weights: WeightsVariant, feeds = this.#feeds(run)): Promise<OutputErrors> {
    try {
      return await onceMore(() => this.#compared(run, weights, feeds));
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.kind === 'killed') throw error;
      return new Map();
    }
  }

  async #compared(run: number, weights: WeightsVariant, feeds: Tensors): Promise<OutputErrors> {
    const found = new Map<string, OutputAccuracy>();
    const session = await this.#sessionWith(weights);
    if (!session) return found;
    const given = await runTensors(session, feeds).catch(async (error) => {
      // The process may have ended: the next run loads anew.
      await this.release();
      throw error;
    });
    const { meanings, runs } = this.reference;
    const before = runs[run]?.outputs ?? {};
    const { outputs, measures } = measureMeanings(meanings, before, given);
    for (const [name, expected] of Object.entries(before)) {
      const moved = under(outputs, name);
      if (moved && !mismatchOf(expected, moved))
        found.set(name, compareTensors(name, expected, moved, measures.get(name)));
    }
    return found;
  }

  /** Undefined where there are no weights to move. */
  async #sessionWith(weights: WeightsVariant): Promise<Session | undefined> {
    if (this.#loaded?.weights === weights) return this.#loaded.session;
    await this.release();
    const session = await this.#load(weights);
    this.#loaded = session && { weights, session };
    return session;
  }

  async #load(weights: WeightsVariant): Promise<Session | undefined> {
    const { runtime } = this.original;
    const { provider, seed } = this;
    const { model, source } = await this.original.prepared();
    if (weights === 'own') return runtime.load(source, { provider });
    const changed = weights === 'moved' ? perturbedWeights(model, seed) : roundedWeights(model, weights);
    if (!changed) return undefined;
    const prepared = await prepareModel(changed);
    try {
      return await runtime.load(prepared.source, { provider });
    } finally {
      prepared.close();
    }
  }
}
