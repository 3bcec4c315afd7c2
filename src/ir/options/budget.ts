/**
 * Budgets: what one model may make us do at most. The numbers in a file are never sizes of work by themselves: whoever makes, reads,
 * follows or repeats as much as a file says asks here first, and where a budget is spent, leaves the place as it is and says so.
 */

/** What is bounded: the default, what it counts, and what becomes of work beyond it. */
export const budgets = {
  'dims-terms': [64, 'Names that a symbolic dim is spelled with.', 'a dim is taken for unknown'],
  axes: [64, 'Axes of a value.', 'its shape is taken for unknown'],
  nesting: [16, 'Sequences in sequences.', 'its type is taken for unknown'],
  'inference-visits': [
    5_000,
    'Nodes that inference goes over again: in loops of loops, in calls of calls.',
    'nothing is known of what it gives',
  ],
  'inlined-nodes': [50_000, 'Nodes that inlining adds.', 'the call stays'],
  'constant-bytes': [16 * 2 ** 20, 'Bytes of constants that passes make up, as the ones of a norm.', 'not made'],
  'folding-bytes': [2 ** 20, 'Bytes that folded constants add to the file.', 'not folded'],
  'folding-work': [2 ** 28, 'Operations that folding constants takes.', 'not folded'],
  'sparse-bytes': [64 * 2 ** 20, 'Bytes of sparse constants written out.', 'not read'],
  'input-elements': [2 ** 24, 'Elements of the inputs that are made up for a run.', 'not run'],
  'run-elements': [2 ** 26, 'Elements of one value in a run, beside 64 for each weight.', 'not run'],
  'run-work': [2 ** 33, 'Operations of a run, beside a million for each weight.', 'not run'],
  'run-seconds': [20, 'Seconds of a run, as long again for each million weights.', 'ended'],
  'run-bytes': [400 * 2 ** 20, 'Bytes of memory that a run takes, beside 16 KiB for each weight.', 'ended'],
} as const satisfies Record<string, readonly [number, string, string]>;

export type BudgetName = keyof typeof budgets;
export const budgetNames = Object.keys(budgets) as BudgetName[];

/** What a user raises or lowers; the others have their defaults. */
export type Limits = Readonly<Partial<Record<BudgetName, number>>>;

/** Work that was left undone: why, and the places by name. */
export interface Shortage {
  readonly reason: string;
  readonly places: readonly string[];
}

/** What is left of the budgets of one model. A clone of the model has its own, so that what is taken back costs nothing. */
export class Budget {
  readonly #limits: Limits;
  readonly #spent: Map<BudgetName, number>;
  readonly #short: Map<BudgetName, Set<string>>;
  /** Shortages that were told already. */
  readonly #told: Set<string>;

  constructor(limits: Limits = {}, from?: Budget) {
    this.#limits = limits;
    this.#spent = new Map(from ? from.#spent : []);
    this.#short = new Map([...(from ? from.#short : [])].map(([name, places]) => [name, new Set(places)]));
    this.#told = new Set(from ? from.#told : []);
  }

  clone(): Budget {
    return new Budget(this.#limits, this);
  }

  limitOf(name: BudgetName): number {
    return this.#limits[name] ?? budgets[name][0];
  }

  /** The same with other limits. */
  under(limits: Limits): Budget {
    return new Budget({ ...this.#limits, ...limits }, this);
  }

  /** Takes an amount of work that adds up over the model; false where that much is not left, and nothing is taken. */
  spend(name: BudgetName, amount: number): boolean {
    const spent = (this.#spent.get(name) ?? 0) + amount;
    if (!(spent <= this.limitOf(name))) return false;
    this.#spent.set(name, spent);
    return true;
  }

  /** Why something stays undone, as a report says it. */
  reasonOf(name: BudgetName): string {
    return `${budgets[name][2]}: beyond the budget ${name} of ${this.limitOf(name)}; --budget ${name}=… raises it`;
  }

  /** Notes a place where work was left undone, for whoever has no report at hand. */
  note(name: BudgetName, place: string): void {
    const places = this.#short.get(name) ?? new Set();
    this.#short.set(name, places.add(place));
  }

  /** All that was noted. */
  get shortages(): readonly Shortage[] {
    return [...this.#short].map(([name, places]) => ({ reason: this.reasonOf(name), places: [...places] }));
  }

  /** What was noted since it was last told. */
  untold(): readonly Shortage[] {
    const all = this.shortages.map(({ reason, places }) => ({
      reason,
      places: places.filter((place) => !this.#told.has(`${reason} ${place}`)),
    }));
    for (const { reason, places } of all) for (const place of places) this.#told.add(`${reason} ${place}`);
    return all.filter(({ places }) => places.length > 0);
  }
}
