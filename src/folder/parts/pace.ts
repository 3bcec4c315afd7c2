/** How far the work on several parts is, in the time that each was expected to take. */
import type { ProgressEstimate } from '../../ir/text/progress.js';
import type { PartReport } from '../../run/folder-report.js';

/** The share of the expected time from which on the time left can be told. */
const TELLING = 0.1;

interface PartPace {
  estimate(): ProgressEstimate | undefined;
  end(): void;
}

/** Gives the pace of each part by its path. Expected times are right about each other rather than about this machine: the parts that are done say how it does. */
export function paceOfParts(parts: readonly PartReport[]): (path: string) => PartPace {
  const expected = new Map(parts.map(({ path, expectedMs, inputBytes }) => [path, expectedMs ?? inputBytes / 1e6]));
  const total = [...expected.values()].reduce((sum, ms) => sum + ms, 0);
  const began = performance.now();
  let done = 0;
  return (path) => ({
    estimate() {
      const share = done / total;
      if (!(share > 0)) return undefined;
      const leftMs = ((performance.now() - began) * (1 - share)) / share;
      return { share, ...(share > TELLING && { leftMs }) };
    },
    end() {
      done += expected.get(path) ?? 0;
    },
  });
}
