/** What the original gives: the runs that a result is compared with. */

import type { Model } from '../ir/model.js';
import { under } from '../ir/named.js';
import { elementCount } from '../ir/tensor.js';
import { rowOf } from '../ops/registry.js';
import type { LoadOptions, Provider, RuntimeProcess, Session, TensorData } from '../runtime/isolate.js';
import { runLimitsOf } from '../runtime/limits.js';
import type { FeedOptions, Feeds } from './inputs/feeds.js';
import { givenSets } from './inputs/files/given.js';
import { besideData, Runner, runBase, runData, runMore } from './inputs/run-sets.js';
import { basePlans, refusalOfAll } from './inputs/sets.js';
import { type Meaning, meaningsOf } from './meaning/meaning.js';
import { runTensors } from './sides/run-tensors.js';

/** One set of inputs and what came out. */
export interface ReferenceRun {
  readonly feeds: Feeds;
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** How long it took, in milliseconds, the way between processes included. */
  readonly ms: number;
}

export interface Reference {
  /** In order: those that always run, then those that time allowed. */
  readonly runs: readonly ReferenceRun[];
  /** What the outputs are for, by name. */
  readonly meanings: ReadonlyMap<string, Meaning>;
  /** How many of the runs always run. */
  readonly base: number;
  /** Outputs that are not compared, and why. */
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  /** What was tried in vain, in words. */
  readonly notes: readonly string[];
}

export interface ReferenceOptions extends FeedOptions {
  readonly provider: Provider;
  /** A file or folder with sets of inputs; a few that are made up at their shapes come behind them. */
  readonly inputs?: string;
  /** The model is an intermediate one: data that was checked against the original is rounded to its ports. */
  readonly isRounded?: boolean;
  /** How long the original may run on more sets than those that always run. Default 0: on no more. */
  readonly setsBudgetMs?: number;
  /** How many sets there are at most; default 16. */
  readonly mostSets?: number;
}

/**
 * Runs the original, the runtime's own optimizations off. Sizes that it does not run at are passed over and noted.
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
    if (options.inputs === undefined) await runBase(runner, basePlans(model, options), options.mostSets);
    else {
      await runData(runner, givenSets(options.inputs).slice(0, options.mostSets), model, options);
      made = besideData(runner, options);
    }
    const base = runner.runs.length;
    await runMore(runner, model, made, options);
    const { runs, notes, session } = runner;
    const notCompared = missing(session, runs);
    const random = isRandom(model) && runs[0] ? await changing(session, runs[0]) : [];
    return {
      runs,
      meanings: meaningsOf(model, runs[0]?.outputs ?? {}),
      base,
      notes,
      notCompared: [...notCompared, ...random],
    };
  } finally {
    await runner.session.release();
  }
}

function missing(session: Session, runs: readonly ReferenceRun[]): { name: string; reason: string }[] {
  return session.outputs
    .filter(({ name }) => runs.length > 0 && !under(runs[0]!.outputs, name))
    .map(({ name }) => ({ name, reason: 'onnxruntime-node cannot give back sequences and maps' }));
}

/** What generates text may choose among equals. */
const generating = /^(BeamSearch|GreedySearch|Sampling)$/;

/** True where a model draws random numbers. Dropout does while it trains. */
function isRandom(model: Model): boolean {
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      if (rowOf(node)?.draws || generating.test(node.opType) || (node.is('Dropout') && node.inputs[2])) return true;
  return false;
}

/** A few numbers of a Dropout come out alike twice now and then: an output of no more elements is drawn so often. */
const FEW = 64;
const DRAWS = 8;

/** The outputs that another run of the same session gives otherwise. */
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
