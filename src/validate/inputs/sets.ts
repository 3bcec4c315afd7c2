/** Which sets of inputs a model is run on, in order: first those that always run, then more of other kinds while there is time. */
import type { Model } from '../../ir/model.js';
import { isFloat } from '../../ir/types.js';
import { excessOf, type FeedOptions, type Feeds, fedInputs, makeFeeds, type Variant } from '../feeds.js';
import { roleOf } from '../roles.js';
import { bakedChoices, openDims, type Sizes, sizeChoices } from '../sizes.js';
import { type KindName, kindsFor } from './kinds.js';

/** A set that is still to be made. */
export interface Plan {
  readonly sizes: Sizes;
  make(): Feeds;
}

const baseVariants: readonly Variant[] = ['holes', 'padded'];

/** Generated inputs at one size after another; a model without open dims has one size. */
export function* basePlans(model: Model, options: FeedOptions): Iterable<Plan> {
  const seed = options.seed ?? 0;
  const open = openDims(model).filter((name) => options.dims?.[name] === undefined);
  const choices = options.sizes ? [options.sizes] : [...choicesFor(model, open.length > 0)];
  const small = choices.filter((sizes) => excessOf(model, { ...options, sizes }) === 0);
  for (const [index, sizes] of (small.length ? small : choices).entries()) {
    const variant = options.variant ?? baseVariants[Math.min(index, baseVariants.length - 1)];
    yield { sizes, make: () => makeFeeds(model, { ...options, sizes, seed: seed + index, variant }) };
  }
}

function* choicesFor(model: Model, isOpen: boolean): Iterable<Sizes> {
  if (!isOpen) return yield sizeChoices[0]!;
  yield* sizeChoices;
  yield* bakedChoices(model);
}

/** What masks hold in one set after another, and what floats of unknown meaning do. */
const moreVariants: readonly Variant[] = ['left', 'rows', 'full', 'padded', 'holes'];

/** So many more sets at sizes that the model runs at, the most telling first: in the end only the seed changes. */
export function* morePlans(
  model: Model,
  options: FeedOptions,
  ran: readonly Sizes[],
  seed: number,
  count: number,
): Iterable<Plan> {
  if (ran.length === 0 || fedInputs(model, options).length === 0) return;
  const kinds = options.kind ? [] : kindsOf(model, options, ran[0] as Sizes);
  for (let i = 0; i < count; i++) {
    const sizes = ran[i % ran.length] as Sizes;
    const variant = options.variant ?? moreVariants[i % moreVariants.length];
    yield { sizes, make: () => makeFeeds(model, { kind: kinds[i], ...options, sizes, seed: seed + i, variant }) };
  }
}

/** The kinds that fit any of the float inputs of unknown meaning. */
function kindsOf(model: Model, options: FeedOptions, sizes: Sizes): readonly KindName[] {
  const { tensors } = makeFeeds(model, { ...options, sizes });
  const unknown = fedInputs(model, options).filter(
    (input) => isFloat(input.elem) && roleOf(model, input).kind === 'normal',
  );
  const lists = unknown.map(({ name }) => kindsFor(tensors[name]?.shape ?? []));
  return lists.sort((a, b) => b.length - a.length)[0] ?? [];
}
