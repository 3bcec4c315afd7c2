/**
 * Temporary files: hidden, of random names, readable by their owner alone, and gone when their process is. A name says whose the file is, and
 * ends in a digest of itself, so that no file of another make is taken for one.
 */
import { lstatSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { temporary, undivided } from '../leftovers.js';
import { digestOf, isRunning, type Owner, type Process, random, self } from './owner.js';

/** `tmp`: a file that is being written. `turn`: its owner is the one that puts files in their places (see turn.ts). */
type TemporaryKind = 'tmp' | 'turn';

export interface Temporary {
  readonly path: string;
  readonly descriptor: number;
  /** Forgets the file, which has got its own name. */
  release(): void;
  /** Removes it unless it has got its own name. Where that fails the next write does it. */
  drop(): void;
}

/** Names of this process's files that are in use. One that is not was left behind when it could not be removed. */
const held = new Set<string>();

/** Owner, random, subject, digest, kind. */
const NAME =
  /^(\.onnx-passes-(\d+)-(\d+)-([0-9a-f]{8})-([0-9a-f]{16})-[0-9a-f]{16}-([0-9a-f]{8}))-([0-9a-f]{8})\.(tmp|turn)$/;

/** True for the name of a file that a process makes, or has left. */
export const isTemporary = (name: string): boolean => NAME.test(name);

/** @param about Base name of the file that it is made for. */
export function createTemporary(folder: string, about: string, kind: TemporaryKind): Temporary {
  const { pid, start, place, instance } = self();
  const stem = `.onnx-passes-${pid}-${start}-${place}-${instance}-${random()}-${digestOf(about)}`;
  const name = `${stem}-${digestOf(stem)}.${kind}`;
  const path = join(folder, name);
  return undivided(() => {
    const forget = temporary(path, () => removeIfPossible(path));
    held.add(name);
    const release = (): void => {
      if (held.delete(name)) forget();
    };
    const drop = (): void => {
      if (held.has(name)) removeIfPossible(path);
      release();
    };
    try {
      // A turn is empty, so its mode may be what files have here: it is where that is read from.
      return { path, descriptor: openSync(path, 'wx', kind === 'turn' ? 0o666 : 0o600), release, drop };
    } catch (error) {
      release();
      throw error;
    }
  });
}

export function removeIfPossible(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or the next write finds it.
  }
}

/** Names of a folder; none where it may not be listed. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Removes what processes that are no more have left in a folder, and gives the turns that others have for a file. */
export function clearTemporaries(folder: string, about: string): readonly string[] {
  const turns: string[] = [];
  for (const name of namesIn(folder)) {
    const [, stem, pid, start, place, instance, subject, check, kind] = NAME.exec(name) ?? [];
    if (stem === undefined || check !== digestOf(stem)) continue;
    const path = join(folder, name);
    const owner = { pid: Number(pid), start, place, instance } as Owner;
    if (isAbandoned(path, owner, kind as TemporaryKind)) removeIfPossible(path);
    else if (kind === 'turn' && subject === digestOf(about)) turns.push(path);
  }
  return turns;
}

/** What is asked of a file that may be temporary; in words of our own, as the types of the package name none of Node's. */
interface FoundFile {
  readonly mtimeMs: number;
  isFile(): boolean;
}

export function ifThere(path: string): FoundFile | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** How long what is temporary stays unchanged, in ms, before an owner that cannot be asked is taken for gone. A turn lasts milliseconds. */
const PATIENCE: Readonly<Record<TemporaryKind, number>> = { tmp: 24 * 3_600_000, turn: 60_000 };

function isAbandoned(path: string, owner: Owner, kind: TemporaryKind): boolean {
  if (owner.instance === self().instance) return !held.has(basename(path));
  const found = ifThere(path);
  return found?.isFile() === true && isLeft(found, owner, kind);
}

/** True for what a process that is no more has left behind. */
export function isLeft({ mtimeMs }: FoundFile, owner: Process, kind: TemporaryKind = 'tmp'): boolean {
  const isAtWork = isRunning(owner);
  return isAtWork === undefined ? Date.now() - mtimeMs > PATIENCE[kind] : !isAtWork;
}
