/** Complete files ⟶ their own names, in one step that no other process and no interruption comes into. */
import { chmodSync, closeSync, existsSync, fsyncSync, lstatSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { undivided, written } from '../leftovers.js';
import { attempt, faultOf } from './fault.js';
import { oldData } from './old-data.js';
import { type Mentions, refuseSharedData } from './readers.js';
import { removeIfPossible, type Temporary } from './temporary.js';
import { takeTurn } from './turn.js';

/** A file that is complete under a temporary name. */
export interface Draft {
  readonly path: string;
  readonly temporary: Temporary;
  /** In hexadecimal; empty where nobody needs it. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A data file: its name is given, or is that of its content. */
export interface DataDraft extends Draft {
  readonly isGiven: boolean;
}

/** Puts the data in its place, then the file, which is the commit, then what describes it; then removes the old data. */
export async function commit(
  file: Draft,
  data: readonly DataDraft[],
  others: readonly Draft[],
  mentions?: Mentions,
  signal?: AbortSignal,
): Promise<void> {
  const { path } = file;
  const names = data.map((one) => basename(one.path));
  const given = names.filter((_, i) => data[i]?.isGiven);
  const turn = await takeTurn(path, signal);
  const turns = [turn];
  try {
    // A data file of a given name may be wanted by the writer of another model: who comes second sees the first one's model.
    for (const name of [...given].sort()) turns.push(await takeTurn(join(dirname(path), name), signal));
    if (mentions && given.length > 0) refuseSharedData(path, given, mentions);
    const removeOld = mentions && oldData(path, { names, given: given[0] }, mentions);
    undivided(() => {
      const mode = modeOf(path) ?? turn.mode;
      allow(file, mode);
      for (const one of others) allow(one, modeOf(one.path) ?? turn.mode);
      for (const one of data) allow(one, mode);
      placeAll(data, file);
      written(path);
      const remedy = `${path} was written: write again`;
      for (const one of others) place(one, remedy);
      syncFolder(path, remedy);
    });
    // What cannot be removed now is found by the next write.
    await removeOld?.().catch(() => {});
  } finally {
    for (const one of turns) one.end();
  }
}

/**
 * Has the disk keep the data under its name before the file that needs it gets its own. Where data takes the place of other data, a file that reads
 * the old goes first: for a moment there is none, and never one whose weights are another's.
 */
function placeAll(data: readonly DataDraft[], file: Draft): void {
  const isNew = (one: Draft): boolean => modeOf(one.path) === undefined;
  if (data.some((one) => one.isGiven && !isNew(one))) {
    attempt(file.path, () => rmSync(file.path, { force: true }));
    syncFolder(file.path);
  }
  const added: string[] = [];
  try {
    for (const one of data) {
      if (isNew(one)) added.push(one.path);
      place(one);
    }
    if (data.length > 0) syncFolder(file.path);
    place(file);
  } catch (error) {
    // Over a network a rename may be refused that was done.
    if (existsSync(file.temporary.path)) for (const one of added) removeIfPossible(one);
    throw error;
  }
}

function place({ path, temporary }: Draft, remedy?: string): void {
  attempt(path, () => renameSync(temporary.path, path), remedy);
  temporary.release();
}

/** What its owner and others may do with a file; undefined where there is none. */
function modeOf(path: string): number | undefined {
  const found = attempt(path, () => lstatSync(path, { throwIfNoEntry: false }));
  return found && found.mode & 0o777;
}

/** File systems without modes refuse to set them. */
const WITHOUT_MODES = ['EPERM', 'ENOTSUP', 'ENOSYS'];

function allow({ path, temporary }: Draft, mode: number): void {
  try {
    chmodSync(temporary.path, mode);
  } catch (error) {
    if (!WITHOUT_MODES.includes((error as NodeJS.ErrnoException).code ?? '')) throw faultOf(path, error);
  }
}

/** Has the disk keep the names in a folder, where the system can. */
function syncFolder(path: string, remedy?: string): void {
  try {
    const descriptor = openSync(dirname(path), 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') throw faultOf(path, error, remedy);
  }
}
