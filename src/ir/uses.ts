/** The uses of a value: a set that takes the memory of one only from the second use on. A Set by itself takes 260 bytes, and most values have one use. */

const NONE: readonly never[] = [];

export class Uses<Use> implements ReadonlySet<Use> {
  #one: Use | undefined;
  #many: Set<Use> | undefined;

  get size(): number {
    return this.#many ? this.#many.size : this.#one ? 1 : 0;
  }

  has(use: Use): boolean {
    return this.#many ? this.#many.has(use) : this.#one === use;
  }

  add(use: Use): void {
    if (this.#many) this.#many.add(use);
    else if (this.#one === undefined) this.#one = use;
    else if (this.#one !== use) {
      this.#many = new Set([this.#one, use]);
      this.#one = undefined;
    }
  }

  delete(use: Use): boolean {
    if (this.#many) return this.#many.delete(use);
    if (this.#one !== use) return false;
    this.#one = undefined;
    return true;
  }

  [Symbol.iterator](): SetIterator<Use> {
    return this.#many ? this.#many.values() : (this.#one ? [this.#one] : NONE).values();
  }

  values(): SetIterator<Use> {
    return this[Symbol.iterator]();
  }

  keys(): SetIterator<Use> {
    return this[Symbol.iterator]();
  }

  *entries(): SetIterator<[Use, Use]> {
    for (const use of this) yield [use, use];
  }

  forEach(call: (use: Use, same: Use, uses: ReadonlySet<Use>) => void): void {
    for (const use of this) call(use, use, this);
  }
}
