/** Which of two models a session is created faster from: times taken in turns, in one process. */

import { isHost } from '../../ir/targets/targets.js';
import type { Deadline } from '../../run/pipeline/deadline.js';
import type { LoadOptions, RuntimeProcess } from '../../runtime/isolate.js';
import type { BothSides } from './heat.js';
import { ENOUGH, type Estimate, estimateOf, type TimePair } from './statistics.js';

/** A ratio above 1: the result's session is created faster. */
export interface CreationReport extends Estimate {
  /** CPU time, which other work on the machine hardly moves, or the clock on the wall, which decides on a GPU. */
  readonly decidedBy: 'cpu' | 'wall';
  /** Milliseconds of each session, in the order of the rounds, by what decides. */
  readonly samples: BothSides<readonly number[]>;
}

/** Milliseconds for all rounds, about, and the number that runs whatever they take. */
const BUDGET_MS = 8000;
const LEAST = 4;

/** Each side is loaded as its own options say. The first round is not counted: it reads files that nobody has read. */
export async function measureCreation(
  runtime: RuntimeProcess,
  models: BothSides<{ readonly source: string | Uint8Array; readonly load: LoadOptions }>,
  deadline: Deadline,
  budgetMs = BUDGET_MS,
): Promise<CreationReport> {
  const decidedBy = isHost(models.result.load.provider) ? 'cpu' : 'wall';
  const samples = { original: [] as number[], result: [] as number[] };
  const start = performance.now();
  for (let round = 0; round <= 2 * ENOUGH; round++) {
    const isOver = performance.now() - start > budgetMs || deadline.left() === 0;
    if (round > LEAST && (isOver || round > ENOUGH)) break;
    const order = round % 2 === 0 ? (['original', 'result'] as const) : (['result', 'original'] as const);
    for (const side of order) {
      const session = await runtime.load(models[side].source, models[side].load);
      await session.release();
      if (round > 0) samples[side].push(decidedBy === 'wall' ? session.createMs : session.createCpuMs);
    }
  }
  const pairs = samples.original.map((ms, i): TimePair => [ms, samples.result[i] as number]);
  return { ...estimateOf(pairs), decidedBy, samples };
}
