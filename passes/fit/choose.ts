/**
 * Chooses a form for each weight under a limit of bytes or of error: a knapsack with several choices for each thing.
 *
 * Errors of different weights add up as squares, so a form costs the square of the error that it brings. Forms of a weight that lie above the
 * convex hull of (bytes, cost) are never the best at any exchange rate of the two. Along the hulls the next step is the one that gains
 * most for each byte, among the steps of all weights. Single steps that still fit use the rest of the limit at the end.
 */
import { Heap } from '../../src/ir/collections/heap.js';

/** A form of a weight. */
export interface Option {
  readonly bytes: number;
  /** The square of its share of the error. */
  readonly cost: number;
}

/** The number of an option, by weight. */
export type Choice = readonly number[];

export interface Totals {
  readonly bytes: number;
  readonly cost: number;
}

export const totalsOf = (items: readonly (readonly Option[])[], choice: Choice): Totals => {
  let [bytes, cost] = [0, 0];
  choice.forEach((at, i) => {
    const option = items[i]?.[at] as Option;
    bytes += option.bytes;
    cost += option.cost;
  });
  return { bytes, cost };
};

/** The numbers of the options on the lower convex hull, from the fewest bytes to the least cost. */
export function hullOf(options: readonly Option[]): number[] {
  const order = options.map((_, i) => i).sort((a, b) => diff(options, a, b, 'bytes') || diff(options, a, b, 'cost'));
  const hull: number[] = [];
  for (const at of order) {
    const last = hull.at(-1);
    if (last !== undefined && diff(options, at, last, 'cost') >= 0) continue;
    while (
      hull.length > 1 &&
      gain(options, hull.at(-2) as number, hull.at(-1) as number) <= gain(options, hull.at(-1) as number, at)
    )
      hull.pop();
    hull.push(at);
  }
  return hull;
}

const diff = (options: readonly Option[], a: number, b: number, of: keyof Option): number =>
  (options[a] as Option)[of] - (options[b] as Option)[of];

/** Cost saved for each byte more. */
function gain(options: readonly Option[], from: number, to: number): number {
  const bytes = diff(options, to, from, 'bytes');
  const saved = diff(options, from, to, 'cost');
  return bytes <= 0 ? Number.POSITIVE_INFINITY : saved / bytes;
}

/** Every choice along the hulls, from the fewest bytes to the least cost; each differs from the one before in one weight. */
export function* frontier(items: readonly (readonly Option[])[]): Iterable<{ choice: number[]; totals: Totals }> {
  const hulls = items.map(hullOf);
  const choice = hulls.map((hull) => hull[0] as number);
  let { bytes, cost } = totalsOf(items, choice);
  yield { choice, totals: { bytes, cost } };
  const steps = new Heap<{ readonly item: number; readonly step: number; readonly gain: number }>(
    ({ gain: most }) => -most,
  );
  const offer = (item: number, step: number): void => {
    const hull = hulls[item] as readonly number[];
    const [from, to] = [hull[step], hull[step + 1]];
    if (from !== undefined && to !== undefined)
      steps.push({ item, step, gain: gain(items[item] as readonly Option[], from, to) });
  };
  for (let item = 0; item < items.length; item++) offer(item, 0);
  for (let next = steps.pop(); next; next = steps.pop()) {
    const { item, step } = next;
    const options = items[item] as readonly Option[];
    const hull = hulls[item] as readonly number[];
    const [from, to] = [hull[step] as number, hull[step + 1] as number];
    bytes += diff(options, to, from, 'bytes');
    cost += diff(options, to, from, 'cost');
    choice[item] = to;
    yield { choice, totals: { bytes, cost } };
    offer(item, step + 1);
  }
}

/** The limits of a choice; the quantity without a limit is minimised. */
export interface ChoiceLimits {
  readonly bytes?: number;
  readonly cost?: number;
}

/** The choice with the least cost within the bytes, or with the fewest bytes within the cost; undefined where none is within. */
export function choose(items: readonly (readonly Option[])[], { bytes, cost }: ChoiceLimits): Choice | undefined {
  let last: Choice | undefined;
  for (const { choice, totals } of frontier(items)) {
    if (bytes !== undefined && totals.bytes > bytes) break;
    last = [...choice];
    if (cost !== undefined && totals.cost <= cost && totalsOf(items, last).cost <= cost)
      return improved(items, last, 'bytes', cost);
  }
  if (!last || bytes === undefined) return undefined;
  return improved(items, last, 'cost', bytes);
}

/** The most weights of which all pairs are compared. */
const MOST_PAIRED = 64;

interface Step {
  readonly item: number;
  readonly at: number;
  /** The decrease of the minimised quantity, and the increase of the limited one. */
  readonly saves: number;
  readonly takes: number;
}

/** Improves a choice by steps of one weight, then of two at once, while they save something and fit within the limit. */
function improved(items: readonly (readonly Option[])[], choice: Choice, little: keyof Option, limit: number): Choice {
  const limited = little === 'bytes' ? 'cost' : 'bytes';
  const now = [...choice];
  const least = totalsOf(items, now)[little] * LEAST_SAVED;
  for (;;) {
    const left = limit - totalsOf(items, now)[limited];
    const steps = items.flatMap((options, item) => {
      const from = options[now[item] as number] as Option;
      return options.map(
        (to, at): Step => ({ item, at, saves: from[little] - to[little], takes: to[limited] - from[limited] }),
      );
    });
    const best = bestOf(steps, left, least) ?? (items.length <= MOST_PAIRED ? bestPair(steps, left, least) : undefined);
    if (!best) return now;
    for (const { item, at } of best) now[item] = at;
  }
}

/** Steps that save a smaller share are rounding, and might never end. */
const LEAST_SAVED = 1e-9;

function bestOf(steps: readonly Step[], left: number, least: number): readonly Step[] | undefined {
  let best: Step | undefined;
  for (const step of steps) if (step.takes <= left && step.saves > (best?.saves ?? least)) best = step;
  return best && [best];
}

function bestPair(steps: readonly Step[], left: number, least: number): readonly Step[] | undefined {
  const giving = steps.filter(({ takes }) => takes < 0);
  let best: readonly [Step, Step] | undefined;
  let most = least;
  for (const one of steps)
    for (const other of giving) {
      const saves = one.saves + other.saves;
      if (saves <= most || one.item === other.item || one.takes + other.takes > left) continue;
      [best, most] = [[one, other], saves];
    }
  return best;
}
