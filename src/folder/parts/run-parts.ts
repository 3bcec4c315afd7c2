/** Makes the results of parts in a folder beside that of the result; what an earlier run has made and still holds is kept. */
import { stateOfResult } from '../../leftovers.js';
import { counted } from '../../report/style.js';
import type { PartReport } from '../../run/folder-report.js';
import { writeRecord } from '../place/staging.js';
import type { PlannedPart } from '../plan/planned-part.js';
import type { FolderJob } from './folder-job.js';
import { type BegunPart, begunParts } from './kept-parts.js';
import { clear, madePart } from './made-part.js';
import { paceOfParts } from './pace.js';
import type { FolderRecord } from './record.js';

export interface RanParts {
  readonly parts: readonly PartReport[];
  /** Of those that are there. */
  readonly record: FolderRecord;
  /** Paths of the parts that are staged; the others are where an earlier run has put them. */
  readonly staged: Set<string>;
}

/** The results of all parts. */
export async function runParts(plans: readonly PlannedPart[], job: FolderJob): Promise<RanParts> {
  const { options, staging } = job;
  const record: FolderRecord = { version: 1, sources: {}, parts: {}, copied: [] };
  const staged = new Set<string>();
  let there = 0;
  stateOfResult(`${job.out} is as it was`);
  const begun = await begunParts(plans, job, record.sources);
  for (const { kept, planned } of begun) if (!kept) await clear(staging, planned);
  const paceOf = paceOfParts(begun.filter(({ kept }) => !kept).map(({ planned }) => planned.report));
  // Parts end beside each other, and there is one record.
  let saved = Promise.resolve();
  const save = (): Promise<void> => {
    saved = saved.then(() => writeRecord(staging, record));
    return saved;
  };
  const done = async (one: BegunPart, at: number): Promise<PartReport> => {
    const { planned, kept } = one;
    const { report, plan } = planned;
    if (report.state === 'failed') return report;
    const pace = paceOf(report.path);
    const said = `${at + 1}/${plans.length} ${report.name}`;
    const made =
      kept ?? (await madePart(one, job, (text) => options.onProgress?.(`${said}: ${text}`, pace.estimate())));
    pace.end();
    const { report: found } = made as { readonly report?: PartReport['report'] };
    if ('reason' in made) return { ...report, state: 'failed', reason: made.reason, report: found };
    record.parts[report.path] = made.record;
    if (!kept?.isInPlace) staged.add(report.path);
    await save();
    job.keep();
    there++;
    stateOfResult(`${job.out} is as it was; ${there} of ${counted(plans.length, 'part')} kept for the next run`);
    const isMadeUp = options.inputs !== undefined && one.inputs === undefined;
    return {
      ...report,
      ...(made.record.result as Partial<PartReport>),
      reasons: [...report.reasons, ...(isMadeUp ? [`inputs made up: none in ${options.inputs}/${report.name}`] : [])],
      files: Object.keys(made.record.files),
      state: plan.passes ? (kept ? 'unchanged' : 'done') : 'copied',
      ...(found && { report: found }),
    };
  };
  const parts: PartReport[] = [];
  let next = 0;
  const errors: unknown[] = [];
  const work = async (): Promise<void> => {
    while (next < begun.length && errors.length === 0) {
      const at = next++;
      try {
        options.signal?.throwIfAborted();
        parts[at] = await done(begun[at] as BegunPart, at);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  // After an error no part is begun, and those under way are waited for: they write into the hidden folder, which the caller takes as at rest.
  await Promise.all(Array.from({ length: options.jobs ?? 1 }, work));
  if (errors.length > 0) throw errors[0];
  return { parts, record, staged };
}
