/** The files that a job reads: `--watch` does it again when one of them changes. */
import { stat } from 'node:fs/promises';
import { filesIn } from '../../../src/job/origin.js';
import { readSource } from '../../../src/job/source.js';
import type { Flags } from '../../parse/flags.js';
import { configFilesFor, settingsFor } from '../../settings/settings.js';

/** Models with the files of their weights, inputs, the config and plugins. What cannot be read yet is watched as it is named. */
export async function watchedPaths(flags: Flags): Promise<string[]> {
  const given = (flags.models as readonly string[]).map(modelFiles);
  const own = [...(await configFilesFor(flags)), ...((flags.plugin as readonly string[] | undefined) ?? [])];
  const inputs = (flags.inputs as string | undefined) ?? (await inputsOfConfig(flags));
  return [...new Set([...(await Promise.all(given)).flat(), ...own, ...(inputs ? await inputFiles(inputs) : [])])];
}

async function modelFiles(path: string): Promise<readonly string[]> {
  if (await isFolder(path)) return filesIn(path);
  const files = await readSource(path, { allowOutsideData: true }).then(
    (source) => source.files,
    () => [],
  );
  return [path, ...files];
}

/** The folder is one of them: its state is another where a file comes or goes. */
const inputFiles = async (path: string): Promise<string[]> => [path, ...(await filesIn(path).catch(() => []))];

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** A config that is at fault is told when the job reads it. */
const inputsOfConfig = (flags: Flags): Promise<string | undefined> =>
  settingsFor({ ...flags, quiet: true }).then(
    ({ inputs }) => inputs,
    () => undefined,
  );
