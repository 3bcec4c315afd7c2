/** Which parts an earlier run has made of the same: told by a digest of all that a result depends on. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../ir/text/usage-error.js';
import { machineOf, versionsOf } from '../../run/machine.js';
import { probedVersions, useProbed } from '../../runtime/kernels/probe/kept.js';
import { filesIn } from '../place/staging.js';
import type { PlannedPart } from '../plan/planned-part.js';
import type { FolderJob } from './folder-job.js';
import { digestOf, type FolderRecord, isThere, type PartRecord, sourceRecordOf } from './record.js';

/** A part before it is made. */
export interface BegunPart {
  readonly planned: PlannedPart;
  readonly key: string;
  /** The inputs that are its own. */
  readonly inputs: string | undefined;
  readonly kept?: KeptPart;
}

interface KeptPart {
  readonly record: PartRecord;
  /** True where it is in the folder of the result already, false where it is staged. */
  readonly isInPlace: boolean;
}

/** Hashes what parts are made of, into `sources`, and finds those that are there. A part that reads weights of another is kept only with that one. */
export async function begunParts(
  plans: readonly PlannedPart[],
  job: FolderJob,
  sources: FolderRecord['sources'],
): Promise<BegunPart[]> {
  const surroundings = await keyOfJob(job);
  const found = new Map<string, BegunPart>();
  for (const planned of plans) {
    const { plan, files, report } = planned;
    job.options.onProgress?.(`${report.name}: comparing with earlier runs`);
    if (report.state !== 'failed')
      for (const path of files) {
        const known = job.begun?.sources[path] ?? job.earlier?.sources[path];
        sources[path] = await sourceRecordOf(join(job.input, path), known, job.options.signal);
      }
    const inputs = await inputsOf(job.options.inputs, report.name);
    const key = digestOf([
      surroundings,
      plan.passes?.map(({ definition: { name }, options }) => [name, options]),
      files.map((path) => [path, sources[path]?.sha256]),
      await inputsKey(inputs),
    ]);
    const kept = await keptPart(job, report.path, key, found);
    found.set(report.path, { planned, key, inputs, ...(kept && { kept }) });
  }
  return [...found.values()];
}

async function keptPart(
  { out, staging, earlier, begun }: FolderJob,
  path: string,
  key: string,
  found: ReadonlyMap<string, BegunPart>,
): Promise<KeptPart | undefined> {
  for (const [folder, record] of [
    [staging, begun?.parts[path]],
    [out, earlier?.parts[path]],
  ] as const) {
    const isInPlace = folder === out;
    if (record?.key !== key || !(await isThere(folder, record))) continue;
    const lenders = (record.readsOf ?? []).map((lender) => found.get(lender)?.kept);
    if (lenders.every((lender) => lender?.isInPlace === isInPlace)) return { record, isInPlace };
  }
  return undefined;
}

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
  return digestOf([
    await versionsOf(),
    probedVersions(await useProbed()),
    machine?.arch,
    machine?.cpu,
    settings,
    plugins,
  ]);
}

/** The inputs of a part: those in the folder of its name. */
async function inputsOf(inputs: string | undefined, name: string): Promise<string | undefined> {
  if (inputs === undefined) return undefined;
  const own = join(inputs, name);
  return (await stat(own).catch(() => undefined)) ? own : undefined;
}

/** Names and content of a part's inputs. */
async function inputsKey(folder: string | undefined): Promise<unknown> {
  if (folder === undefined) return undefined;
  const isFolder = (await stat(folder)).isDirectory();
  const files = isFolder ? await filesIn(folder) : [''];
  return Promise.all(files.map(async (path) => [path, (await sourceRecordOf(join(folder, path))).sha256]));
}
