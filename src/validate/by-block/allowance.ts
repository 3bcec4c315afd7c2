/** The time that a search may take, step by step: a step that would take longer than what is left, as the one before took, is not begun. */
import type { ProgressEstimate } from '../../ir/text/progress.js';

export class Allowance {
  readonly #began = performance.now();
  /** Milliseconds of the longest step; undefined before the first. */
  #longest: number | undefined;
  #isSpent = false;

  constructor(
    readonly ms = Number.POSITIVE_INFINITY,
    readonly onProgress: (estimate: ProgressEstimate) => void = () => {},
  ) {}

  get isLimited(): boolean {
    return this.ms !== Number.POSITIVE_INFINITY;
  }

  /** True once a step was not begun. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** Does a step, and tells whether there was time for it; the first has time. */
  async step(work: () => Promise<void>): Promise<boolean> {
    const began = performance.now();
    const spent = began - this.#began;
    if (this.#isSpent || (this.#longest !== undefined && spent + this.#longest > this.ms)) {
      this.#isSpent = true;
      return false;
    }
    if (this.isLimited) this.onProgress({ share: spent / this.ms, leftMs: this.ms - spent });
    await work();
    this.#longest = Math.max(this.#longest ?? 0, performance.now() - began);
    return true;
  }
}
