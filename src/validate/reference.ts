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
import { excessOf, type FeedOptions, type Feeds, makeFeeds, shapesText, type Variant } from './feeds.js';
import { bakedChoices, openDims, type Sizes, sizeChoices } from './sizes.js';
import { readTestData } from './test-data.js';

/** One set of inputs and what came out. */
export interface ReferenceRun {
  readonly feeds: Feeds;
  readonly outputs: Readonly<Record<string, TensorData>>;
}

export interface Reference {
  readonly runs: readonly ReferenceRun[];
  /** Outputs that are not compared, and why. */
  readonly notCompared: readonly { readonly name: string; readonly reason: string }[];
  /** What was tried in vain, in words. */
  readonly notes: readonly string[];
}

export interface ReferenceOptions extends FeedOptions {
  readonly provider: Provider;
  /** A folder with test data, instead of generated inputs. */
  readonly inputs?: string;
}

/** Sets of inputs at different sizes; masks of the first have holes. */
const SETS = 2;
const variants: readonly Variant[] = ['holes', 'padded'];

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
  let session = await runtime.load(source, load);
  const notes: string[] = [];
  const runs: ReferenceRun[] = [];
  let failure: unknown;
  for (const feeds of options.inputs ? readTestData(options.inputs, model) : candidates(model, options)) {
    if (!options.inputs && runs.length === SETS) break;
    if (!options.inputs && runs.some((run) => isSameShape(run.feeds, feeds))) continue;
    try {
      runs.push({ feeds, outputs: await runTensors(session, feeds.tensors) });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      // Test data has to run: what does not is not the size's fault.
      if (options.inputs || error.kind === 'timeout') throw error;
      failure ??= error;
      notes.push(`the original does not run on ${shapesText(feeds.tensors)}: ${error.message}`);
      if (error.kind === 'crash') session = await runtime.load(source, load);
    }
  }
  if (!runs.length && failure) throw failure;
  const notCompared = missing(session, runs);
  const random = isRandom(model) && runs[0] ? await changing(session, runs[0]) : [];
  await session.release();
  return { runs, notes, notCompared: [...notCompared, ...random] };
}

/** Generated inputs at one size after another; a model without open dims has one size. */
function* candidates(model: Model, options: ReferenceOptions): Iterable<Feeds> {
  const seed = options.seed ?? 0;
  const open = openDims(model).filter((name) => options.dims?.[name] === undefined);
  let index = 0;
  const choices = options.sizes ? [options.sizes] : [...choicesFor(model, open.length > 0)];
  const small = choices.filter((sizes) => excessOf(model, { ...options, sizes }) === 0);
  for (const sizes of small.length ? small : choices) {
    const variant = options.variant ?? variants[Math.min(index, variants.length - 1)];
    yield makeFeeds(model, { ...options, sizes, seed: seed + index, variant });
    index++;
  }
}

function* choicesFor(model: Model, isOpen: boolean): Iterable<Sizes> {
  if (!isOpen) return yield sizeChoices[0]!;
  yield* sizeChoices;
  yield* bakedChoices(model);
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
