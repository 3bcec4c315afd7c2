/**
 * Plans the sets of inputs that a model is run on: first the base sets, which always run, then sets of other kinds
 * while there is time.
 */

import { under } from '../../ir/collections/named.js';
import type { Model } from '../../ir/model.js';
import type { Value } from '../../ir/value.js';
import type { RuntimeError, Tensors } from '../../runtime/isolate.js';
import { sidesOf } from './decisions.js';
import {
  excessOf,
  type FeedOptions,
  type Feeds,
  fedInputs,
  isOfUnknownScale,
  type MaskPattern,
  makeFeeds,
  refusalOf,
} from './feeds.js';
import { isSignal, scales, sounds } from './kinds.js';
import { roleOf } from './roles.js';
import { bakedChoices, openDims, type Sizes, shapesOf, sizeChoices, soundSizes } from './sizes.js';

/** A set that is made on request. */
export interface SetPlan {
  readonly sizes: Sizes;
  /** What is tried for the first time, in words: a kind of numbers, a branch. */
  readonly tries?: string | undefined;
  make(): Feeds;
}

/** A plan of a base set. */
interface BasePlan extends SetPlan {
  refusal(): RuntimeError | undefined;
}

const baseVariants: readonly MaskPattern[] = ['holes', 'padded'];

/** Base sets at one size after another; a model without open dims has one size. */
export function* basePlans(model: Model, options: FeedOptions): Iterable<BasePlan> {
  const seed = options.seed ?? 0;
  const open = openDims(model).filter((name) => under(options.dims, name) === undefined);
  const choices = options.sizes ? [options.sizes] : [...choicesFor(model, open.length > 0)];
  const small = choices.filter((sizes) => excessOf(model, { ...options, sizes }) === 0);
  for (const [index, sizes] of (small.length ? small : choices).entries()) {
    const variant = options.variant ?? baseVariants[Math.min(index, baseVariants.length - 1)];
    const own = { ...options, sizes, seed: seed + index, variant };
    yield { sizes, refusal: () => refusalOf(model, own), make: () => makeFeeds(model, own) };
  }
}

/**
 * The error that refuses all base sets, as loading a model may cost as much as running it. Undefined where at least one
 * may run.
 */
export function refusalOfAll(model: Model, options: FeedOptions): RuntimeError | undefined {
  let first: RuntimeError | undefined;
  for (const { refusal } of basePlans(model, options)) {
    const refused = refusal();
    if (!refused) return undefined;
    first ??= refused;
  }
  return first;
}

function* choicesFor(model: Model, isOpen: boolean): Iterable<Sizes> {
  if (!isOpen) return yield sizeChoices[0]!;
  yield* sizeChoices;
  yield* bakedChoices(model);
}

/** Seeds of further sets start here, beyond those of base sets. */
const MORE_SEEDS = 100;

/** Mask patterns of further sets, in order. */
const moreVariants: readonly MaskPattern[] = ['left', 'rows', 'full', 'padded', 'holes'];

/**
 * Plans further sets behind base sets of some sizes: both sides of decisions, floats of other kinds, in the end other
 * seeds. Each item is a list of alternatives: the first that runs is enough. Another side of a decision may want other
 * sizes: those of the `free` options.
 */
export function* morePlans(
  model: Model,
  options: FeedOptions,
  free: FeedOptions,
  ran: readonly Sizes[],
  runs: readonly Tensors[],
  count: number,
): Iterable<readonly SetPlan[]> {
  const [first] = ran;
  if (!first || fedInputs(model, options).length === 0) return;
  let made = 0;
  const plan = (sizes: Sizes, more: FeedOptions = {}, own = options): SetPlan => {
    const variant = moreVariants[made % moreVariants.length];
    const seed = (options.seed ?? 0) + MORE_SEEDS + made;
    const tries = more.kind ?? (more.values && 'another side of a decision');
    return { sizes, tries, make: () => makeFeeds(model, { variant, ...more, ...own, sizes, seed }) };
  };
  const nextSizes = (): Sizes => ran[made % ran.length] as Sizes;
  const others = [...basePlans(model, free)]
    .map(({ sizes }) => sizes)
    .filter((one) => !ran.includes(one) || free !== options);
  const sides = sidesOf(model, runs).map((values) => () => [
    ...ran.map((sizes) => plan(sizes, { values })),
    ...others.map((sizes) => plan(sizes, { values }, free)),
  ]);
  const sound = options.kind ? undefined : soundSizesOf(model, options, ran);
  const kinds = [
    ...(sound ? sounds.map((kind) => () => sound.map((sizes) => plan(sizes, { kind }))) : []),
    ...(options.kind || !hasUnknown(model, options) ? [] : scales.map((kind) => () => [plan(nextSizes(), { kind })])),
  ];
  for (const next of [...sides, ...kinds]) {
    if (made === count) return;
    yield next();
    made++;
  }
  for (; made < count; made++) yield [plan(nextSizes())];
}

const unknownInputs = (model: Model, options: FeedOptions): Value[] =>
  fedInputs(model, options).filter((input) => isOfUnknownScale(input, roleOf(model, input)));

const hasUnknown = (model: Model, options: FeedOptions): boolean => unknownInputs(model, options).length > 0;

/**
 * Sizes to try with sound: a second of it where its length is open, then the longest that ran. Undefined where no input
 * resembles sound.
 */
function soundSizesOf(model: Model, options: FeedOptions, ran: readonly Sizes[]): Sizes[] | undefined {
  const longest = ran.reduce((a, b) => (b.length > a.length ? b : a));
  const shapes = shapesOf(model, longest, options);
  const names = unknownInputs(model, options).map(({ name }) => name);
  const like = names.filter((name) => isSignal(shapes.get(name) ?? []));
  if (!like.length) return undefined;
  const long = shapesOf(model, soundSizes, options);
  const isOpen = like.some((name) => long.get(name)?.at(-1) !== shapes.get(name)?.at(-1));
  return isOpen && !options.sizes ? [soundSizes, longest] : [longest];
}
