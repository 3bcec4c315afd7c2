/** Cut-outs on their way to the runtime: each distinct one runs once in a pipeline, whatever pass and place it comes from. */
import { type ProgressEstimate, paceOf } from '../../ir/text/progress.js';
import type { RewriteRecord } from '../context.js';
import type { Fidelity } from '../pass.js';
import type { Verdict, Verifier } from './verifier.js';

/** What became of the rewrites of one pass. */
export interface RewriteResult {
  readonly count: number;
  /** Different ones: what was run. */
  readonly distinct: number;
  /** Those that gave other numbers, or did not run: none of them was made. */
  readonly refuted: readonly Refutation[];
  /** Those about which nothing is known, and why. */
  readonly notCompared: readonly { readonly reason: string; readonly count: number }[];
}

export interface Refutation {
  readonly rule: string;
  readonly detail: string;
}

export class RewriteChecker {
  readonly #verdicts = new Map<string, Verdict>();

  constructor(readonly verifier: Verifier | undefined) {}

  /** Runs the cut-outs that have not been, and gives the refuted ones by key; `tell` hears how far it is. */
  async check(
    { cuts }: RewriteRecord,
    fidelity: Fidelity,
    tell: (estimate: ProgressEstimate) => void,
  ): Promise<Map<string, Refutation>> {
    const open = this.verifier ? [...cuts].filter(([key]) => !this.#verdicts.has(key)) : [];
    const pace = paceOf(open.length);
    for (const [done, [key, cut]] of open.entries()) {
      if (done > 0) tell(pace(done));
      this.#verdicts.set(key, await (this.verifier as Verifier).rewrite(cut, fidelity));
    }
    const refuted = new Map<string, Refutation>();
    for (const [key, { rule }] of cuts) {
      const verdict = this.#verdicts.get(key);
      if (verdict?.outcome === 'rejected') refuted.set(key, { rule, detail: verdict.detail });
    }
    return refuted;
  }

  verdictOf(key: string): Verdict | undefined {
    return this.#verdicts.get(key);
  }

  result({ cuts, count, uncut }: RewriteRecord, refuted: ReadonlyMap<string, Refutation>): RewriteResult | undefined {
    if (count === 0 && refuted.size === 0) return undefined;
    const reasons = new Map<string, number>();
    const open = [...cuts.keys()].map((key) => this.#verdicts.get(key)).filter((one) => one?.outcome === 'unknown');
    for (const reason of [...uncut, ...open.map((verdict) => verdict?.detail ?? '')])
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    const notCompared = [...reasons].map(([reason, times]) => ({ reason, count: times }));
    return { count, distinct: cuts.size, refuted: [...refuted.values()], notCompared };
  }
}
