/** The result of a pass, from its run and the comparison. */

import { type ModelSummary, opsChanged } from '../../ir/whole-model/summary.js';
import { placesIn } from '../context.js';
import type { Pass } from '../pass.js';
import { sitesOf } from '../sites.js';
import { takenBackNote } from '../take-back/take-back.js';
import type { Verdict } from '../verify/verifier.js';
import type { PassResult, TakenBack } from './pipeline-result.js';
import type { PipelineState } from './pipeline-state.js';
import type { PassRun } from './run-pass.js';

/** A run of a pass, as the comparison left it. */
export interface JudgedRun {
  readonly run: PassRun;
  readonly verdict?: Verdict | undefined;
  readonly takenBack?: TakenBack | undefined;
  readonly verifyMs: number | undefined;
}

export const isKept = ({ run, verdict }: JudgedRun): boolean => run.isChanged && verdict?.outcome !== 'rejected';

export function passResult(
  { passes, takenBack: takenBackAtEnd, regions, summary, options: { details } }: PipelineState,
  position: number,
  judged: JudgedRun,
  { after, ms }: { readonly after: ModelSummary; readonly ms: number },
): PassResult {
  const { definition, options } = passes[position] as Pass;
  const { run, takenBack, verifyMs } = judged;
  const { isChanged, notes, skips, sites, rewrites, tuning, tuneMs } = run;
  const isDone = isKept(judged);
  const back = isDone ? undefined : takenBackAtEnd.get(position);
  const verdict = back ? back.broken : judged.verdict;
  return {
    name: definition.name,
    options,
    fidelity: definition.fidelity,
    status: isDone ? 'applied' : isChanged || back ? 'rolled back' : 'unchanged',
    ops: opsChanged(summary, after),
    nodes: { before: summary.nodes, after: after.nodes },
    bytes: { before: summary.bytes, after: after.bytes },
    notes: takenBack && isDone ? [...notes, takenBackNote(takenBack)] : notes,
    skips,
    sites: sitesOf(sites, placesIn(regions), details),
    verdict,
    error: isDone ? verdict?.error : undefined,
    takenBack: isDone ? takenBack : undefined,
    rewrites,
    tuning,
    tuneMs: tuning && tuneMs,
    ms,
    verifyMs,
  };
}
