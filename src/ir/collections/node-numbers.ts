/** A whole number for each of some nodes of one model: by the order of creation, in an array, as a large graph asks for them at every edge. */
import type { Node } from '../structure.js';

const FIRST = 1024;

export class NodeNumbers {
  /** One more than each number; 0 where there is none. */
  #numbers = new Int32Array(FIRST);

  /** `number`: 0 or more. */
  set({ sequence }: Node, number: number): void {
    if (sequence >= this.#numbers.length) {
      const longer = new Int32Array(Math.max(sequence + 1, this.#numbers.length * 2));
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[sequence] = number + 1;
  }

  get({ sequence }: Node): number | undefined {
    const number = this.#numbers[sequence];
    return number ? number - 1 : undefined;
  }

  has(node: Node): boolean {
    return this.get(node) !== undefined;
  }
}
