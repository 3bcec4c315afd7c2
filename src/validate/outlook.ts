/** Progress of a comparison: the share that is done, and the seconds that are left. */
export class Outlook {
  readonly #began = performance.now();
  readonly #say: (text: string) => void;
  #said = Number.NEGATIVE_INFINITY;
  #what = '';

  constructor(say: (text: string) => void = () => {}) {
    this.#say = say;
  }

  /** `what` is being done; about so many milliseconds are left of the whole, where that is known. Says so once a second. */
  goesOn(what: string, leftMs?: number): void {
    const now = performance.now();
    if (what === this.#what && now - this.#said < 1000) return;
    [this.#what, this.#said] = [what, now];
    const seconds = Math.round((leftMs ?? 0) / 1000);
    if (leftMs === undefined || seconds < 1) {
      this.#say(what);
      return;
    }
    const share = Math.round((100 * (now - this.#began)) / (now - this.#began + leftMs));
    this.#say(`${what}: ${share} % done, about ${seconds} s left`);
  }
}
