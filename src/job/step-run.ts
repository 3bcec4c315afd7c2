/** A seeded run of a denoiser beside its probe and rest: what skipping costs, step by step. */

import type { Model } from '../ir/model.js';
import { numbersOf } from '../ir/tensors/numbers.js';
import { sharedRuntime } from '../runtime/evaluate.js';
import { RuntimeError, type RuntimeProcess, type Session, type TensorData, type Tensors } from '../runtime/isolate.js';
import { fromTensorData } from '../runtime/tensor-data.js';
import { type StepSession, stepCache } from '../step-cache.js';
import { makeFeeds } from '../validate/inputs/feeds.js';
import { type Sizes, sizeChoices } from '../validate/inputs/sizes.js';
import { denoiseSteps } from '../validate/rollout/denoise.js';
import { type DenoisePlan, planOf } from '../validate/rollout/plan.js';
import { prepareModel } from '../validate/sides/prepared-model.js';

export interface StepRun {
  readonly threshold: number;
  /** The steps that were skipped, from 0, and the change of the first block's part at each; null where there was nothing to compare with. */
  readonly skipped: readonly number[];
  readonly changes: readonly (number | null)[];
  /** Relative L2 between the latents of both after each step. */
  readonly drift: readonly number[];
  /** Of the last latents, in decibels; null where they are equal. */
  readonly psnr: number | null;
}

export interface StepRunOptions {
  readonly thresholds: readonly number[];
  readonly steps: number;
  readonly seed: number;
}

/** A run for each threshold; undefined where the model has no latent or no time step to run it by. */
export async function runSteps(
  original: Model,
  probe: Model,
  rest: Model,
  { thresholds, steps, seed }: StepRunOptions,
): Promise<StepRun[] | undefined> {
  const plan = planOf(original);
  if (plan?.kind !== 'denoise') return undefined;
  const runtime = await sharedRuntime();
  const opened: { release(): Promise<void> }[] = [];
  const open = async (model: Model): Promise<Session> => {
    const found = await openOn(runtime, model);
    opened.push(found);
    return found.session;
  };
  try {
    const whole = await open(original);
    const [first, second] = [sessionOf(await open(probe)), sessionOf(await open(rest))];
    const inputs = await inputsFor(original, whole, seed);
    if (!inputs) return undefined;
    const runs: StepRun[] = [];
    for (const threshold of thresholds)
      runs.push(await runOnce(whole, [first, second], plan, inputs, threshold, steps));
    return runs;
  } finally {
    for (const one of opened) await one.release();
  }
}

async function runOnce(
  whole: Session,
  parts: readonly [StepSession<Held>, StepSession<Held>],
  plan: DenoisePlan,
  inputs: Tensors,
  threshold: number,
  steps: number,
): Promise<StepRun> {
  const cache = stepCache(...parts, { threshold });
  const last = { psnr: Number.POSITIVE_INFINITY };
  const drift: number[] = [];
  const original = async (feeds: Tensors) => (await whole.run(feeds)).outputs;
  const result = async (feeds: Tensors) => dataIn(await cache.run(heldIn(feeds)));
  for await (const { size } of denoiseSteps(original, result, plan, inputs, steps, last)) drift.push(size);
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    threshold,
    skipped: [...cache.skipped],
    changes: cache.changes.map(finite),
    drift,
    psnr: finite(last.psnr),
  };
}

/** Inputs of the first sizes that the original runs on; denoisers of few positions take small latents alone. */
async function inputsFor(original: Model, whole: Session, seed: number): Promise<Tensors | undefined> {
  const [usual] = sizeChoices as readonly [Sizes];
  for (const image of [16, 32, 8, 64]) {
    const { tensors } = makeFeeds(original, { seed, sizes: { ...usual, batch: 1, image } });
    try {
      await whole.run(tensors);
      return tensors;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
    }
  }
  return undefined;
}

async function openOn(runtime: RuntimeProcess, model: Model) {
  const prepared = await prepareModel(model);
  try {
    const session = await runtime.load(prepared.source, { provider: 'cpu', threads: 1 });
    return {
      session,
      async release() {
        await session.release().finally(prepared.close);
      },
    };
  } catch (error) {
    prepared.close();
    throw error;
  }
}

/** A tensor of the process that runs models, as a step cache takes it. */
class Held {
  readonly given: TensorData;

  constructor(given: TensorData | 'bool', data: readonly boolean[] = []) {
    this.given = given === 'bool' ? { type: 'bool', shape: [], data: Uint8Array.from(data, Number) } : given;
  }

  get type(): string {
    return this.given.type;
  }

  get dims(): readonly number[] {
    return this.given.shape;
  }

  /** Numbers, whatever the element type. */
  get data(): Float64Array {
    return numbersOf(fromTensorData(this.given));
  }
}

const heldIn = (tensors: Tensors): Record<string, Held> =>
  Object.fromEntries(Object.entries(tensors).map(([name, data]) => [name, new Held(data)]));
const dataIn = (tensors: Readonly<Record<string, Held>>): Record<string, TensorData> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { given }]) => [name, given]));

const sessionOf = (session: Session): StepSession<Held> => ({
  inputNames: session.inputs.map(({ name }) => name),
  run: async (feeds) => heldIn((await session.run(dataIn(feeds))).outputs),
});
