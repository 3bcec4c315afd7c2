/** What the original gives: the runs that a result is compared with. */
import type { Model } from '../ir/model.js';
import { elementCount } from '../ir/tensor.js';
import {
  type LoadOptions,
  type Provider,
  RuntimeError,
  type RuntimeProcess,
  type Session,
  type TensorData,
  type Tensors,
} from '../runtime/isolate.js';
import { type FeedOptions, type Feeds, shapesText } from './feeds.js';
import { basePlans, morePlans, type Plan } from './inputs/sets.js';
import type { Sizes } from './sizes.js';
import { readTestData } from './test-data.js';

/** One set of inputs and what came out. */
export interface ReferenceRun {
  readonly feeds: Feeds;
  readonly outputs: Readonly<Record<string, TensorData>>;
}

export interface Reference {
  /** In order: those that always run, then those that time allowed. */
  readonly runs: readonly ReferenceRun[];
  /** How many of the runs always run. */
  readonly base: number;
  /** Outputs that are not compared, and why. */
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  /** What was tried in vain, in words. */
  readonly notes: readonly string[];
}

export interface ReferenceOptions extends FeedOptions {
  readonly provider: Provider;
  /** A folder with test data, instead of generated inputs. */
  readonly inputs?: string;
  /** How long the original may run on more sets than those that always run. Default 0: on no more. */
  readonly setsBudgetMs?: number;
  /** How many sets there are at most; default 16. */
  readonly mostSets?: number;
}

/** Sets of inputs that always run, at different sizes; masks of the first have holes. */
const SETS = 2;
const MOST_SETS = 16;

/** Runs a session and gives the outputs that can be had: all, or, where sequences and maps are among them, the tensors. */
export async function runTensors(session: Session, feeds: Tensors): Promise<Record<string, TensorData>> {
  const tensors = session.outputs.filter(({ type }) => type !== undefined).map(({ name }) => name);
  if (tensors.length === session.outputs.length) return (await session.run(feeds)).outputs;
  try {
    // An optional that is there comes as a tensor; sequences and maps make the whole run fail.
    return (await session.run(feeds)).outputs;
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'error' || !/sequences and maps/.test(error.message))
      throw error;
    return tensors.length ? (await session.run(feeds, tensors)).outputs : {};
  }
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
  const runner = new Runner(runtime, source, load, await runtime.load(source, load));
  if (options.inputs) for (const feeds of readTestData(options.inputs, model)) await runner.run(feeds);
  else await runBase(runner, basePlans(model, options));
  const base = runner.runs.length;
  if (!options.inputs) await runMore(runner, model, options);
  const { runs, notes, session } = runner;
  const notCompared = missing(session, runs);
  const random = isRandom(model) && runs[0] ? await changing(session, runs[0]) : [];
  await session.release();
  return { runs, base, notes, notCompared: [...notCompared, ...random] };
}

/** Runs the original on one set after another, and keeps what it gives. */
class Runner {
  readonly #runtime: RuntimeProcess;
  readonly #source: string | Uint8Array;
  readonly #load: LoadOptions;
  session: Session;
  readonly runs: ReferenceRun[] = [];
  readonly notes: string[] = [];
  /** The sizes that it ran at, and how long the last run at each took. */
  readonly sizes = new Map<Sizes, number>();

  constructor(runtime: RuntimeProcess, source: string | Uint8Array, load: LoadOptions, session: Session) {
    this.#runtime = runtime;
    this.#source = source;
    this.#load = load;
    this.session = session;
  }

  async run(feeds: Feeds, sizes?: Sizes): Promise<void> {
    const start = performance.now();
    this.runs.push({ feeds, outputs: await runTensors(this.session, feeds.tensors) });
    if (sizes) this.sizes.set(sizes, performance.now() - start);
  }

  /** Runs what may fail. Gives the error where it does; rejects where that says nothing of the inputs. */
  async attempt(feeds: Feeds, sizes: Sizes): Promise<RuntimeError | undefined> {
    try {
      await this.run(feeds, sizes);
      return undefined;
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.kind === 'timeout') throw error;
      this.notes.push(`the original does not run on ${shapesText(feeds.tensors)}: ${error.message}`);
      if (error.kind === 'crash') this.session = await this.#runtime.load(this.#source, this.#load);
      return error;
    }
  }
}

/** Until enough of the sizes run. */
async function runBase(runner: Runner, plans: Iterable<Plan>): Promise<void> {
  let failure: RuntimeError | undefined;
  for (const { sizes, make } of plans) {
    const feeds = make();
    if (runner.runs.some((run) => isSameShape(run.feeds, feeds))) continue;
    const error = await runner.attempt(feeds, sizes);
    failure ??= error;
    if (runner.runs.length === SETS) break;
  }
  if (!runner.runs.length && failure) throw failure;
}

/** While there is time, as far as the runs before tell. */
async function runMore(
  runner: Runner,
  model: Model,
  { setsBudgetMs = 0, mostSets = MOST_SETS, ...options }: ReferenceOptions,
): Promise<void> {
  const ran = [...runner.sizes.keys()];
  const end = performance.now() + setsBudgetMs;
  const seed = (options.seed ?? 0) + SETS;
  for (const { sizes, make } of morePlans(model, options, ran, seed, mostSets - runner.runs.length)) {
    if (performance.now() + (runner.sizes.get(sizes) as number) > end) return;
    await runner.attempt(make(), sizes);
  }
}

const isSameShape = (a: Feeds, b: Feeds): boolean =>
  Object.entries(a.tensors).every(([name, { shape }]) => String(shape) === String(b.tensors[name]?.shape));

function missing(session: Session, runs: readonly ReferenceRun[]): { name: string; reason: string }[] {
  return session.outputs
    .filter(({ name }) => runs.length > 0 && !runs[0]!.outputs[name])
    .map(({ name }) => ({ name, reason: 'onnxruntime-node cannot give back sequences and maps' }));
}

const randomOps =
  /^(RandomNormal|RandomUniform)(Like)?$|^(Bernoulli|Multinomial|(Whisper)?BeamSearch|GreedySearch|Sampling)$/;

/** True where a model draws random numbers. Dropout does while it trains; what generates text may choose among equals. */
function isRandom(model: Model): boolean {
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      if (randomOps.test(node.opType) || (node.is('Dropout') && node.inputs[2])) return true;
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
