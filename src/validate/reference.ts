/** Runs the original and keeps its outputs: the result is compared with these runs. */

import { under } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { elementCount } from '../ir/tensors/tensor.js';
import { rowOf } from '../ops/registry.js';
import type { LoadOptions, RuntimeProcess, Session, TensorData } from '../runtime/isolate.js';
import { runLimitsOf } from '../runtime/limits.js';
import { givenSets } from './inputs/files/given.js';
import { atPoint, mixedPointsOf, pointsOf, rangesFor } from './inputs/points.js';
import { besideData, Runner, runBase, runData, runMore, runPoints, spread } from './inputs/run-sets.js';
import { basePlans, refusalOfAll } from './inputs/sets.js';
import { type Meaning, meaningsOf } from './meaning/meaning.js';
import type { ReferenceOptions, ReferenceRun } from './reference-runs.js';
import { lostNote, withFloat32Outputs } from './sides/in-float32.js';
import { runTensors } from './sides/run-tensors.js';

export interface Reference {
  /** In order: the minimum of runs, then further ones that time allowed. */
  readonly runs: readonly ReferenceRun[];
  /** The use of each output, by name. */
  readonly meanings: ReadonlyMap<string, Meaning>;
  /** The number of runs that are done whatever the time. */
  readonly base: number;
  /** Outputs that are not compared, with the reason. */
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  /** Attempts that failed, in words. */
  readonly notes: readonly string[];
}

/**
 * Runs the original with the runtime's own optimizations off. Sizes that it does not run at are passed over and noted.
 * Rejects with RuntimeError where it does not run at all, with ModelError for test data that cannot be fed.
 */
export async function referenceOf(
  runtime: RuntimeProcess,
  model: Model,
  source: string | Uint8Array,
  options: ReferenceOptions,
): Promise<Reference> {
  const load: LoadOptions = { provider: options.provider };
  runtime.limits = runLimitsOf(model);
  const refused = options.inputs === undefined ? refusalOfAll(model, options) : undefined;
  if (refused) throw refused;
  const runner = new Runner(runtime, source, load, await runtime.load(source, load));
  try {
    let made = options;
    const ranges = rangesFor(model, options);
    const points = [...pointsOf(ranges), ...mixedPointsOf(ranges)].slice(0, options.mostSets);
    const runAtPoints = (): Promise<void> =>
      runPoints(runner, points, (point) => basePlans(model, atPoint(options, point)), options.inputs !== undefined);
    if (options.inputs === undefined && points.length > 0) await runAtPoints();
    else if (options.inputs === undefined) await runBase(runner, basePlans(model, options), options.mostSets);
    else {
      const sets = givenSets(options.inputs);
      await runData(runner, spread(sets, options.mostSets ?? sets.length), model, options);
      made = besideData(runner, options);
      await runAtPoints();
    }
    const base = runner.runs.length;
    await runMore(runner, model, made, options);
    const { notes, session } = runner;
    const runs = await withFloat32Outputs(runner.runs, model, runtime, options.provider);
    const notCompared = missing(session, runs);
    const random = isRandom(model) && runs[0] ? await changing(session, runs[0]) : [];
    return {
      runs,
      meanings: meaningsOf(model, runs[0]?.outputs ?? {}),
      base,
      notes: [...notes, ...lostNote(runs)],
      notCompared: [...notCompared, ...random],
    };
  } finally {
    // How far it moves by itself is measured on the same session.
    await runner.session.park();
  }
}

function missing(session: Session, runs: readonly ReferenceRun[]): { name: string; reason: string }[] {
  return session.outputs
    .filter(({ name }) => runs.length > 0 && !under(runs[0]!.outputs, name))
    .map(({ name }) => ({ name, reason: 'onnxruntime-node cannot give back sequences and maps' }));
}

/** Operators that generate text may choose freely among equal scores. */
const generating = /^(BeamSearch|GreedySearch|Sampling)$/;

/** True for a model that draws random numbers. Dropout does so in training mode. */
function isRandom(model: Model): boolean {
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      if (rowOf(node)?.draws || generating.test(node.opType) || (node.is('Dropout') && node.inputs[2])) return true;
  return false;
}

/**
 * A Dropout's few numbers may come out alike twice by chance: an output of at most this many elements is drawn several
 * times.
 */
const FEW = 64;
const DRAWS = 8;

/** The outputs that differ in another run of the same session. */
async function changing(
  session: Session,
  { feeds, outputs }: ReferenceRun,
): Promise<{ name: string; reason: string }[]> {
  const isEqual = (a: TensorData | undefined, b: TensorData | undefined): boolean =>
    String(a?.shape) === String(b?.shape) && String(a?.data) === String(b?.data);
  let equal = Object.keys(outputs);
  for (let draw = 0; draw < DRAWS; draw++) {
    const again = await runTensors(session, feeds.tensors);
    equal = equal.filter((name) => isEqual(outputs[name], again[name]));
    if (!equal.some((name) => elementCount(outputs[name]?.shape ?? []) <= FEW)) break;
  }
  return Object.keys(outputs)
    .filter((name) => !equal.includes(name))
    .map((name) => ({ name, reason: 'the model draws random numbers: two runs of the original differ' }));
}
