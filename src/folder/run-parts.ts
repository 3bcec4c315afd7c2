/** Makes the results of parts in a folder beside that of the result, each like a single file; what an earlier run has made and still holds is kept. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { maxOf } from '../ir/collections/lists.js';
import { ModelError, PassError } from '../ir/text/errors.js';
import { UsageError } from '../ir/text/usage-error.js';
import { optimizeFileBy } from '../job/optimize-file.js';
import type { PartReport } from '../run/folder-report.js';
import { machineOf, versionsOf } from '../run/machine.js';
import type { Report } from '../run/report.js';
import type { FolderOptions } from './folder-options.js';
import type { PlannedPart } from './planned-part.js';
import {
  digestOf,
  type FolderRecord,
  isThere,
  type PartRecord,
  type SourceRecord,
  sourceRecordOf,
  stampOf,
} from './record.js';
import { copy, filesIn, writeRecord } from './staging.js';

export interface FolderJob {
  readonly input: string;
  readonly out: string;
  readonly staging: string;
  /** Says that what is staged stays when the run is stopped: a part is done. */
  readonly keep: () => void;
  /** What the folder of the result was made of. */
  readonly earlier: FolderRecord | undefined;
  /** What a run that was stopped has made. */
  readonly begun: FolderRecord | undefined;
  readonly options: FolderOptions;
  /** True where no file may be larger than what browsers fetch and hold. */
  readonly isForBrowsers: boolean;
}

const BROWSER_FILE = 2e9;

/** The share of all bytes from which on the time left can be told. */
const TELLING = 0.2;

export interface RanParts {
  readonly parts: readonly PartReport[];
  /** Of those that are there. */
  readonly record: FolderRecord;
  /** Paths of the parts that are staged; the others are where an earlier run has put them. */
  readonly staged: ReadonlySet<string>;
}

/** The results of all parts. */
export async function runParts(plans: readonly PlannedPart[], job: FolderJob): Promise<RanParts> {
  const record: FolderRecord = { version: 1, sources: {}, parts: {}, copied: [] };
  const parts: PartReport[] = [];
  const staged = new Set<string>();
  const total = plans.reduce((sum, { report }) => sum + report.inputBytes, 0);
  const surroundings = await keyOfJob(job);
  let [next, doneBytes] = [0, 0];
  const began = performance.now();
  // Parts end beside each other, and there is one record.
  let saved = Promise.resolve();
  const save = (): Promise<void> => {
    saved = saved.then(() => writeRecord(job.staging, record));
    return saved;
  };
  const work = async (): Promise<void> => {
    while (next < plans.length) {
      const at = next++;
      const one = plans[at] as PlannedPart;
      job.options.signal?.throwIfAborted();
      parts[at] = await made(one, at);
      doneBytes += one.report.inputBytes;
    }
  };
  const made = async (one: PlannedPart, at: number): Promise<PartReport> => {
    const { report } = one;
    if (report.state === 'failed') return report;
    const said = `${at + 1}/${plans.length} ${report.name}`;
    const say = (text: string): void => {
      const share = doneBytes / total;
      // Parts take time by their bytes and nodes: few bytes tell nothing of the rest.
      const leftMs = ((performance.now() - began) * (1 - share)) / share;
      job.options.onProgress?.(
        `${said}: ${text}`,
        share > 0 ? { share, ...(share > TELLING && { leftMs }) } : undefined,
      );
    };
    say('comparing with earlier runs');
    for (const path of one.files) record.sources[path] = await sourceRecord(job, path);
    const { passes = [] } = one.plan;
    const inputs = await inputsOf(job.options.inputs, report.name);
    const key = digestOf([
      surroundings,
      one.plan.passes && passes.map(({ definition: { name }, options }) => [name, options]),
      one.files.map((path) => [path, record.sources[path]?.sha256]),
      await inputsKey(inputs),
    ]);
    const kept = await keptPart(job, report.path, key);
    const done =
      kept ?? (await (one.plan.passes ? optimized(one, key, { ...job, inputs }, say) : copied(one, key, job)));
    if ('reason' in done) return { ...report, state: 'failed', reason: done.reason, report: done.report };
    record.parts[report.path] = done.record;
    if (!done.isInPlace) staged.add(report.path);
    await save();
    job.keep();
    const result = done.record.result as Partial<PartReport>;
    const files = Object.keys(done.record.files);
    const isMadeUp = job.options.inputs !== undefined && inputs === undefined;
    const reasons = isMadeUp
      ? [...report.reasons, `inputs made up: none in ${job.options.inputs}/${report.name}`]
      : report.reasons;
    const state = one.plan.passes ? (kept ? 'unchanged' : 'done') : 'copied';
    return { ...report, ...result, reasons, files, state, ...(done.report && { report: done.report }) };
  };
  await Promise.all(Array.from({ length: job.options.jobs ?? 1 }, work));
  return { parts, record, staged };
}

/** What was made of a part, or why it was not. */
type Made =
  | { readonly record: PartRecord; readonly report?: Report; readonly isInPlace?: boolean }
  | { readonly reason: string; readonly report?: Report };

