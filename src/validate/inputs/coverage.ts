/** Measures the coverage of the inputs: the branches that ran, and whether one row of a batch affects the others. */
import { msText } from '../../ir/text/quantities.js';
import { RuntimeError, type Session } from '../../runtime/isolate.js';
import type { Reference } from '../reference.js';
import type { ComparedModel } from '../sides/compared-model.js';
import type { AccuracyReport } from '../validation.js';
import { branchCoverage } from './branches.js';
import { hasRows, type RowDependence, rowDependence } from './rows.js';

/** Adds both to the report. Rows are tried where a pass changed numbers: there, one row may change the scale of all. */
export async function withCoverage(
  accuracy: AccuracyReport,
  reference: Reference,
  [original, result]: readonly [ComparedModel, ComparedModel],
): Promise<AccuracyReport> {
  const { provider, fidelity } = accuracy;
  const sets = reference.runs.map(({ feeds }) => feeds.tensors);
  const branches = await orUndefined(() => branchCoverage(original.runtime, original.model, provider, sets));
  const rows =
    fidelity === 'exact' ? undefined : await orUndefined(() => rowsOf(reference, original, result, accuracy));
  const covered = { ...accuracy, ...(branches && { branches }) };
  if (!rows) return covered;
  if (rows.tooLongMs !== undefined) return { ...covered, notes: [...accuracy.notes, untriedText(rows.tooLongMs)] };
  return { ...covered, warnings: [...accuracy.warnings, ...rows.texts], rows: rows.effects };
}

const untriedText = (runMs: number): string =>
  `not tried for lack of time, as one run of a few rows takes ${msText(runMs)}: whether an odd row of a batch moves the others`;

async function rowsOf(
  reference: Reference,
  original: ComparedModel,
  result: ComparedModel,
  { provider }: AccuracyReport,
): Promise<RowDependence | undefined> {
  const [first] = reference.runs;
  // The sessions that the numbers were compared on stay for the times where nothing else is loaded.
  if (!first || !hasRows(original.model, first.feeds.tensors)) return undefined;
  const sessions: Session[] = [];
  try {
    for (const { runtime, prepared } of [original, result])
      sessions.push(await runtime.load((await prepared()).source, { provider }));
    const [before, after] = sessions as [Session, Session];
    return await rowDependence(original.model, first.feeds.tensors, before, after);
  } finally {
    for (const session of sessions) await session.release();
  }
}

/** A runtime that fails here does not void the comparison before. */
async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return undefined;
  }
}
