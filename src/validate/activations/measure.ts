/** Measures activations: runs a model on sets of inputs with inner values as outputs, and keeps statistics of them alone. */

import type { Model } from '../../ir/model.js';
import { HOST } from '../../ir/targets/targets.js';
import { bigintsOf } from '../../ir/tensors/numbers.js';
import type { Value } from '../../ir/value.js';
import { type ActivationRequest, ActivationStatistics, isHeldOut, type SetShare } from '../../run/activations.js';
import type { Measured } from '../../run/context.js';
import { sharedRuntime } from '../../runtime/evaluate.js';
import { RuntimeError, type Session, type TensorData, type Tensors } from '../../runtime/isolate.js';
import { runLimitsOf } from '../../runtime/limits.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import { asTaken } from '../by-block/read-values.js';
import { fedInputs, isOfUnknownScale, makeFeeds } from '../inputs/feeds.js';
import { givenSets } from '../inputs/files/given.js';
import { isPicture } from '../inputs/pictures.js';
import { roleOf } from '../inputs/roles.js';
import { spread } from '../inputs/run-sets.js';
import { type Sizes, shapesOf, sizeChoices, typicalSizes } from '../inputs/sizes.js';
import { prepareModel } from '../sides/prepared-model.js';
import { batchesOf, type Probe, withProbes } from './probes.js';

/** Sets of inputs beyond this many are left out evenly: statistics change little, and the count must not depend on the time. */
const MOST_SETS = 64;

/** Made-up sets end where every value has had this many rows for each channel, or all together so many numbers: by what is measured, not by time. */
const ROWS = 4;
const NUMBERS = 2 ** 25;

/** The number of sets at a path that are measured. */
export const countSets = (inputs: string): number => Math.min(MOST_SETS, givenSets(inputs).length);

/**
 * Statistics of values of the main graph over the sets of inputs at a path, on the CPU provider with its own optimizations off.
 * A reason where the model does not run there. Throws ModelError for inputs that cannot be fed.
 */
export function measureActivations(
  model: Model,
  requests: readonly ActivationRequest[],
  inputs: string,
  share: SetShare = 'all',
): Promise<Measured | string> {
  const sets = spread(givenSets(inputs), MOST_SETS).filter(
    (set, index) => share === 'all' || isHeldOut(set, index) === (share === 'held out'),
  );
  return measureOn(model, requests, [sets.map((set) => () => set.read(model, true).tensors)]);
}

/** Rows of a request for means alone. */
const FEW_ROWS = 16;

/**
 * The same over inputs that are made up from the graph, of the sizes that people run models at, or of others where it does not run at those. A
 * reason for a model that takes signals: made-up tokens pass through what was learned of tokens, made-up sounds are noise, and made-up pictures tell means alone.
 */
export function simulateActivations(
  model: Model,
  requests: readonly ActivationRequest[],
  seed: number,
): Promise<Measured | string> {
  const shapes = shapesOf(model, typicalSizes[0] as Sizes, {});
  const isTold = ({ name }: Value): boolean =>
    requests.every(({ meansAlone }) => meansAlone) && isPicture(shapes.get(name) ?? []);
  const signal = fedInputs(model, {}).find((input) => isOfUnknownScale(input, roleOf(model, input)) && !isTold(input));
  if (signal) return Promise.resolve(`made-up numbers for "${signal.name}" tell nothing of them (inputs would)`);
  const sets = (sizes: Sizes) =>
    Array.from(
      { length: MOST_SETS },
      (_, index) => () => makeFeeds(model, { sizes, seed: seed + index, variant: 'full' }).tensors,
    );
  return measureOn(model, requests, [...typicalSizes, ...sizeChoices].map(sets), isEnough);
}

function isEnough(all: readonly Counted[]): boolean {
  const numbers = all.reduce((sum, { statistics: { rows, channels } }) => sum + rows * channels, 0);
  const enoughFor = ({ of, statistics: { rows, channels } }: Counted): boolean =>
    rows >= (of.meansAlone ? FEW_ROWS : ROWS * channels);
  return numbers >= NUMBERS || all.every(enoughFor);
}