/** Digest of what every result depends on: settings, machine and versions. */
async function keyOfJob({ options }: FolderJob): Promise<string> {
  const {
    out: _,
    parts: _parts,
    jobs: _jobs,
    dryRun: _dry,
    force: _force,
    signal: _signal,
    onProgress: _say,
    command: _command,
    inputs,
    reportPath: _report,
    ...settings
  } = options;
  if (inputs !== undefined && !(await stat(inputs).catch(() => undefined))?.isDirectory())
    throw new UsageError(`--inputs: expected a folder, with one for each part by its name; found none at ${inputs}`);
  const machine = await machineOf();
  // What a plugin imports is not known: its results are made again.
  const plugins = settings.plugins?.length ? randomUUID() : '';
  return digestOf([await versionsOf(), machine?.arch, machine?.cpu, settings, plugins]);
}

/** Names and content of a part's inputs. */
async function inputsKey(folder: string | undefined): Promise<unknown> {
  if (folder === undefined) return undefined;
  const isFolder = (await stat(folder)).isDirectory();
  const files = isFolder ? await filesIn(folder) : [''];
  return Promise.all(files.map(async (path) => [path, (await sourceRecordOf(join(folder, path))).sha256]));
}

const sourceRecord = ({ input, earlier, begun, options }: FolderJob, path: string): Promise<SourceRecord> =>
  sourceRecordOf(join(input, path), begun?.sources[path] ?? earlier?.sources[path], options.signal);

/** The part as an earlier run made it, where it depends on the same and is still there. */
async function keptPart(
  { out, staging, earlier, begun }: FolderJob,
  path: string,
  key: string,
): Promise<Made | undefined> {
  for (const [folder, found] of [
    [staging, begun?.parts[path]],
    [out, earlier?.parts[path]],
  ] as const)
    if (found?.key === key && (await isThere(folder, found))) return { record: found, isInPlace: folder === out };
  return undefined;
}

async function copied({ files, report }: PlannedPart, key: string, { input, staging }: FolderJob): Promise<Made> {
  for (const path of files) await copy(join(input, path), join(staging, path));
  return { record: await recordOf(staging, files, key, { bytes: report.inputBytes }) };
}

/** A job for one part, with the inputs that are its own. */
interface PartJob extends FolderJob {
  readonly inputs: string | undefined;
}

async function optimized(one: PlannedPart, key: string, job: PartJob, say: (text: string) => void): Promise<Made> {
  const { input, staging, options } = job;
  const { path } = one.report;
  const target = join(staging, path);
  await clear(staging, one);
  await mkdir(dirname(target), { recursive: true });
  const { parts: _, dryRun: _dry, jobs: _jobs, reportPath: _report, ...settings } = options;
  try {
    const report = await optimizeFileBy(join(input, path), one.plan.passes as Parameters<typeof optimizeFileBy>[1], {
      ...settings,
      inputs: job.inputs,
      out: target,
      dataName: one.dataName,
      externalData:
        options.externalData ??
        (one.files.length > 1 || options.shard !== undefined || one.report.inputBytes > BROWSER_FILE),
      shard: options.shard ?? (job.isForBrowsers ? BROWSER_FILE : undefined),
      contract: false,
      onGate: 'report',
      onProgress: say,
    });
    if (!report.output) return { reason: failedGates(report), report };
    const files = report.output.files.map((file) => file.slice(staging.length + 1).replaceAll('\\', '/'));
    return { record: await recordOf(staging, files, key, resultOf(report)), report };
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof PassError || error instanceof UsageError)) throw error;
    await clear(staging, one);
    return { reason: error.message };
  }
}

/** The inputs of a part: those in the folder of its name. */
async function inputsOf(inputs: string | undefined, name: string): Promise<string | undefined> {
  if (inputs === undefined) return undefined;
  const own = join(inputs, name);
  return (await stat(own).catch(() => undefined)) ? own : undefined;
}

/** Removes what a stopped run has left of a part. */
async function clear(staging: string, { report: { path }, dataName }: PlannedPart): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  for (const one of await filesIn(staging))
    if (dirname(one) === folder && (basename(one) === name || basename(one).startsWith(dataName)))
      await rm(join(staging, one), { force: true });
}

async function recordOf(
  folder: string,
  files: readonly string[],
  key: string,
  result: Partial<PartReport>,
): Promise<PartRecord> {
  const records = await Promise.all(files.map(async (path) => [path, await stampOf(join(folder, path))] as const));
  return { key, files: Object.fromEntries(records), result };
}

const failedGates = ({ gates }: Report): string =>
  gates
    .filter(({ passed }) => !passed)
    .map(({ name, detail }) => `${name} gate: ${detail}`)
    .join('; ') || 'it is not believed';

function resultOf({ output, accuracy, speed, outcome }: Report): Partial<PartReport> {
  const errors = (accuracy?.outputs ?? []).flatMap(({ relativeL2 }) => relativeL2 ?? []);
  const back = outcome?.takenBack ?? [];
  return {
    bytes: output?.bytes,
    ...(errors.length > 0 && { error: maxOf(errors) }),
    ...(speed && { speed: { ratio: speed.ratio, significant: speed.significant } }),
    ...(back.length > 0 && { takenBack: [...back] }),
  };
}
