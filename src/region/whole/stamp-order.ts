/** The order in which the nodes and constants of all members were created, had none been left out: so they stand in the file. */
import { append } from '../../ir/collections/lists.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';

export type Item = Node | Value;

/** An item, and the member that it is copied for; undefined for what is no repeat's, or another one's. */
type Copied = readonly [Item, number | undefined];

export interface OrderOptions {
  /** All nodes and constants of the shortened model, in order of creation. */
  readonly items: readonly Item[];
  /** The third stand-in's own, each with what plays its part in the second. */
  readonly own: ReadonlyMap<Item, Item>;
  /** The number of the last member. */
  readonly last: number;
  /** Whether an item stands between repeats without being a part of any. */
  isNobodys(item: Item): boolean;
}

/** An item of the second or of the third stand-in. */
interface StandInItem {
  readonly own: Item;
  readonly isBefore: boolean;
}

/**
 * Whoever creates items does so repeat by repeat, forwards or backwards: a stretch of items for one repeat is followed by the
 * same stretch for the next. Where a repeat ends is not where its stretch does: of `w3 q2 s3`, q2 is the second stand-in's, and
 * `w4 q3 s4` comes after. Then the members between follow as `w4 q3 s4, w5 q4 s5, …`, up to the q that stands in the last stretch.
 */
export function* orderOfAll(options: OrderOptions): Iterable<Copied> {
  const { items, own } = options;
  const isForwards = (one: Item): boolean => (own.get(one) as Item).sequence < one.sequence;
  const places = new ItemPlaces();
  stretches(options, items, isForwards, places, places.behind);
  stretches(options, [...items].reverse(), (one) => !isForwards(one), places, places.ahead);
  for (const item of items) {
    yield* places.ahead.get(item)?.reverse() ?? [];
    yield [item, own.has(item) ? (places.member.get(item) ?? 0) : undefined];
    yield* places.behind.get(item) ?? [];
  }
}

class ItemPlaces {
  /** The member that an item of the third stands for in its own place, where that is not the first. */
  readonly member = new Map<Item, number>();
  /** What is inserted behind an item, and ahead of it, that backwards. */
  readonly behind = new Map<Item, Copied[]>();
  readonly ahead = new Map<Item, Copied[]>();
}

/** Finds the stretches of one direction, and what follows each. */
function stretches(
  { own, last, isNobodys }: OrderOptions,
  items: readonly Item[],
  isMeant: (own: Item) => boolean,
  { member }: ItemPlaces,
  inserted: Map<Item, Copied[]>,
): void {
  const entries = new Map<Item, StandInItem>();
  for (const [one, before] of own)
    if (isMeant(one)) {
      entries.set(one, { own: one, isBefore: false });
      entries.set(before, { own: one, isBefore: true });
    }
  let stretch: StandInItem[] = [];
  let end: Item | undefined;
  const close = (): void => {
    if (end && stretch.some(({ isBefore }) => !isBefore)) {
      const list: Copied[] = [];
      for (let at = 1; at <= last; at++)
        append(
          list,
          stretch.map((entry): Copied => [entry.own, entry.isBefore ? at - 1 : at]),
        );
      inserted.set(end, list);
      for (const entry of stretch) if (entry.isBefore) member.set(entry.own, last);
    }
    stretch = [];
  };
  for (const item of items) {
    const entry = entries.get(item);
    if (!entry && isNobodys(item)) continue;
    if (!entry || stretch.some((one) => one.own === entry.own)) close();
    if (!entry || (!entry.isBefore && member.has(item))) continue;
    stretch.push(entry);
    end = item;
  }
  close();
}

/** Of one part, that of the second stand-in, of the first member, of the second, and of the last. */
export type PartItems = readonly [second: Item, own: Item, next: Item, last: Item];

/**
 * Parts that stand with those of the repeat before, as q in `w3 q2 w4 q3 …` where w3 and q3 are the third stand-in's. Where it stands for
 * members up to w9 and q9, the short model has it as `w3 q2 w10 q3 w11`: as if the passes had made it.
 */
export function lateParts(parts: readonly PartItems[]): readonly PartItems[] {
  const sorted = [...parts].sort(([, a], [, b]) => a.sequence - b.sequence);
  return sorted.filter(([{ sequence }]) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as PartItems)[1].sequence < sequence) low = middle + 1;
      else high = middle;
    }
    const before = sorted[low - 1];
    return before !== undefined && before[2].sequence > sequence;
  });
}
