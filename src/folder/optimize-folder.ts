/** Optimizes every model of a folder into another folder, which its loader loads like the first. */

import { mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, posix, resolve, sep } from 'node:path';
import { abortable } from '../abortable.js';
import { optionsIn } from '../ir/options/options.js';
import { UsageError } from '../ir/text/usage-error.js';
import type { FolderReport, PartReport } from '../run/folder-report.js';
import { type PassesLike, parsePasses } from '../run/parse.js';
import { withSettings } from '../settings/pass-settings.js';
import { catalogueWith } from '../settings/plugins.js';
import { type FolderOptions, folderSchema } from './folder-options.js';
import { layoutOf } from './layout.js';
import { withDataFiles } from './loader-config.js';
import { checkPartNames } from './part-plan.js';
import { type PlannedPart, planned } from './planned-part.js';
import type { Picture } from './proof/picture.js';
import { provenFolder } from './proof/proven-folder.js';
import { type FolderRecord, RECORD, readRecord } from './record.js';
import { writeFolderReport } from './report-files.js';
import { runParts } from './run-parts.js';
import {
  beginStaging,
  checkFolder,
  commitFolder,
  copy,
  filesIn,
  isCopy,
  keepStaged,
  stagingOf,
  writeRecord,
} from './staging.js';

/**
 * Optimizes every model of a folder; all else is copied. The report says what became of each part: where one failed, nothing is written, and what was
 * made is kept for the next run. Throws UsageError for options that are wrong, and for a folder without models.
 */
export async function optimizeFolder(input: string, passes: PassesLike, options: FolderOptions): Promise<FolderReport> {
  const checked = optionsIn(folderSchema, options, 'optimizeFolder') as FolderOptions;
  if (!checked.out) throw new UsageError('optimizeFolder: out: expected the path of a folder; found none');
  return abortable(checked.signal, async () => {
    if (checked.dryRun) return optimizeFolderBy(input, passes, checked);
    await checkFolder(checked.out, checked.force);
    const { takeTurn } = await import('../disk/turn.js');
    const turn = await takeTurn(resolve(checked.out), checked.signal);
    try {
      return await optimizeFolderBy(input, passes, checked);
    } finally {
      turn.end();
    }
  });
}

async function optimizeFolderBy(input: string, passes: PassesLike, options: FolderOptions): Promise<FolderReport> {
  const started = performance.now();
  const { out, parts: settings = {}, dryRun = false } = options;
  const catalogue = await catalogueWith(options.plugins);
  const asked = withSettings(parsePasses(passes, catalogue), options, catalogue);
  await checkApart(input, out);
  if (options.reportPath?.endsWith('.json') === false)
    throw new UsageError(`--report: expected a path ending in .json for a folder; found "${options.reportPath}"`);
  const paths = await filesIn(input);
  const layout = layoutOf(paths);
  if (layout.parts.length === 0) throw new UsageError(`${input}: expected a folder with models (*.onnx); found none`);
  checkPartNames(settings, layout);
  const plans = await planned(input, layout, paths, { asked, settings, catalogue }, options);
  const models = new Set(plans.flatMap(({ files }) => files));
  const others = paths.filter((path) => !models.has(path) && path !== RECORD);
  const base = {
    ...({ version: 1, input, folder: out, layout: layout.kind, command: options.command } as const),
    others: { files: others.length, bytes: await bytesIn(input, others), changed: [] },
  };
  const ended = (parts: readonly PartReport[], isWritten: boolean, changed: readonly string[] = []): FolderReport => ({
    ...base,
    others: { ...base.others, changed },
    parts,
    isWritten,
    ms: performance.now() - started,
  });
  const reported = async (report: FolderReport, pictures?: readonly [Picture, Picture]): Promise<FolderReport> => {
    await writeFolderReport(options.reportPath, report, pictures);
    return report;
  };
  if (dryRun)
    return ended(
      plans.map(({ report }) => report),
      false,
    );
  const staging = stagingOf(out);
  const keep = beginStaging(staging);
  const [earlier, begun] = [await readRecord(out), await readRecord(staging)];
  const isForBrowsers = layout.kind === 'transformers.js';
  const job = { input, out, staging, keep, earlier, begun, options, isForBrowsers };
  const { parts, record, staged } = await runParts(plans, job);
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
    return reported(ended(parts, false));
  }
  const { proof, pictures } = await provenFolder(plans, layout, { record, staged, others }, job);
  if (proof?.gates.some(({ passed }) => !passed)) {
    await writeRecord(staging, record);
    return reported({ ...ended(parts, false), proof }, pictures);
  }
  const changed = await copyOthers(others, job, plans, parts);
  const now = (folders: FolderRecord | undefined, which: (path: string) => boolean = () => true): string[] =>
    Object.entries(folders?.parts ?? {}).flatMap(([path, { files }]) => (which(path) ? Object.keys(files) : []));
  const kept = new Set([...now(record), ...others]);
  const renewed = new Set(now(earlier, (path) => staged.has(path)));
  const before = [...now(earlier), ...(earlier?.copied ?? [])];
  const full: FolderRecord = { ...record, copied: others };
  await commitFolder(
    staging,
    out,
    full,
    before.filter((path) => !kept.has(path) || renewed.has(path)),
  );
  return reported({ ...ended(parts, true, changed), ...(proof && { proof }) }, pictures);
}

/** Throws UsageError where one of the two folders is the other or lies in it. */
async function checkApart(input: string, out: string): Promise<void> {
  const found = await stat(input).catch(() => undefined);
  if (!found?.isDirectory()) throw new UsageError(`${input}: expected a folder; found ${found ? 'a file' : 'none'}`);
  const [from, to] = [await realpath(input), await realPlace(resolve(out))];
  const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep);
  if (isIn(from, to) || isIn(to, from))
    throw new UsageError(`${out}: expected a folder apart from ${input}; found one in the other. Name it with --out`);
}

/** The path with all links followed, of which the end need not exist. */
async function realPlace(path: string): Promise<string> {
  const found = await realpath(path).catch(() => undefined);
  return found ?? (dirname(path) === path ? path : join(await realPlace(dirname(path)), basename(path)));
}

async function bytesIn(folder: string, paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(join(folder, path))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

interface CopyJob {
  readonly input: string;
  readonly out: string;
  readonly staging: string;
}

/** Stages files that are no models, unless the folder has them; gives those that it changed. */
async function copyOthers(
  others: readonly string[],
  { input, out, staging }: CopyJob,
  plans: readonly PlannedPart[],
  parts: readonly PartReport[],
): Promise<string[]> {
  const changed: string[] = [];
  for (const path of others) {
    const beside = basename(path) === 'config.json' ? posix.join(dirname(path), 'onnx') : undefined;
    const models = parts.filter((part) => dirname(part.path) === beside);
    const counts = Object.fromEntries(models.map((part) => [basename(part.path), dataFilesOf(part, plans)]));
    const updated = models.length > 0 ? withDataFiles(await readFile(join(input, path), 'utf8'), counts) : undefined;
    if (updated !== undefined) {
      changed.push(path);
      if (updated === (await readFile(join(out, path), 'utf8').catch(() => ''))) continue;
      await mkdir(dirname(join(staging, path)), { recursive: true });
      await writeFile(join(staging, path), updated);
    } else if (!(await isCopy(join(out, path), join(input, path)))) await copy(join(input, path), join(staging, path));
  }
  return changed;
}

const dataFilesOf = (part: PartReport, plans: readonly PlannedPart[]): number =>
  (part.files ?? plans.find(({ report }) => report.path === part.path)?.files ?? []).length - 1;
