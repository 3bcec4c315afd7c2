/** Complete files ⟶ their own names, in one step that no other process and no interruption comes into. */
import { chmodSync, closeSync, existsSync, fsyncSync, lstatSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { undivided, written } from '../leftovers.js';
import { attempt, faultOf } from './fault.js';
import { type KeptData, oldData } from './old-data.js';
import { type Mentions, refuseSharedData } from './readers.js';
import { removeIfPossible, type Temporary } from './temporary.js';
import { takeTurn, type WriteTurn } from './turn.js';

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

/** A file, and the data that it reads. */
export interface DraftWithData {
  readonly file: Draft;
  readonly data: readonly DataDraft[];
}

export interface DraftSet extends DraftWithData {
  /** Files that it names. */
  readonly parts: readonly DraftWithData[];
  /** Files that are made of it. */
  readonly along: readonly DraftWithData[];
  /** Files that describe it. */
  readonly others: readonly Draft[];
  /** Paths that the old file names and the new one does not. */
  readonly obsolete: readonly string[];
}

/** Puts the data and the parts in their places, then the file, which is the commit, then what goes with it; then removes what is old. */
export async function commit(set: DraftSet, mentions?: Mentions, signal?: AbortSignal): Promise<void> {
  const { file, parts, along, obsolete } = set;
  const { path } = file;
  const data = [...set.data, ...[...parts, ...along].flatMap((one) => one.data)];
  const others = [...along.map((one) => one.file), ...set.others];
  const given = set.data.filter(({ isGiven }) => isGiven).map((one) => basename(one.path));
  const turns: WriteTurn[] = [];
  try {
    // A data file of a given name may be wanted by the writer of another model: who comes second sees the first one's model. All take their turns in
    // the order of the names, so that no two wait for each other.
    const wanted = [...parts, ...along].map((one) => basename(one.file.path));
    for (const name of [basename(path), ...given, ...wanted].sort())
      turns.push(await takeTurn(join(dirname(path), name), signal));
    const usual = turns[0]?.mode as number;
    if (mentions && given.length > 0) refuseSharedData(path, given, mentions);
    const kept = [set, ...parts, ...along].map((one): [string, KeptData] => [one.file.path, keptOf(one)]);
    const gone = obsolete.map((one): [string, KeptData] => [one, { names: [] }]);
    const removals = mentions ? [...kept, ...gone].map(([of, names]) => oldData(of, names, mentions)) : [];
    undivided(() => {
      const mode = modeOf(path) ?? usual;
      for (const one of [file, ...parts.map((part) => part.file), ...data]) allow(one, mode);
      for (const one of others) allow(one, modeOf(one.path) ?? usual);
      placeAll(data, parts, file);
      written(path);
      const remedy = `${path} was written: write again`;
      for (const one of others) place(one, remedy);
      for (const one of obsolete) removeIfPossible(one);
      syncFolder(path, remedy);
    });
    // What cannot be removed now is found by the next write.
    for (const remove of removals) await remove().catch(() => {});
  } finally {
    for (const one of turns) one.end();
  }
}

function keptOf({ data }: DraftWithData): KeptData {
  const names = data.map((one) => basename(one.path));
  return { names, given: names.find((_, i) => data[i]?.isGiven) };
}

/**
 * Has the disk keep the data under its name before the file that needs it gets its own. Where data takes the place of other data, a file that reads
 * the old goes first: for a moment there is none, and never one whose weights are another's. The same holds of parts that it names.
 */
function placeAll(own: readonly DataDraft[], parts: readonly DraftWithData[], file: Draft): void {
  const data = [...own, ...parts.map((one) => ({ ...one.file, isGiven: true }))];
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
