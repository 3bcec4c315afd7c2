/** Runs the original on its sets of inputs: the base sets, given data, and more while there is time. */
import { maxOf } from '../../ir/collections/lists.js';
import { sizesText } from '../../ir/dims/range.js';
import type { Model } from '../../ir/model.js';
import { elementCount } from '../../ir/tensors/tensor.js';
import { msText } from '../../ir/text/quantities.js';
import { UsageError } from '../../ir/text/usage-error.js';
import { type LoadOptions, RuntimeError, type RuntimeProcess, type Session } from '../../runtime/isolate.js';
import type { ReferenceOptions, ReferenceRun } from '../reference-runs.js';
import { runTensors } from '../sides/run-tensors.js';
import { type Feeds, shapesText } from './feeds.js';
import type { GivenSet } from './files/given.js';
import type { SizePoint } from './points.js';
import { morePlans, type SetPlan } from './sets.js';
import { type Sizes, sizeChoices } from './sizes.js';

/** The number of base sets, which run whatever the time. They have different sizes; masks of the first have holes. */
const SETS = 2;
const MOST_SETS = 16;

/**
 * Limits of given data: the number of sets, the bytes of the sets with their outputs, and the time: this many times the
 * time for further sets, or milliseconds where no further sets run.
 */
const MOST_DATA = { sets: 64, bytes: 2 ** 29, budgets: 8, ms: 10_000 };

/**
 * The first further sets reveal most (other branches, sound). A busy machine does not cut them, as long as each takes
 * less than this.
 */
const TELLING = { sets: 3, ms: 60 };

/** The number of made-up sets beside given data. */
const MADE_BESIDE = 4;

const countIn = ({ tensors }: Feeds): number =>
  Object.values(tensors).reduce((sum, { shape }) => sum + elementCount(shape), 1);

/** Runs the original on one set after another, and keeps its outputs. */
export class Runner {
  readonly #runtime: RuntimeProcess;
  readonly #source: string | Uint8Array;
  readonly #load: LoadOptions;
  session: Session;
  readonly runs: ReferenceRun[] = [];
  readonly notes: string[] = [];
  /** Sets that the original does not run on; the first reason is kept. */
  readonly failed: Feeds[] = [];
  failure: RuntimeError | undefined;
  /** The sizes of successful runs. */
  readonly sizes = new Set<Sizes>();
  /** The longest time of a run, by the number of fed elements. */
  readonly #times = new Map<number, number>();
  /** True once a run took too long or too much memory, and was ended. */
  isEnded = false;
  /** Milliseconds that runs waited for a processor: they are no time of the model. */
  waitedMs = 0;

  constructor(runtime: RuntimeProcess, source: string | Uint8Array, load: LoadOptions, session: Session) {
    this.#runtime = runtime;
    this.#source = source;
    this.#load = load;
    this.session = session;
  }

  /** Given data has no choice of sizes; the first choice stands for it. */
  async run(feeds: Feeds, sizes: Sizes = sizeChoices[0]!, point?: SizePoint): Promise<void> {
    const start = performance.now();
    const outputs = await runTensors(this.session, feeds.tensors);
    const ms = performance.now() - start;
    this.runs.push({ feeds, outputs, ms, ...(point && { point }) });
    this.sizes.add(sizes);
    const count = countIn(feeds);
    const waitedMs = this.session.last?.waitedMs ?? 0;
    this.waitedMs += waitedMs;
    this.#times.set(count, Math.max(this.#times.get(count) ?? 0, ms - waitedMs));
  }

