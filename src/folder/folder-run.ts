/** One run over a folder: plans, parts, proof, and the result into its place. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../ir/text/usage-error.js';
import { refuseGates } from '../job/checked-job.js';
import { bytesOf } from '../job/source.js';
import type { FolderReport } from '../run/folder-report.js';
import { type PassesLike, parsePasses } from '../run/parse.js';
import { withSettings } from '../settings/pass-settings.js';
import { catalogueWith } from '../settings/plugins.js';
import type { FolderOptions } from './folder-options.js';
import type { FolderJob } from './parts/folder-job.js';
import { type FolderRecord, readRecord } from './parts/record.js';
import { type RanParts, runParts } from './parts/run-parts.js';
import { shareWeights } from './parts/share-weights.js';
import { copyOthers } from './place/other-files.js';
import { beginStaging, commitFolder, keepStaged, stagingOf, writeRecord } from './place/staging.js';
import { type GivenModels, givenModels } from './plan/given-models.js';
import { checkPartNames } from './plan/part-plan.js';
import { type PlannedPart, planned } from './plan/planned-part.js';
import type { Picture } from './proof/diffusion/picture.js';
import { provenFolder } from './proof/proven-folder.js';
import { writeFolderReport } from './report-files.js';

interface FolderPlan {
  readonly given: GivenModels;
  readonly plans: readonly PlannedPart[];
  /** Files that are no models. */
  readonly others: readonly string[];
}

/** Does the whole job, or says what it would do. */
export async function runFolder(
  input: string | readonly string[],
  passes: PassesLike,
  options: FolderOptions,
): Promise<FolderReport> {
  const started = performance.now();
  if (options.reportPath !== undefined && !/\.(json|html)$/.test(options.reportPath))
    throw new UsageError(
      `--report: expected a path ending in .json or .html for a folder; found "${options.reportPath}"`,
    );
  refuseGates(options);
  const plan = await planOf(input, passes, options);
  const { given, plans, others } = plan;
  const base = {
    ...({ version: 1, input: given.folder, folder: options.out, layout: given.layout.kind } as const),
    command: options.command,
    others: { files: others.length, bytes: await bytesOf(others.map((path) => join(given.folder, path))), changed: [] },
  };
  const made: MadeFolder = options.dryRun
    ? { parts: plans.map(({ report }) => report), isWritten: false }
    : await madeFolder(plan, options);
  const { changed = [], pictures, ...found } = made;
  const report: FolderReport = {
    ...base,
    others: { ...base.others, changed: [...changed] },
    ...found,
    ms: performance.now() - started,
  };
  return options.dryRun ? report : writeFolderReport(options.reportPath, report, pictures);
}

async function planOf(
  input: string | readonly string[],
  passes: PassesLike,
  options: FolderOptions,
): Promise<FolderPlan> {
  const { parts: settings = {}, out } = options;
  const catalogue = await catalogueWith(options.plugins);
  const asked = withSettings(parsePasses(passes, catalogue), options, catalogue);
  const given = await givenModels(input, out);
  checkPartNames(settings, given.layout);
  const plans = await planned(given, { asked, settings, catalogue }, options);
  const models = new Set(plans.flatMap(({ files }) => files));
  return { given, plans, others: given.isFolder ? given.paths.filter((path) => !models.has(path)) : [] };
}

interface MadeFolder extends Pick<FolderReport, 'parts' | 'isWritten' | 'proof'> {
  readonly changed?: readonly string[];
  readonly pictures?: readonly [Picture, Picture];
}

/** Makes the parts, proves the whole, and puts it into its place; where one fails, what was made waits for the next run. */
async function madeFolder({ given, plans, others }: FolderPlan, options: FolderOptions): Promise<MadeFolder> {
  const { out } = options;
  const staging = stagingOf(out);
  const keep = beginStaging(staging);
  const [earlier, begun] = [await readRecord(out), await readRecord(staging)];
  const isForBrowsers = given.layout.kind === 'transformers.js';
  const job: FolderJob = { input: given.folder, out, staging, keep, earlier, begun, options, isForBrowsers };
  const ran = await runParts(plans, job);
  const { parts, record, staged } = ran;
  await keepStaged(
    staging,
    [...staged].flatMap((path) => Object.keys(record.parts[path]?.files ?? {})),
  );
  if (parts.some(({ state }) => state === 'failed')) {
    if (Object.keys(record.parts).length > 0) await writeRecord(staging, record);
    else {
      await rm(staging, { recursive: true, force: true });
      keep();
    }
    return { parts, isWritten: false };
  }
  const shared = await shareWeights(plans, ran, job);
  const { proof, pictures } = await provenFolder(plans, given.layout, { record, staged, others }, job);
  const proven = { ...(proof && { proof }), ...(pictures && { pictures }) };
  if (proof?.gates.some(({ passed }) => !passed)) {
    await writeRecord(staging, record);
    return { parts: shared, isWritten: false, ...proven };
  }
  const changed = await copyOthers(others, job, shared);
  await commit(ran, others, job);
  return { parts: shared, isWritten: true, changed, ...proven };
}

/** Moves what is staged into the folder of the result, and takes away what no part has any more. */
async function commit({ record, staged }: RanParts, others: readonly string[], job: FolderJob): Promise<void> {
  const { earlier, staging, out } = job;
  const filesOf = (folder: FolderRecord | undefined, which: (path: string) => boolean = () => true): string[] =>
    Object.entries(folder?.parts ?? {}).flatMap(([path, { files }]) => (which(path) ? Object.keys(files) : []));
  const kept = new Set([...filesOf(record), ...others]);
  const renewed = new Set(filesOf(earlier, (path) => staged.has(path)));
  const stale = [...filesOf(earlier), ...(earlier?.copied ?? [])].filter(
    (path) => !kept.has(path) || renewed.has(path),
  );
  await commitFolder(staging, out, { ...record, copied: [...others] }, stale);
}
