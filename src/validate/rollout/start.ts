/** Makes the inputs of a rollout: the first ones, and those of each step beside the fed-back outputs. */

import { under } from '../../ir/collections/named.js';
import type { Model } from '../../ir/model.js';
import type { TensorData, Tensors } from '../../runtime/isolate.js';
import { type Feeds, makeFeeds, shapesText } from '../inputs/feeds.js';
import { roleOf } from '../inputs/roles.js';
import { numbers, withNumbers } from './model-runner.js';
import { type RolloutPlan, seenIn, type TokensPlan } from './plan.js';

export interface RolloutStart {
  /** The inputs of each step. Only the first step's contain those that are fed back later. */
  inputs(step: number): Tensors;
  /** The source of the inputs, in words. */
  readonly about: string;
}

/** Ways to start, the likeliest first: decoders differ in whether they take an empty cache. */
export function startsOf(plan: RolloutPlan, model: Model, sets: readonly Feeds[], seed: number): RolloutStart[] {
  const [first] = sets;
  if (!first) return [];
  if (plan.kind === 'tokens')
    return promptsOf(plan, first).map((tensors) => ({
      inputs: () => tensors,
      about: first.source === 'data' ? first.about : `generated (seed ${seed}): ${shapesText(tensors)}`,
    }));
  if (plan.kind === 'denoise') return [{ inputs: () => first.tensors, about: first.about }];
  const states = plan.pairs.map(({ input }) => input);
  return [first.source === 'data' ? given(sets, states) : made(model, first, states, seed)];
}

/** The sets in order, as a sequence: those whose state has the size of the first one's. */
function given(sets: readonly Feeds[], states: readonly string[]): RolloutStart {
  const sizes = (feeds: Feeds): string => String(states.map((name) => under(feeds.tensors, name)?.shape));
  const fitting = sets.filter((feeds) => sizes(feeds) === sizes(sets[0]!));
  return {
    inputs: (step) => fitting[step % fitting.length]!.tensors,
    about: fitting.length > 1 ? `${fitting.length} sets in order, from ${fitting[0]!.about}` : sets[0]!.about,
  };
}

/** New random numbers at every step for inputs of numbers, from a state of zeros. */
function made(model: Model, first: Feeds, states: readonly string[], seed: number): RolloutStart {
  const shapes = Object.fromEntries(Object.entries(first.tensors).map(([name, { shape }]) => [name, shape]));
  const changing = model.graph.inputs.filter(
    (input) => !states.includes(input.name) && ['normal', 'ids'].includes(roleOf(model, input).kind),
  );
  const zeros = states.flatMap((name): [string, TensorData][] => {
    const tensor = under(first.tensors, name);
    return tensor ? [[name, withNumbers(tensor, numbers(tensor).fill(0))]] : [];
  });
  return {
    inputs(step) {
      if (step === 0) return { ...first.tensors, ...Object.fromEntries(zeros) };
      const fresh = makeFeeds(model, { seed: seed + step, shapes }).tensors;
      return { ...first.tensors, ...Object.fromEntries(changing.map(({ name }) => [name, fresh[name]!])) };
    },
    about: `${first.about}, others at each step, from a state of zeros`,
  };
}

/**
 * The first inputs of a decoder. Made-up ones begin a text: with an empty cache, if it runs so, and everything visible.
 */
function promptsOf(plan: TokensPlan, { tensors, source }: Feeds): Tensors[] {
  if (source === 'data') return [tensors];
  const seen = (given: Tensors): Tensors => {
    const all = { ...given };
    for (const [name, growth] of plan.growth)
      if (seenIn[growth] !== undefined && all[name])
        all[name] = withNumbers(all[name], numbers(all[name]).fill(seenIn[growth]));
    return all;
  };
  const branch = plan.branch === undefined ? undefined : tensors[plan.branch];
  const flags = branch ? [0, 1].map((flag) => ({ [plan.branch!]: withNumbers(branch, [flag]) })) : [{}];
  const empty = emptied(plan, tensors);
  return [...(empty ? [empty] : []), tensors].flatMap((given) => flags.map((flag) => ({ ...seen(given), ...flag })));
}

/** The inputs without the cached tokens: masks are shorter by these, positions begin at 0. */
function emptied({ pairs, axes, growth }: TokensPlan, tensors: Tensors): Tensors | undefined {
  const own = pairs.map(({ input }) => input).filter((name) => under(tensors, name) && !/enc|cross/i.test(name));
  const [first] = own;
  const past = first === undefined ? undefined : tensors[first]!.shape[axes.get(first) ?? -1];
  if (past === undefined || !own.every((name) => axes.has(name))) return undefined;
  const all = { ...tensors };
  for (const name of own) {
    const shape = tensors[name]!.shape.map((size, axis) => (axis === axes.get(name) ? 0 : size));
    all[name] = { ...tensors[name]!, shape, data: new Uint8Array(0) };
  }
  for (const [name, kind] of growth) {
    const tensor = under(tensors, name);
    const length = tensor?.shape.at(-1) ?? 1;
    if (!tensor) continue;
    const values = numbers(tensor);
    if (seenIn[kind] !== undefined)
      all[name] = withNumbers(
        tensor,
        values.filter((_, i) => i % length >= past),
        tensor.type,
        [...tensor.shape.slice(0, -1), Math.max(0, length - past)],
      );
    if (kind === 'positions')
      all[name] = withNumbers(
        tensor,
        values.map((_, i) => i % length),
      );
    if (kind === 'lengths')
      all[name] = withNumbers(
        tensor,
        values.map((value) => value - past),
      );
  }
  return all;
}
