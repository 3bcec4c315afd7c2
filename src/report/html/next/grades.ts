/** What came of the opportunities of an earlier report, by a later one of the same model. */
import type { DetailedReport } from '../details.js';
import { opportunitiesOf } from './opportunities.js';
import type { Opportunity } from './opportunity.js';

export interface GradedOpportunity {
  readonly earlier: Opportunity;
  readonly grade: 'done' | 'in part' | 'open';
  /** How many places are left. */
  readonly left: number;
}

export interface Grades {
  readonly graded: readonly GradedOpportunity[];
  /** Positive: less than before. */
  readonly bytes: number;
  /** Of a run of the result; absent where either was not timed. */
  readonly ms?: number;
}

export function gradesOf(report: DetailedReport, earlier: DetailedReport): Grades {
  const now = new Map(opportunitiesOf(report).map((one) => [one.key, one]));
  const graded = opportunitiesOf(earlier).map((one): GradedOpportunity => {
    const left = now.get(one.key)?.count ?? 0;
    return { earlier: one, left, grade: left === 0 ? 'done' : left < one.count ? 'in part' : 'open' };
  });
  const [before, after] = [earlier, report].map((one) => one.speed?.run.result.median);
  return {
    graded,
    bytes: (earlier.output?.bytes ?? earlier.model.after.bytes) - (report.output?.bytes ?? report.model.after.bytes),
    ...(before !== undefined && after !== undefined && { ms: before - after }),
  };
}
