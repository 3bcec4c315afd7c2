/** Whether groups of nodes can each be computed at once: no circle runs through them. */
import type { Wiring } from './wiring.js';

/** `groupOf`: below `groups`, or -1 for a node alone. Kahn's algorithm on the contracted graph. */
export function isOrdered({ producers, readers }: Wiring, groupOf: Int32Array, groups: number): boolean {
  const { length } = producers;
  const unit = (node: number): number => ((groupOf[node] as number) < 0 ? groups + node : (groupOf[node] as number));
  /** The members of each unit as a list: its first node, and after each node the next. */
  const first = new Int32Array(groups + length).fill(-1);
  const next = new Int32Array(length);
  const waiting = new Int32Array(groups + length);
  let left = 0;
  for (let node = 0; node < length; node++) {
    const own = unit(node);
    if ((first[own] as number) < 0) left++;
    next[node] = first[own] as number;
    first[own] = node;
    for (const producer of producers[node] as readonly number[])
      if (producer >= 0 && unit(producer) !== own) waiting[own] = (waiting[own] as number) + 1;
  }
  const ready: number[] = [];
  first.forEach((node, one) => {
    if (node >= 0 && waiting[one] === 0) ready.push(one);
  });
  for (let one = ready.pop(); one !== undefined; one = ready.pop()) {
    left--;
    for (let node = first[one] as number; node >= 0; node = next[node] as number)
      for (const list of readers[node] ?? [])
        for (const reader of list) {
          const other = unit(reader.node);
          if (other === one) continue;
          waiting[other] = (waiting[other] as number) - 1;
          if (waiting[other] === 0) ready.push(other);
        }
  }
  return left === 0;
}
