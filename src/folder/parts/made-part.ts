/** Makes the result of one part, in the hidden folder, like that of a single file. */
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ModelError, PassError } from '../../ir/text/errors.js';
import type { ProgressListener } from '../../ir/text/progress.js';
import { UsageError } from '../../ir/text/usage-error.js';
import { optimizeFileBy } from '../../job/optimize-file.js';
import type { PartReport } from '../../run/folder-report.js';
import { failedGates, largestError } from '../../run/outcome.js';
import type { Report } from '../../run/report/report.js';
import { copy, filesIn } from '../place/staging.js';
import type { PlannedPart } from '../plan/planned-part.js';
import type { FolderJob } from './folder-job.js';
import type { BegunPart } from './kept-parts.js';
import { type PartRecord, stampOf } from './record.js';

/** What was made of a part, or why it was not. */
export type MadePart =
  | { readonly record: PartRecord; readonly report?: Report }
  | { readonly reason: string; readonly report?: Report };

const BROWSER_FILE = 2e9;

/** Optimizes a part, or copies it where nothing is to be done with it. */
export async function madePart(begun: BegunPart, job: FolderJob, say: ProgressListener): Promise<MadePart> {
  const { planned, key, inputs } = begun;
  const { input, staging, options } = job;
  const { report: plan, files } = planned;
  if (!planned.plan.passes) {
    for (const path of files) await copy(join(input, path), join(staging, path));
    return { record: await recordOf(staging, files, key, { bytes: plan.inputBytes }) };
  }
  const target = join(staging, plan.path);
  await mkdir(dirname(target), { recursive: true });
  const { parts: _, dryRun: _dry, jobs: _jobs, reportPath: _report, ...settings } = options;
  try {
    const report = await optimizeFileBy(join(input, plan.path), planned.plan.passes, {
      ...settings,
      inputs,
      out: target,
      dataName: planned.dataName,
      externalData:
        options.externalData ??
        (files.length > 1 || planned.hasTwin || options.shard !== undefined || plan.inputBytes > BROWSER_FILE),
      shard: options.shard ?? (job.isForBrowsers ? BROWSER_FILE : undefined),
      contract: false,
      onGate: 'report',
      onProgress: say,
    });
    if (!report.output) return { reason: failedGates(report).join('; ') || 'it is not believed', report };
    const written = report.output.files.map((file) => file.slice(staging.length + 1).replaceAll('\\', '/'));
    return { record: await recordOf(staging, written, key, resultOf(report)), report };
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof PassError || error instanceof UsageError)) throw error;
    await clear(staging, planned);
    return { reason: error.message };
  }
}

/** True for the model, its weights, and what `--aot` writes beside it. */
const isOf = (file: string, name: string, dataName: string): boolean =>
  file === name || file.startsWith(dataName) || file.startsWith(`${name.replace(/\.onnx$/, '')}.aot-`);

/** Removes what a stopped run has left of a part. */
export async function clear(staging: string, { report: { path }, dataName }: PlannedPart): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  for (const one of await filesIn(staging))
    if (dirname(one) === folder && isOf(basename(one), name, dataName)) await rm(join(staging, one), { force: true });
}

/** The record of a part with these files. */
export async function recordOf(
  folder: string,
  files: readonly string[],
  key: string,
  result: Partial<PartReport>,
): Promise<PartRecord> {
  const records = await Promise.all(files.map(async (path) => [path, await stampOf(join(folder, path))] as const));
  return { key, files: Object.fromEntries(records), result };
}

function resultOf(report: Report): Partial<PartReport> {
  const { output, speed, outcome, gates, ms } = report;
  const error = largestError(report);
  const back = outcome?.takenBack ?? [];
  const unproven = gates.find(({ name, passed }) => name === 'proof' && !passed);
  return {
    bytes: output?.bytes,
    ms,
    ...(error !== undefined && { error }),
    ...(speed && { speed: { ratio: speed.ratio, significant: speed.significant } }),
    ...(back.length > 0 && { takenBack: [...back] }),
    ...(unproven && { unproven: unproven.detail }),
  };
}
