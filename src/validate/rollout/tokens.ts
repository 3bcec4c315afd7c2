/**
 * Runs decoders: text token by token. Both sides read the original's text. Where the result would choose another token,
 * it is given the original's, so that every later step still compares choices for the same text.
 */

import { append } from '../../ir/collections/lists.js';
import { under } from '../../ir/collections/named.js';
import type { TensorData, Tensors } from '../../runtime/isolate.js';
import { type Distance, distanceOf, type ModelRunner, numbers, RolloutEnd, withNumbers } from './model-runner.js';
import { type InputGrowth, seenIn, type TokensPlan } from './plan.js';

/** The comparison of choices so far. */
export interface Choices {
  /** Tokens chosen, over all rows. */
  count: number;
  equal: number;
  /** Steps before the first at which any row chose another token. */
  prefix: number;
  /**
   * The largest lead of the original's choice over the result's among tokens that differ, as a share of its largest
   * logit.
   */
  lead: number;
  /** Kullback-Leibler divergence of the next token, in nats, the mean of the rows, by step. */
  readonly divergence: number[];
}

export const noChoices = (): Choices => ({ count: 0, equal: 0, prefix: 0, lead: 0, divergence: [] });

/** Rejects with RolloutEnd where logits of earlier tokens change with later ones: such a model is no decoder. */
export async function* tokenSteps(
  original: ModelRunner,
  result: ModelRunner,
  plan: TokensPlan,
  start: Tensors,
  choices: Choices,
): AsyncGenerator<Distance, void> {
  const { pairs, logits } = plan;
  const hasCache = pairs.length > 0;
  let inputs = start;
  let caches: [Tensors, Tensors] = [{}, {}];
  let before: { readonly places: readonly number[]; readonly logits: TensorData } | undefined;
  for (;;) {
    const a = await original({ ...inputs, ...caches[0] });
    if (!hasCache && before) refuseOthers(before, a[logits]!);
    const places = lastSeen(plan, inputs, a[logits]!);
    const x = logitsAt(a[logits]!, places);
    before = { places, logits: x };
    if (numbers(x).some(Number.isNaN)) throw new RolloutEnd('original', 'fault', 'the original gives NaN');
    const b = await result({ ...inputs, ...caches[1] });
    const y = logitsAt(b[logits]!, places);
    const drift = distanceOf(logits, x, y);
    const tokens = note(choices, x, y, plan.vocabulary);
    yield drift;
    const fed = inputs;
    caches = [a, b].map((outputs, side) =>
      Object.fromEntries(
        pairs.map(({ input, output }) => [input, kept(caches[side]![input] ?? fed[input]!, outputs[output]!)]),
      ),
    ) as [Tensors, Tensors];
    inputs = grown(plan, inputs, tokens, lengthIn(plan, caches[0]));
  }
}

/** Merged decoders return an empty cache of the encoder after the first step: the earlier cache stays. */
const kept = (before: TensorData, after: TensorData): TensorData =>
  after.shape.includes(0) && !before.shape.includes(0) ? before : after;

/** The number of tokens in the cache. */
function lengthIn({ axes, pairs }: TokensPlan, caches: Tensors): number | undefined {
  const own = pairs.find(({ input }) => axes.has(input) && !/enc|cross/i.test(input))?.input;
  return own === undefined ? undefined : caches[own]?.shape[axes.get(own)!];
}

const lengthOf = ({ shape }: TensorData): number => (shape.length === 3 ? shape[1]! : 1);

/** The last visible token of each text, by its mask: the logits of padding behind it are meaningless. */
function lastSeen({ growth }: TokensPlan, inputs: Tensors, logits: TensorData): number[] {
  const length = lengthOf(logits);
  const [name, kind] = [...growth].find(([, one]) => seenIn[one] !== undefined) ?? [];
  const mask = name === undefined ? undefined : under(inputs, name);
  const values = mask && numbers(mask);
  const width = mask?.shape.at(-1) ?? 0;
  const shown = kind && seenIn[kind];
  return Array.from({ length: logits.shape[0] ?? 1 }, (_, row) => {
    const seen = values?.subarray((row + 1) * width - length, (row + 1) * width) ?? new Float64Array();
    const last = shown === undefined ? -1 : seen.lastIndexOf(shown);
    return last < 0 ? length - 1 : last;
  });
}

/** The logits of one token of each text. */
function logitsAt(logits: TensorData, places: readonly number[]): TensorData {
  const length = lengthOf(logits);
  const width = logits.shape.at(-1)!;
  const all = numbers(logits);
  const own = places.map((place, row) => [
    ...all.subarray((row * length + place) * width, (row * length + place + 1) * width),
  ]);
  return withNumbers(logits, own.flat(), logits.type, [places.length, width]);
}

