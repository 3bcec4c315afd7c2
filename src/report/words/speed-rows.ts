/** The times of original and result that every view shows, under the same names. */
import type { Report } from '../../run/report/report.js';

type Speed = NonNullable<Report['speed']>;
type Range = Speed['run']['original'];

export interface SpeedRow {
  readonly name: string;
  readonly original: number;
  readonly result: number;
  /** The fastest and the slowest run of each, where medians are shown. */
  readonly ranges?: readonly [Range, Range];
  /** decides: the ratio and its interval are the verdict; clock: they are those of the clock beside it. */
  readonly ratio?: 'decides' | 'clock';
}

/** CPU time where it was measured, a run by the clock, the first run, and how long a session takes to make. */
export function speedRows({ cpu, wall, run, first, create }: Speed): SpeedRow[] {
  const byTheClock: SpeedRow =
    cpu && wall
      ? { name: 'run', ...wall.times, ratio: 'clock' }
      : {
          name: 'run',
          original: run.original.median,
          result: run.result.median,
          ranges: [run.original, run.result],
          ...(!cpu && ({ ratio: 'decides' } as const)),
        };
  return [
    ...(cpu
      ? [
          {
            name: `CPU, ${cpu.threads === 'one' ? 'one thread' : 'all threads'}`,
            ...cpu.times,
            ratio: 'decides',
          } as const,
        ]
      : []),
    byTheClock,
    { name: 'first run', ...first },
    { name: 'create', ...create },
  ];
}