interface Counted {
  readonly of: ActivationRequest;
  readonly statistics: ActivationStatistics;
}

type MakeSet = () => Tensors;

/** Runs all sets of the first alternative that runs, or as many as are enough. */
async function measureOn(
  model: Model,
  requests: readonly ActivationRequest[],
  alternatives: readonly (readonly MakeSet[])[],
  isDone: (all: readonly Counted[]) => boolean = () => false,
): Promise<Measured | string> {
  let reason = 'there are no sets of inputs';
  for (const sets of alternatives)
    try {
      return await measureSets(model, requests, sets, isDone);
    } catch (error) {
      const isOfInputs = error instanceof RangeError && alternatives.length > 1;
      if (!isOfInputs && !(error instanceof RuntimeError && error.kind === 'error')) throw error;
      reason = error.message;
    }
  return reason;
}

async function measureSets(
  model: Model,
  requests: readonly ActivationRequest[],
  sets: readonly MakeSet[],
  isDone: (all: readonly Counted[]) => boolean,
): Promise<Measured> {
  const [first] = sets;
  if (!first) return new Map();
  const { probed, probes } = withProbes(model, requests, first());
  const found = new Map<Value, ActivationStatistics | undefined>();
  const runtime = await sharedRuntime();
  runtime.limits = runLimitsOf(probed);
  const prepared = await prepareModel(probed);
  let session: Session | undefined;
  try {
    session = await runtime.load(prepared.source, { provider: HOST });
    for (const make of sets) {
      const feeds = asTaken(make(), probed);
      for (const batch of batchesOf(probes)) {
        const names = batch.flatMap(({ numbers, rows }) => [numbers, ...(rows ? [rows.sum, rows.shape] : [])]);
        const summed = batch.flatMap(({ numbers, rows }) => (rows ? [numbers] : []));
        const { outputs } = await session.run(feeds, names, summed);
        for (const probe of batch) take(found, probe, outputs);
      }
      const counted = probes.flatMap(({ of }): Counted | [] => {
        const statistics = found.get(of.value);
        return statistics ? { of, statistics } : [];
      });
      if (isDone(counted)) break;
    }
    for (const { of, numbers, rows } of probes) {
      const statistics = rows && found.get(of.value);
      if (!statistics) continue;
      statistics.takeGram(floatsOf(await session.sum(numbers)));
      of.withGram?.(statistics);
      if (of.withGram) statistics.gram = undefined;
    }
  } finally {
    await session?.release();
    prepared.close();
  }
  return new Map([...found].flatMap(([value, one]) => (one ? [[value, one] as const] : [])));
}

/** Adds what one run gives to the statistics of a value; those of a value whose channels differ between sets are undefined from then on. */
function take(
  found: Map<Value, ActivationStatistics | undefined>,
  { of, numbers, rows }: Probe,
  outputs: Tensors,
): void {
  const output = outputs[rows?.sum ?? numbers] as TensorData;
  const dims = output.shape;
  const axis = dims.length === 0 ? 0 : (((of.axis ?? -1) % dims.length) + dims.length) % dims.length;
  const channels = dims[axis] ?? 1;
  const known = found.has(of.value) ? found.get(of.value) : new ActivationStatistics(channels);
  const one = known?.channels === channels ? known : undefined;
  found.set(of.value, one);
  if (!one) return;
  const own = floatsOf(output);
  const inner = dims.slice(axis + 1).reduce((count, dim) => count * dim, 1);
  if (rows) one.addRows(own, countOf(outputs[rows.shape] as TensorData) / channels);
  else one.add(own, inner);
}

/** The elements of a tensor of this shape. */
const countOf = (shape: TensorData): number =>
  bigintsOf(fromTensorData(shape)).reduce((count, dim) => count * Number(dim), 1);

function floatsOf(output: TensorData): Float32Array {
  const bytes = fromTensorData(output).bytes();
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(buffer as ArrayBuffer, byteOffset, length / 4);
}