/** Rates a step's choices, and gives the original's tokens. */
function note(choices: Choices, original: TensorData, result: TensorData, vocabulary: number): number[] {
  const width = original.shape.at(-1)!;
  const [a, b] = [numbers(original), numbers(result)];
  const rows = original.shape[0]!;
  const wasEqual = choices.equal === choices.count;
  let divergence = 0;
  const tokens = Array.from({ length: rows }, (_, row) => {
    const [x, y] = [a, b].map((all) => all.subarray(row * width, row * width + vocabulary)) as [
      Float64Array,
      Float64Array,
    ];
    const [mine, other] = [largest(x), largest(y)];
    choices.count++;
    if (mine === other) choices.equal++;
    else choices.lead = Math.max(choices.lead, (x[mine]! - x[other]!) / scaleOf(x));
    divergence += divergenceOf(x, y) / rows;
    return mine;
  });
  choices.divergence.push(divergence);
  if (wasEqual && choices.equal === choices.count) choices.prefix++;
  return tokens;
}

const largest = (row: Float64Array): number => row.reduce((best, value, i) => (value > row[best]! ? i : best), 0);
const scaleOf = (row: Float64Array): number => row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** KL(original ‖ result) of two rows of logits. */
function divergenceOf(original: Float64Array, result: Float64Array): number {
  const logs = (row: Float64Array): Float64Array => {
    const most = row[largest(row)]!;
    const sum = row.reduce((total, value) => total + Math.exp(value - most), 0);
    return row.map((value) => value - most - Math.log(sum));
  };
  const [p, q] = [logs(original), logs(result)];
  return Math.max(
    0,
    p.reduce(
      (total, value, i) => total + (value === Number.NEGATIVE_INFINITY ? 0 : Math.exp(value) * (value - q[i]!)),
      0,
    ),
  );
}

/** The allowed difference between logits of the same text before and after it grows: sums run in another order. */
const CAUSAL = 1e-3;

/** Checks the last token alone: earlier rows may see nothing, and their logits are then meaningless. */
function refuseOthers(before: { places: readonly number[]; logits: TensorData }, now: TensorData): void {
  if (now.shape.length === 3 && distanceOf('', before.logits, logitsAt(now, before.places)).size > CAUSAL)
    throw new RolloutEnd('original', 'ports', 'it is no decoder: what it says of a text changes as the text goes on');
}

/** The inputs of the next step: a token more in each row. */
function grown(plan: TokensPlan, inputs: Tensors, tokens: readonly number[], cached: number | undefined): Tensors {
  const next: Record<string, TensorData> = { ...inputs };
  const step = inputs[plan.ids]?.shape.at(-1) ?? 1;
  for (const [name, growth] of plan.growth) {
    const tensor = under(inputs, name);
    if (tensor) next[name] = longer(tensor, growth, { tokens, step, hasCache: plan.pairs.length > 0, cached });
  }
  const branch = plan.branch === undefined ? undefined : inputs[plan.branch];
  if (branch) next[plan.branch!] = withNumbers(branch, numbers(branch).fill(1));
  return next;
}

/** What the step before gives. */
interface Step {
  readonly tokens: readonly number[];
  /** The number of tokens of each text that it read. */
  readonly step: number;
  readonly hasCache: boolean;
  /** The number of tokens in the cache. */
  readonly cached: number | undefined;
}

function longer(tensor: TensorData, growth: InputGrowth, { tokens, step, hasCache, cached }: Step): TensorData {
  const values = numbers(tensor);
  if (growth === 'lengths' || growth === 'place') {
    const added = growth === 'place' ? step : 1;
    return withNumbers(
      tensor,
      values.map((value) => value + added),
    );
  }
  const length = tensor.shape.at(-1) ?? 1;
  const rows = values.length / length;
  // A mask is as long as the cache and the token; other inputs are as long as the new tokens.
  const isMask = seenIn[growth] !== undefined;
  const old = isMask ? Math.min(length, cached ?? length) : hasCache ? 0 : length;
  const list: number[] = [];
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * length, (row + 1) * length);
    append(list, [...own.subarray(length - old), nextOf(own, growth, tokens[row] ?? 0)]);
  }
  return withNumbers(tensor, list, tensor.type, [...tensor.shape.slice(0, -1), old + 1]);
}

const nextOf = (row: Float64Array, growth: InputGrowth, token: number): number =>
  growth === 'ids' ? token : growth === 'positions' ? row.at(-1)! + 1 : (seenIn[growth] ?? row.at(-1)!);
