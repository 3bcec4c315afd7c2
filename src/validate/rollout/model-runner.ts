/** Runs one of the two models of a rollout, and measures the distance between tensors of both. */
import { named, under } from '../../ir/collections/named.js';
import { dimText } from '../../ir/dims/dims.js';
import { numbersOf, tensorOf } from '../../ir/tensors/numbers.js';
import type { Value } from '../../ir/value.js';
import { RuntimeError, type TensorData, type Tensors } from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import { compareTensors } from '../judge/accuracy.js';
import { FLOOR } from '../judge/gates.js';
import type { LoadedModel } from '../sides/forms.js';

/** The reason that a model goes no further: its ports do not allow it, it does not run, or the machine ended it. */
type Reason = 'ports' | 'fault' | 'killed';

/** The end of a rollout. */
export class RolloutEnd extends Error {
  constructor(
    readonly side: 'original' | 'result',
    readonly reason: Reason,
    message: string,
  ) {
    super(message);
  }
}

/** Runs on the feeds that the model takes, ignoring others. Rejects with RolloutEnd. */
export type ModelRunner = (feeds: Tensors) => Promise<Readonly<Record<string, TensorData>>>;

/**
 * Runs a loaded model, which has to give the named outputs. `fixed` are its inputs where these may have fewer sizes
 * than the original's, as of a model that was frozen: a step of other sizes is no fault then.
 */
export function runnerOf(
  loaded: LoadedModel,
  side: 'original' | 'result',
  outputs: readonly string[],
  fixed: readonly Value[] = [],
): ModelRunner {
  return async (feeds) => {
    for (const { name, type } of fixed) {
      const [declared, shape] = [type?.kind === 'tensor' ? type.shape : undefined, under(feeds, name)?.shape];
      if (declared && shape && declared.some((dim, axis) => typeof dim === 'number' && dim !== shape[axis]))
        throw new RolloutEnd(
          side,
          'ports',
          `the ${side} fixes "${name}" at [${declared.map(dimText).join(', ')}], where the rollout has [${shape.join(', ')}]`,
        );
    }
    const own = named(
      loaded.inputs.flatMap((name) => {
        const tensor = under(feeds, name);
        return tensor ? [[name, tensor] as const] : [];
      }),
    );
    let given: Readonly<Record<string, TensorData>>;
    try {
      given = await loaded.run(own);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const reason = error.kind === 'killed' ? 'killed' : 'fault';
      throw new RolloutEnd(side, reason, `the ${side} does not run: ${error.message}`);
    }
    const lacking = outputs.find((name) => !under(given, name));
    if (lacking !== undefined) throw new RolloutEnd(side, 'ports', `the ${side} has no output "${lacking}"`);
    return given;
  };
}

export const numbers = (tensor: TensorData): Float64Array => numbersOf(fromTensorData(tensor));

/** A tensor's shape and type with other numbers. */
export const withNumbers = (
  { shape, type }: TensorData,
  values: ArrayLike<number>,
  as = type,
  dims: readonly number[] = shape,
): TensorData => toTensorData(tensorOf(as, Array.from(values), dims));

/** The distance of a result's tensor from the original's. */
export interface Distance {
  readonly name: string;
  /**
   * Relative L2; for integers the share that differs; infinite where shapes, or the places of NaN and infinities,
   * differ.
   */
  readonly size: number;
  /** True where no number differs by more than the resolution of float32 beside 1. */
  readonly isTiny: boolean;
}

export function distanceOf(name: string, original: TensorData, result: TensorData): Distance {
  if (String(original.shape) !== String(result.shape)) return { name, size: Number.POSITIVE_INFINITY, isTiny: false };
  const same = original.type === result.type ? result : withNumbers(result, numbers(result), original.type);
  const { equal, relativeL2, nonFiniteMismatches, maxAbs } = compareTensors(name, original, same);
  if (nonFiniteMismatches) return { name, size: Number.POSITIVE_INFINITY, isTiny: false };
  return equal === undefined
    ? { name, size: relativeL2, isTiny: maxAbs <= FLOOR }
    : { name, size: 1 - equal, isTiny: false };
}

/** The largest of several drifts. */
export const furthest = (drifts: readonly Distance[]): Distance =>
  drifts.reduce((most, one) => (most.isTiny || (!one.isTiny && one.size > most.size) ? one : most));
