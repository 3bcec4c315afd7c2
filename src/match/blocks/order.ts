/** Whether groups of nodes can each be computed at once: no circle runs through them. */
import type { Wiring } from './wiring.js';

/** `groupOf`: below `groups`, or -1 for a node alone. Kahn's algorithm on the contracted graph. */
export function isOrdered({ producers, readers }: Wiring, groupOf: Int32Array, groups: number): boolean {
  const { length } = producers;
  const unit = (node: number): number => ((groupOf[node] as number) < 0 ? groups + node : (groupOf[node] as number));
  const members = new Map<number, number[]>();
  const waiting = new Int32Array(groups + length);
  let left = 0;
  for (let node = 0; node < length; node++) {
    const own = unit(node);
    const list = members.get(own);
    if (list) list.push(node);
    else {
      members.set(own, [node]);
      left++;
    }
    for (const producer of producers[node] ?? [])
      if (producer >= 0 && unit(producer) !== own) waiting[own] = (waiting[own] as number) + 1;
  }
  const ready = [...members.keys()].filter((one) => waiting[one] === 0);
  for (let one = ready.pop(); one !== undefined; one = ready.pop()) {
    left--;
    for (const node of members.get(one) ?? [])
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
