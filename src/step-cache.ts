/**
 * Runs a denoiser that was written as probe and rest, step by step: where the first block adds nearly what it added at the last step that was computed
 * whole, the other blocks are taken to add what they added then, and are skipped.
 */

import { z } from 'zod';
import type { TensorLike } from './contract/unflatten.js';
import { stepPorts } from './cut/probe-rest.js';
import { optionsIn } from './ir/options/options.js';
import { fromSmallFloat } from './ir/tensors/float-bits.js';
import { UsageError } from './ir/text/usage-error.js';

/** A session of onnxruntime-node or onnxruntime-web, as far as it is used here. */
export interface StepSession<T extends TensorLike = TensorLike> {
  readonly inputNames: readonly string[];
  run(feeds: Readonly<Record<string, T>>): Promise<Readonly<Record<string, T>>>;
}

/** When a step is left out. */
export interface StepCacheOptions {
  /** The rest is skipped below this change of what the first block adds: Σ|now − then| / Σ|then|. 0 skips nothing; 0.05 to 0.15 are usual. */
  readonly threshold: number;
}

/** A denoiser that leaves out the rest of a step where its first block changed little. */
export interface StepCache<T extends TensorLike = TensorLike> {
  /** The outputs of the denoiser, of its inputs. */
  run(feeds: Readonly<Record<string, T>>): Promise<Record<string, T>>;
  /** Steps so far, and the numbers of those that were skipped, from 0. */
  readonly steps: number;
  readonly skipped: readonly number[];
  /** The change at each step; infinite where there was nothing to compare with. */
  readonly changes: readonly number[];
  /** Forgets what was remembered: to be called before another picture. */
  reset(): void;
}

const expected = 'expected a number of 0 or more';
const stepCacheOptions = z.object({ threshold: z.number(expected).nonnegative(expected) });

/**
 * A denoiser of two sessions. Steps with guidance go in one batch, or each side has a step cache of its own. Throws UsageError for a session of another model, and
 * for a threshold that is none.
 */
export function stepCache<T extends TensorLike>(
  probe: StepSession<T>,
  rest: StepSession<T>,
  options: StepCacheOptions,
): StepCache<T> {
  const { threshold } = optionsIn(stepCacheOptions, options, 'stepCache');
  if (threshold === undefined) throw new UsageError(`stepCache: threshold: ${expected}; found none`);
  for (const name of [stepPorts.skip, stepPorts.remembered])
    if (!rest.inputNames.includes(name))
      throw new UsageError(
        `stepCache: expected a rest with the input "${name}", as first-block-cache writes it; found ${rest.inputNames.join(', ')}`,
      );
  let known: { readonly residual: T; readonly kept: T } | undefined;
  let steps = 0;
  const [skipped, changes]: [number[], number[]] = [[], []];
  return {
    get steps() {
      return steps;
    },
    skipped,
    changes,
    reset() {
      known = undefined;
      steps = skipped.length = changes.length = 0;
    },
    async run(feeds) {
      const given = { ...feeds, ...(await probe.run(fed(probe, feeds))) };
      const residual = given[stepPorts.residual];
      if (!residual)
        throw new UsageError(
          `stepCache: expected a probe with the output "${stepPorts.residual}"; found another model`,
        );
      const change = known ? changeOf(residual, known.residual) : Number.POSITIVE_INFINITY;
      const isSkipped = known !== undefined && change < threshold;
      // Tensors of the runtime that made this one: the package imports none.
      const Tensor = residual.constructor as new (type: 'bool', data: boolean[], dims: number[]) => T;
      const outputs = await rest.run(
        fed(rest, {
          ...given,
          [stepPorts.skip]: new Tensor('bool', [isSkipped], []),
          [stepPorts.remembered]: known?.kept ?? residual,
        }),
      );
      const { [stepPorts.kept]: kept, ...own } = outputs as Record<string, T>;
      if (!kept)
        throw new UsageError(`stepCache: expected a rest with the output "${stepPorts.kept}"; found another model`);
      if (isSkipped) skipped.push(steps);
      else known = { residual, kept };
      changes.push(change);
      steps++;
      return own as Record<string, T>;
    },
  };
}

const fed = <T>({ inputNames }: { readonly inputNames: readonly string[] }, feeds: Readonly<Record<string, T>>) =>
  Object.fromEntries(inputNames.flatMap((name) => (feeds[name] === undefined ? [] : [[name, feeds[name]]]))) as Record<
    string,
    T
  >;

/** Σ|now − then| / Σ|then|; infinite for tensors of other sizes, and where either is no number. */
function changeOf(now: TensorLike, before: TensorLike): number {
  if (String(now.dims) !== String(before.dims)) return Number.POSITIVE_INFINITY;
  const [a, b] = [readerOf(now), readerOf(before)];
  const { length } = now.data;
  let [moved, whole] = [0, 0];
  for (let i = 0; i < length; i++) {
    moved += Math.abs(a(i) - b(i));
    whole += Math.abs(b(i));
  }
  const change = moved === 0 ? 0 : moved / whole;
  return Number.isNaN(change) ? Number.POSITIVE_INFINITY : change;
}

function readerOf({ type, data }: TensorLike): (index: number) => number {
  // Where JavaScript has no float16, its tensors hold bits.
  if (type === 'float16' && data instanceof Uint16Array)
    return (index) => fromSmallFloat(data[index] as number, 'float16');
  return (index) => Number(data[index]);
}
