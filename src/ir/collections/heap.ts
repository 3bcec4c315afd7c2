/** A binary heap: whatever the order of what goes in, the least comes out first. */
export class Heap<T> {
  readonly #items: T[] = [];

  constructor(readonly rankOf: (item: T) => number) {}

  push(item: T): void {
    const items = this.#items;
    const rank = this.rankOf(item);
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.rankOf(items[parent] as T) <= rank) break;
      items[at] = items[parent] as T;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    const rank = this.rankOf(last);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.rankOf(items[child + 1] as T) < this.rankOf(items[child] as T)) child++;
      if (this.rankOf(items[child] as T) >= rank) break;
      items[at] = items[child] as T;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