  get longestMs(): number {
    return maxOf(this.#times.values());
  }

  /** The expected time of a run: that of a run with as many elements, or in proportion. */
  expectedMs(feeds: Feeds): number {
    const count = countIn(feeds);
    const known = [...this.#times].map(([fed, ms]) => (fed === count ? ms : ms * Math.max(1, count / fed)));
    return this.#times.get(count) ?? maxOf(known);
  }

  /** Tries a run and tells whether it worked; rejects where a failure is not due to the inputs. */
  async attempt(feeds: Feeds, sizes: Sizes, point?: SizePoint): Promise<boolean> {
    try {
      await this.run(feeds, sizes, point);
      return true;
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.kind === 'timeout' || this.#isKilled(error)) throw error;
      this.notes.push(`${failsOn(feeds)}: ${error.message}`);
      this.failed.push(feeds);
      if (error.kind === 'crash') this.session = await this.#runtime.load(this.#source, this.#load);
      this.failure ??= error;
      return false;
    }
  }

  /** Tries an optional run. If the process ends over it, for whatever reason, earlier runs stand. */
  async attemptMore(feeds: Feeds, sizes: Sizes): Promise<boolean> {
    try {
      return await this.attempt(feeds, sizes);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.notes.push(`${failsOn(feeds)}: ${error.message}`);
      this.isEnded ||= error.kind === 'timeout';
      this.session = await this.#runtime.load(this.#source, this.#load);
      return false;
    }
  }

  /** A killed process tells nothing of the inputs; a living one without memory for them does. */
  #isKilled({ kind }: RuntimeError): boolean {
    return kind === 'killed' && this.#runtime.pid === undefined;
  }
}

/** What is made, or why it would be too large. */
function affordable(make: () => Feeds): Feeds | RuntimeError {
  try {
    return make();
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    throw error;
  }
}

/** Runs base sets until enough sizes worked. */
export async function runBase(runner: Runner, plans: Iterable<SetPlan>, most = SETS): Promise<void> {
  for (const { sizes, make } of plans) {
    const feeds = affordable(make);
    if (feeds instanceof RuntimeError) {
      // Sizes of one choice may be beyond a budget, and those of the next not.
      runner.failure ??= feeds;
      continue;
    }
    if (runner.runs.some((run) => isSameShape(run.feeds, feeds))) continue;
    await runner.attempt(feeds, sizes);
    if (runner.runs.length >= Math.min(SETS, most)) break;
  }
  if (!runner.runs.length && runner.failure) throw runner.failure;
  const [, second, ...others] = runner.failed;
  // One reason is enough: a line for each size adds nothing.
  if (second && others.length)
    runner.notes.splice(1, 1 + others.length, `${failsOn(second)}, nor at ${others.length} other sizes`);
}

/**
 * Runs a base set at each of the points. Throws UsageError for a point that the original does not run at while it does at others: a range promises all
 * of its sizes. Beside given inputs, which decide, a point that no made-up set runs at is a note.
 */
export async function runPoints(
  runner: Runner,
  points: readonly SizePoint[],
  plansAt: (point: SizePoint) => Iterable<SetPlan>,
  isBeside: boolean,
): Promise<void> {
  const refused: { readonly point: SizePoint; readonly reason: string }[] = [];
  for (const point of points) {
    const before = runner.notes.length;
    let reason: string | undefined;
    for (const { sizes, make } of plansAt(point)) {
      if (await runner.attempt(make(), sizes, point)) {
        reason = undefined;
        runner.notes.length = before;
        break;
      }
      reason ??= runner.notes[before];
    }
    if (reason !== undefined) refused.push({ point, reason });
    if (reason !== undefined) runner.notes.length = Math.min(runner.notes.length, before + 1);
  }
  const [first] = refused;
  if (!runner.runs.length && runner.failure) throw runner.failure;
  if (first && !isBeside)
    throw new UsageError(
      `dims: expected a range that the model runs at; found ${sizesText(first.point.dims)}, and ${first.reason}. Narrow the range, or give --inputs`,
    );
}

const failsOn = ({ tensors }: Feeds): string => `the original does not run on ${shapesText(tensors)}`;

/** Runs all sets of data, or as many as time allows, spread evenly from the first to the last. */
export async function runData(
  runner: Runner,
  sets: readonly GivenSet[],
  model: Model,
  { isRounded = false, setsBudgetMs }: ReferenceOptions,
): Promise<void> {
  const start = performance.now();
  await runner.run((sets[0] as GivenSet).read(model, isRounded));
  const each = { ms: performance.now() - start - runner.waitedMs, bytes: bytesOf(runner.runs[0] as ReferenceRun) };
  const left = spread(sets.slice(1), dataCount(each, setsBudgetMs) - 1);
  for (const set of left) await runner.run(set.read(model, isRounded));
  if (left.length + 1 < sets.length)
    runner.notes.push(`${left.length + 1} of ${sets.length} sets of inputs were run, spread over all of them`);
}

/** The number of sets of data to run, by the cost of the first; two at least. */
export function dataCount(each: { readonly ms: number; readonly bytes: number }, setsBudgetMs?: number): number {
  const ms = setsBudgetMs === undefined ? MOST_DATA.ms : MOST_DATA.budgets * setsBudgetMs;
  return Math.max(2, Math.floor(Math.min(MOST_DATA.sets, MOST_DATA.bytes / each.bytes, ms / each.ms)));
}

/** The bytes of a run. Texts count as nothing. */
const bytesOf = ({ feeds, outputs }: ReferenceRun): number =>
  [...Object.values(feeds.tensors), ...Object.values(outputs)].reduce(
    (sum, { data }) => sum + (data instanceof Uint8Array ? data.byteLength : 0),
    0,
  );

/** Picks `count` items of a list at equal distances, the last among them. */
export const spread = <T>(list: readonly T[], count: number): T[] =>
  list.length <= count
    ? [...list]
    : Array.from({ length: count }, (_, i) => list[Math.ceil(((i + 1) * list.length) / count) - 1] as T);

/** Options for made-up sets beside given data: they have the shapes of the last given set. */
export function besideData(runner: Runner, options: ReferenceOptions): ReferenceOptions {
  const { feeds } = runner.runs.at(-1) as ReferenceRun;
  const shapes = Object.fromEntries(Object.entries(feeds.tensors).map(([name, { shape }]) => [name, shape]));
  const most = runner.runs.length + MADE_BESIDE;
  return { ...options, shapes, dims: {}, mostSets: Math.min(options.mostSets ?? most, most) };
}

/**
 * Runs further sets while there is time, by the times of earlier runs. `free` has no shapes but those that the user
 * asked for.
 */
export async function runMore(
  runner: Runner,
  model: Model,
  { setsBudgetMs = 0, mostSets = MOST_SETS, ...options }: ReferenceOptions,
  free: ReferenceOptions,
): Promise<void> {
  const ran = [...runner.sizes];
  const [began, waitedMs] = [performance.now(), runner.waitedMs];
  const left = (): number => setsBudgetMs - (performance.now() - began) + (runner.waitedMs - waitedMs);
  const fed = runner.runs.map(({ feeds }) => feeds.tensors);
  const untried = new Set<string>();
  let begun = 0;
  for (const plans of morePlans(model, options, free, ran, fed, mostSets - runner.runs.length)) {
    const before = runner.notes.length;
    const isTelling = begun++ < TELLING.sets && setsBudgetMs > 0;
    let isTried = false;
    for (const { sizes, make } of plans) {
      if (runner.isEnded || (left() < 0 && !isTelling)) break;
      const feeds = make();
      const ms = runner.expectedMs(feeds);
      if (ms > left() && !(isTelling && ms < TELLING.ms)) continue;
      isTried = true;
      if (!(await runner.attemptMore(feeds, sizes))) continue;
      // One alternative worked, so the notes of failed ones go.
      runner.notes.length = before;
      break;
    }
    // One note is enough where no alternative runs.
    runner.notes.length = Math.min(runner.notes.length, before + 1);
    const [{ tries } = {}] = plans;
    if (!isTried && tries) untried.add(tries);
  }
  if (setsBudgetMs > 0 && untried.size > 0)
    runner.notes.push(
      `not tried for lack of time, as one run takes ${msText(runner.longestMs)}: inputs ${[...untried].join(', ')}`,
    );
}

const isSameShape = (a: Feeds, b: Feeds): boolean =>
  Object.entries(a.tensors).every(([name, { shape }]) => String(shape) === String(b.tensors[name]?.shape));
