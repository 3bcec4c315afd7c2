/** Holds both models side by side, with the errors of the values that they share. */

import { maxOf } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import type { Value } from '../../ir/value.js';
import {
  type Provider,
  RuntimeError,
  type RuntimeProcess,
  type TensorData,
  type Tensors,
} from '../../runtime/isolate.js';
import { toTensorData } from '../../runtime/tensor-data.js';
import { errorOf } from './error.js';
import { pairsOf } from './pairs.js';
import {
  bytesOf,
  canBeGiven,
  isShapeLike,
  readValues,
  readValuesTogether,
  sizesIn,
  type ValueNumbers,
} from './read-values.js';

/** The largest size, in bytes, of the values that one run of both models returns. */
const MOST = 2 ** 28;

/** Inner values are compared on this many sets of inputs: those whose outputs differ most. */
const SETS = 2;

export class ModelPair {
  /** From the original's values to the result's. */
  readonly pairs: ReadonlyMap<Value, Value>;
  /** Outputs of the original that are computed and compared. */
  readonly outputs: readonly Value[];
  /** The inputs whose outputs differ most, and the original's values for them. */
  #feeds: readonly Tensors[];
  #before: ValueNumbers = new Map();
  #inside: readonly Value[] | undefined;

  constructor(
    readonly runtime: RuntimeProcess,
    readonly original: Model,
    readonly result: Model,
    readonly provider: Provider,
    feeds: readonly Tensors[],
  ) {
    this.pairs = pairsOf(original, result);
    this.outputs = [...new Set(original.graph.outputs)].filter((value) => value.producer && this.#isMeasurable(value));
    this.#feeds = feeds;
  }

  /**
   * The errors of the outputs. From then on the sets of inputs with the largest errors count. Rejects with RuntimeError
   * where the result does not run.
   */
  async outputErrors(): Promise<Map<Value, number>> {
    const errors = new Map<Value, number>();
    const before = await readValuesTogether(this.runtime, this.original, this.outputs, this.#feeds, this.provider);
    const after = await this.#ofResult(this.outputs, this.#feeds, readValuesTogether);
    const worst = this.#feeds.map((set, at) => {
      const found = this.outputs.map((value) => {
        const [own, its] = [before.get(value)?.[at], this.#heldIn(value, after)?.[at]];
        // An output of another shape is a fault; an inner value of another shape is a different value of the same name.
        const error = own && its ? (errorOf(own, its) ?? Number.POSITIVE_INFINITY) : 0;
        errors.set(value, Math.max(errors.get(value) ?? 0, error));
        return error;
      });
      return { at, set, error: maxOf(found, 0) };
    });
    const chosen = worst.sort((a, b) => b.error - a.error || a.at - b.at).slice(0, SETS);
    this.#feeds = chosen.map(({ set }) => set);
    this.#before = new Map([...before].map(([value, all]) => [value, chosen.map(({ at }) => all[at] as TensorData)]));
    return errors;
  }

  /** The computed values that the models share and the runtime can return, without the outputs, in dependency order. */
  get inside(): readonly Value[] {
    return (this.#inside ??= this.original.graph
      .nodes()
      .flatMap(({ outputs }) =>
        outputs.filter((value): value is Value => value !== undefined && this.#isMeasurable(value)),
      )
      .filter((value) => !this.outputs.includes(value) && !isShapeLike(value)));
  }

  /** The errors of some of these, which are returned together. */
  async errorsOf(batch: readonly Value[]): Promise<Map<Value, number>> {
    const errors = new Map<Value, number>();
    const before = await readValues(this.runtime, this.original, batch, this.#feeds, this.provider);
    const after = await this.#ofResult(batch, this.#feeds, readValues);
    for (const value of batch) {
      const its = this.#heldIn(value, after);
      const found = before.get(value)?.map((own, at) => its?.[at] && errorOf(own, its[at]));
      if (found?.length && found.every((error) => error !== undefined)) errors.set(value, maxOf(found));
    }
    return errors;
  }

  /**
   * The largest error of an output where the result is fed the original's numbers for one value; undefined where it
   * does not run so.
   */
  async errorWithout(value: Value): Promise<number | undefined> {
    const own = this.pairs.get(value) as Value;
    if (!own.producer) return undefined;
    try {
      const tensors =
        (await readValuesTogether(this.runtime, this.original, [value], this.#feeds, this.provider)).get(value) ?? [];
      const before = this.#before;
      const given = { value: own, tensors };
      const after = await this.#ofResult(this.outputs, this.#feeds, (...rest) => readValuesTogether(...rest, given));
      const errors = this.outputs.flatMap(
        (output) =>
          before.get(output)?.map((one, at) => errorOf(one, this.#heldIn(output, after)?.[at] as TensorData)) ?? [],
      );
      return maxOf(
        errors.map((error) => error ?? Number.POSITIVE_INFINITY),
        0,
      );
    } catch (error) {
      if (error instanceof RuntimeError && error.kind === 'error') return undefined;
      throw error;
    }
  }

  #isMeasurable(value: Value): boolean {
    const other = this.pairs.get(value);
    return other !== undefined && canBeGiven(value) && canBeGiven(other) && Boolean(other.producer ?? other.tensor);
  }

  /** The numbers that the result computes for the counterparts of these values. */
  async #ofResult(values: readonly Value[], feeds: readonly Tensors[], held: typeof readValues): Promise<ValueNumbers> {
    const theirs = values.map((value) => this.pairs.get(value) as Value).filter(({ producer }) => producer);
    return theirs.length ? held(this.runtime, this.result, theirs, feeds, this.provider) : new Map();
  }

  /** The result's numbers for a value of the original: computed, or from the constant that it was folded into. */
  #heldIn(value: Value, after: ValueNumbers): readonly TensorData[] | undefined {
    const other = this.pairs.get(value) as Value;
    return other.tensor
      ? this.#feeds.map(() => toTensorData(other.tensor as NonNullable<Value['tensor']>))
      : after.get(other);
  }

  /** Values that one run of both models returns without more memory than it may take. */
  batches(values: readonly Value[]): Value[][] {
    const sizes = sizesIn(this.original, this.#feeds);
    const batches: Value[][] = [];
    let room = 0;
    for (const value of values) {
      // Both models return it for every set.
      const bytes = 2 * this.#feeds.length * bytesOf(value, sizes);
      if (batches.length === 0 || bytes > room) {
        batches.push([]);
        room = MOST;
      }
      batches.at(-1)?.push(value);
      room -= bytes;
    }
    return batches;
  }
}
