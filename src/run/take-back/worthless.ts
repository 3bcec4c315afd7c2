/** Finds lossy passes that gained neither time nor bytes: they are taken back. */
import { ratioRangeText, ratioText } from '../../ir/text/quantities.js';
import { outcomeOf } from '../outcome.js';
import type { PassReport, Report } from '../report/report.js';

/** The model's constants are this much smaller at least where a pass is said to save bytes. */
const LEAST_SAVED = 0.01;

type PassWork = Pick<PassReport, 'name' | 'fidelity' | 'status' | 'bytes'>;
type SpeedResult = Pick<NonNullable<Report['speed']>, 'ratio' | 'interval' | 'significant'>;

/**
 * The lossy passes of a result that were for nothing, by name, each with the reason. Times are those of the result as a whole: where it is
 * faster, or was not timed, no pass is held to be.
 */
export function worthless(passes: readonly PassWork[], speed: SpeedResult | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (!speed || (speed.significant && speed.ratio > 1)) return found;
  for (const { name, fidelity, status, bytes } of passes) {
    if (status !== 'applied' || fidelity !== 'lossy') continue;
    if (bytes.after <= bytes.before * (1 - LEAST_SAVED)) continue;
    const times = `${ratioText(speed.ratio)} ${ratioRangeText(speed.interval)} as a whole`;
    found.set(
      name,
      `it changes numbers and gains nothing for it: no fewer bytes, and the result is no faster, ${times}`,
    );
  }
  return found;
}

/** The report of a job that was done again without some passes, with these in it as taken back. */
export function withTakenBack(
  report: Report,
  first: readonly PassReport[],
  reasons: ReadonlyMap<string, string>,
): Pick<Report, 'passes' | 'outcome'> {
  const again = [...report.passes];
  const passes = first.map((pass): PassReport => {
    const reason = reasons.get(pass.name);
    if (reason === undefined) return again.shift() ?? pass;
    return { ...pass, status: 'rolled back', verdict: { outcome: 'rejected', detail: reason } };
  });
  return { passes, outcome: outcomeOf(passes) };
}
