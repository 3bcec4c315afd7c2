/**
 * The time that running models may take in one job, and what was left out for lack of it. Only what goes through `spend` counts:
 * a job whose passes take long is proven no less for it.
 */
export class Deadline {
  readonly #now: () => number;
  readonly #cuts = new Set<string>();
  /** Milliseconds of the stretches that ended. */
  #spent = 0;
  #since = 0;
  /** Stretches that go on now: one within another, or beside it, counts once. */
  #open = 0;

  /** Without a budget there is always time left. */
  constructor(
    readonly budgetMs: number = Number.POSITIVE_INFINITY,
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
  }

  /** Does work whose time counts. */
  async spend<T>(work: () => Promise<T>): Promise<T> {
    if (this.#open++ === 0) this.#since = this.#now();
    try {
      return await work();
    } finally {
      if (--this.#open === 0) this.#spent += this.#now() - this.#since;
    }
  }

  /** Milliseconds; 0 where it is over. */
  left(): number {
    const spent = this.#spent + (this.#open > 0 ? this.#now() - this.#since : 0);
    return Math.max(0, this.budgetMs - spent);
  }

  /** A part of what is left, in milliseconds: what follows has the rest. */
  share(part: number): number {
    return part * this.left();
  }

  /** Whether work of about so many milliseconds may begin; where it may not, `what` is noted as cut. */
  allows(ms: number, what: string): boolean {
    const allowed = ms < this.left();
    if (!allowed) this.cut(what);
    return allowed;
  }

  /** Notes what was left out, as the report says it: `speed`, `2 of 4 sets of inputs`. */
  cut(what: string): void {
    this.#cuts.add(what);
  }

  get cuts(): readonly string[] {
    return [...this.#cuts];
  }
}

/** What a job may say of its time: a budget in seconds (by default two minutes), or the deadline of a larger job that it is part of. */
export interface TimeOptions {
  readonly timeBudget?: number;
  readonly deadline?: Deadline;
}

const DEFAULT_SECONDS = 120;

export const deadlineOf = ({ timeBudget = DEFAULT_SECONDS, deadline }: TimeOptions): Deadline =>
  deadline ?? new Deadline(timeBudget * 1000);
