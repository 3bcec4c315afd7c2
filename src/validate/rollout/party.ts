/** One of the two models that are rolled out, and how far its tensors are from the other's. */
import { named, under } from '../../ir/named.js';
import { numbersOf, tensorOf } from '../../ir/numbers.js';
import { RuntimeError, type TensorData, type Tensors } from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import { compareTensors } from '../judge/accuracy.js';
import { FLOOR } from '../judge/gates.js';
import type { Side } from '../sides/forms.js';

/** Why one of the two goes no further: its ports do not allow it, it does not run, or the machine ended it. */
type Reason = 'ports' | 'fault' | 'killed';

/** What ends a rollout. */
export class RolloutEnd extends Error {
  constructor(
    readonly party: 'original' | 'result',
    readonly reason: Reason,
    message: string,
  ) {
    super(message);
  }
}

/** Runs on those of the feeds that the model takes. Rejects with RolloutEnd. */
export type Party = (feeds: Tensors) => Promise<Readonly<Record<string, TensorData>>>;

/** A party that has to give the named outputs. */
export function partyOf(side: Side, party: 'original' | 'result', outputs: readonly string[]): Party {
  return async (feeds) => {
    const own = named(
      side.inputs.flatMap((name) => {
        const tensor = under(feeds, name);
        return tensor ? [[name, tensor] as const] : [];
      }),
    );
    let given: Readonly<Record<string, TensorData>>;
    try {
      given = await side.run(own);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const reason = error.kind === 'killed' ? 'killed' : 'fault';
      throw new RolloutEnd(party, reason, `the ${party} does not run: ${error.message}`);
    }
    const lacking = outputs.find((name) => !under(given, name));
    if (lacking !== undefined) throw new RolloutEnd(party, 'ports', `the ${party} has no output "${lacking}"`);
    return given;
  };
}

export const numbers = (tensor: TensorData): Float64Array => numbersOf(fromTensorData(tensor));

/** Other numbers in the shape and type of a tensor. */
export const withNumbers = (
  { shape, type }: TensorData,
  values: ArrayLike<number>,
  as = type,
  dims: readonly number[] = shape,
): TensorData => toTensorData(tensorOf(as, Array.from(values), dims));

/** How far a tensor of the result has gone from the original's. */
export interface Drift {
  readonly name: string;
  /** Relative L2; of integers the share that differs; infinite where shapes differ, or NaN and infinities stand elsewhere. */
  readonly size: number;
  /** True where no number differs by more than float32 resolves beside 1. */
  readonly isTiny: boolean;
}

export function driftOf(name: string, original: TensorData, result: TensorData): Drift {
  if (String(original.shape) !== String(result.shape)) return { name, size: Number.POSITIVE_INFINITY, isTiny: false };
  const same = original.type === result.type ? result : withNumbers(result, numbers(result), original.type);
  const { equal, relativeL2, nonFiniteMismatches, maxAbs } = compareTensors(name, original, same);
  if (nonFiniteMismatches) return { name, size: Number.POSITIVE_INFINITY, isTiny: false };
  return equal === undefined
    ? { name, size: relativeL2, isTiny: maxAbs <= FLOOR }
    : { name, size: 1 - equal, isTiny: false };
}

/** The furthest of several. */
export const furthest = (drifts: readonly Drift[]): Drift =>
  drifts.reduce((most, one) => (most.isTiny || (!one.isTiny && one.size > most.size) ? one : most));
