/**
 * Results of parts are written beside the folder that they go to, in a hidden folder of its own. They come into their places once all parts are done: a new
 * folder by one rename; in an old one each part that has changed takes the place of what it was. A run that was killed leaves the hidden folder: the
 * next one goes on from there.
 */

import { constants, existsSync, mkdirSync, rmSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, realpath, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../ir/text/usage-error.js';
import { stateOfResult, temporary, undivided } from '../../leftovers.js';
import { type FolderRecord, RECORD, readRecord } from '../parts/record.js';
import { isIn } from './apart.js';

export const stagingOf = (out: string): string => join(dirname(resolve(out)), `.${basename(resolve(out))}.onnx-passes`);

/** Makes the hidden folder. One that is new goes when the process is interrupted, until the function that is given says that a part is done. */
export function beginStaging(staging: string): () => void {
  return undivided(() => {
    if (existsSync(staging)) return () => {};
    const keep = temporary(staging, () => rmSync(staging, { recursive: true, force: true }));
    mkdirSync(staging);
    return keep;
  });
}

/** Throws UsageError where the folder of the result holds what we have not made. */
export async function checkFolder(out: string, isForced = false): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (found && !found.isDirectory()) throw new UsageError(`${out}: expected a folder; found a file`);
  const parent = dirname(resolve(out));
  if (!(await stat(parent).catch(() => undefined))?.isDirectory())
    throw new UsageError(`${out}: expected a folder to make it in; found none at ${parent}`);
  if (!found || isForced || (await readdir(out)).length === 0 || (await readRecord(out))) return;
  throw new UsageError(
    `${out}: expected no folder, an empty one, or the result of an earlier run; found other files. --force adds to them`,
  );
}

/** True for a copy: of the same size and time, which copying keeps to a millisecond. */
export async function isCopy(to: string, from: string): Promise<boolean> {
  const [source, there] = await Promise.all([stat(from), stat(to).catch(() => undefined)]);
  return there !== undefined && there.size === source.size && Math.abs(there.mtimeMs - source.mtimeMs) < 1;
}

/** Copies a file with its time, unless the copy is there. */
export async function copy(from: string, to: string): Promise<void> {
  if (await isCopy(to, from)) return;
  const source = await stat(from);
  await mkdir(dirname(to), { recursive: true });
  const draft = `${to}.onnx-passes-tmp`;
  try {
    await copyFile(from, draft, constants.COPYFILE_FICLONE);
    await utimes(draft, source.atimeMs / 1000, source.mtimeMs / 1000);
    await rename(draft, to);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Has a file under a second name; where the file system has no hard links it is copied, and the result is true. What stands there stays. */
export async function linkOrCopy(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    await copy(from, to);
    return true;
  }
}

/** Writes the record of what is in a folder, whole or not at all. */
export async function writeRecord(folder: string, record: FolderRecord): Promise<void> {
  const draft = join(folder, `${RECORD}.tmp`);
  await writeFile(draft, `${JSON.stringify(record, null, 1)}\n`);
  await rename(draft, join(folder, RECORD));
}

/**
 * Puts what was staged into its place. `stale` are files of the result that no part has any more; they go before, so that no model ever reads the
 * weights of another.
 */
export async function commitFolder(
  staging: string,
  out: string,
  record: FolderRecord,
  stale: readonly string[],
): Promise<void> {
  await writeRecord(staging, record);
  const isNew = await rmdir(out).then(
    () => true,
    async () => !(await stat(out).catch(() => undefined)),
  );
  if (isNew) {
    await rename(staging, out);
    return stateOfResult(`${out} was written`);
  }
  stateOfResult(`${out} was being written: the same command completes it`);
  for (const path of stale) await rm(join(out, path), { force: true });
  for (const path of await filesIn(staging)) {
    if (path === RECORD) continue;
    await mkdir(dirname(join(out, path)), { recursive: true });
    await rename(join(staging, path), join(out, path));
  }
  await rename(join(staging, RECORD), join(out, RECORD));
  stateOfResult(`${out} was written`);
  await rm(staging, { recursive: true, force: true });
}

/** Whether a link leads to a folder. Throws UsageError where it leads nowhere, or to a folder that it lies in. */
async function leadsToFolder(link: string): Promise<boolean> {
  const real = await realpath(link).catch(() => undefined);
  if (real === undefined) throw new UsageError(`${link}: expected a link to a file; found one that leads nowhere`);
  if (!(await stat(real)).isDirectory()) return false;
  const place = await realpath(dirname(link));
  if (isIn(place, real))
    throw new UsageError(`${link}: expected a link to another folder; found one to a folder that it lies in`);
  return true;
}

/** Removes what stands in the hidden folder beside these: another run has left it. */
export async function keepStaged(staging: string, paths: readonly string[]): Promise<void> {
  const kept = new Set([...paths, RECORD]);
  for (const path of await filesIn(staging)) if (!kept.has(path)) await rm(join(staging, path), { force: true });
}

/** The files in a folder and its folders, with `/`, links followed; repositories and installed packages are left out. */
export async function filesIn(folder: string, within = ''): Promise<string[]> {
  const entries = await readdir(join(folder, within), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry): Promise<string[]> => {
      const path = within ? `${within}/${entry.name}` : entry.name;
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(join(folder, path)))))
        return entry.name === '.git' || entry.name === 'node_modules' ? [] : filesIn(folder, path);
      return [path];
    }),
  );
  return found.flat().sort();
}
