/** Files that belong together, written with one commit: the rename of the file that is asked for. README.md says what holds at every moment. */
import { createHash } from 'node:crypto';
import { closeSync, lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { PiecePlace } from '../ir/tensors/tensor.js';
import { ModelError } from '../ir/text/errors.js';
import { commit, type DataDraft, type Draft, type DraftWithData } from './commit.js';
import { attempt } from './fault.js';
import type { Mentions } from './readers.js';
import { stream } from './stream.js';
import { clearTemporaries, createTemporary } from './temporary.js';

/** A file, and files beside it that it reads. */
export interface ReadingFile {
  readonly path: string;
  readonly data?: readonly DataFile[];
  /** The content of the file itself; asked for when the data has been written, whose names it may then hold. */
  content(dataNames: readonly string[], place?: PiecePlace): Iterable<Uint8Array>;
}

export interface FileSet extends ReadingFile {
  /** Files that it names: while they take the place of others it is not there. Their data is named after its content, as that of `along`. */
  readonly parts?: readonly ReadingFile[];
  /** Files that it does not need, made of it: they appear with it. */
  readonly along?: readonly ReadingFile[];
  /** Paths that the old file names and the new one does not: they are removed, with their data. */
  readonly obsolete?: readonly string[];
  /** Files that describe it and go with it, by what was written. */
  beside?(written: WrittenSet): FilesBeside | Promise<FilesBeside>;
  readonly mentions?: Mentions;
  /** Throws where a data file of a given name must not be written; asked before anything is. */
  readonly permit?: (paths: readonly string[]) => Promise<void>;
  /** Where it is aborted before the commit, nothing is written. */
  readonly signal?: AbortSignal;
}

export interface DataFile {
  readonly content: (place?: PiecePlace) => Iterable<Uint8Array>;
  /** Default: a name after its content. */
  readonly name?: string;
}

type FilesBeside = readonly (TextFile | BytesFile)[];

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** The same of bytes. */
export interface BytesFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface WrittenFile {
  /** Paths: the file, then its data files. */
  readonly files: readonly string[];
  /** Bytes of these. */
  readonly bytes: number;
}

export interface WrittenSet extends WrittenFile {
  /** Of the file itself, in hexadecimal; empty where nothing goes beside it. */
  readonly sha256: string;
  readonly parts: readonly WrittenFile[];
  readonly along: readonly WrittenFile[];
}

/** Hexadecimal digits of the SHA-256 in a name: 128 bits, so that two contents of one name are not to be found. */
const DIGITS = 32;

/** A file that is complete with its data, under names that nobody looks for, until a set is written with it or it is dropped. */
export interface DraftedFile extends DraftWithData {
  drop(): void;
}

type DraftOptions = Pick<FileSet, 'permit' | 'signal'> & {
  /** Whose temporary files they are. Default: its own. */
  readonly about?: string;
  readonly isHashed?: boolean;
};

/** Writes a file of a set, and its data, ahead of the rest. Throws ModelError where the system refuses; nothing of its own is left behind then. */
export async function draftFile(
  { path, data = [], content }: ReadingFile,
  { permit, signal, about = basename(path), isHashed = true }: DraftOptions = {},
): Promise<DraftedFile> {
  await permit?.(data.flatMap(({ name }) => (name === undefined ? [] : [join(dirname(path), name)])));
  const dataPath = (digest: string): string => join(dirname(path), `${basename(path)}.${digest}.data`);
  // A name that is too long is refused before anything is written.
  if (data.length > 0) attempt(path, () => lstatSync(dataPath('0'.repeat(DIGITS)), { throwIfNoEntry: false }));
  const dataFiles: DataDraft[] = [];
  const drafts: Draft[] = [];
  const drop = (): void => {
    for (const { temporary } of drafts) temporary.drop();
  };
  try {
    for (const { content: bytes, name: given } of data) {
      const isGiven = given !== undefined;
      const unnamed = await draft(isGiven ? join(dirname(path), given) : path, bytes, { about, signal }, !isGiven);
      drafts.push(unnamed);
      dataFiles.push({ ...unnamed, isGiven, path: isGiven ? unnamed.path : dataPath(unnamed.sha256.slice(0, DIGITS)) });
    }
    const names = dataFiles.map((one) => basename(one.path));
    const file = await draft(path, (place) => content(names, place), { about, signal }, isHashed);
    drafts.push(file);
    return { file, data: dataFiles, drop };
  } catch (error) {
    drop();
    throw error;
  }
}

async function draft(
  path: string,
  content: (place: PiecePlace) => Iterable<Uint8Array>,
  { about, signal }: Pick<DraftOptions, 'signal'> & { readonly about: string },
  isHashed = false,
): Promise<Draft> {
  refuseSpecialFile(path);
  clearTemporaries(dirname(path), about);
  const temporary = attempt(path, () => createTemporary(dirname(path), about, 'tmp'));
  const digest = isHashed ? createHash('sha256') : undefined;
  try {
    const { descriptor } = temporary;
    const length = await stream(path, descriptor, (place) => unless(signal, content(place)), digest).finally(() =>
      attempt(path, () => closeSync(descriptor)),
    );
    return { path, temporary, bytes: length, sha256: digest?.digest('hex') ?? '' };
  } catch (error) {
    temporary.drop();
    throw error;
  }
}

/** Writes all files or none; `drafted` is the file itself where it was written ahead. Throws ModelError where the system refuses; nothing of its own is left behind then. */
export async function writeSet(set: FileSet, drafted?: DraftedFile): Promise<WrittenSet> {
  const { path, parts = [], along = [], obsolete = [], beside, mentions, permit, signal } = set;
  const about = basename(path);
  const drafts: { drop(): void }[] = drafted ? [drafted] : [];
  const inTurn = async (files: readonly ReadingFile[]): Promise<DraftedFile[]> => {
    const done: DraftedFile[] = [];
    for (const one of files) {
      const made = await draftFile(one, { about, signal, isHashed: false });
      drafts.push(made);
      done.push(made);
    }
    return done;
  };
  try {
    const [named, extra] = [await inTurn(parts), await inTurn(along)];
    const own = drafted ?? (await draftFile(set, { permit, signal, isHashed: beside !== undefined }));
    drafts.push(own);
    const { sha256 } = own.file;
    const done = { ...writtenOf(own), sha256, parts: named.map(writtenOf), along: extra.map(writtenOf) };
    const others: Draft[] = [];
    for (const one of (await beside?.(done)) ?? []) {
      const bytes = 'bytes' in one ? one.bytes : new TextEncoder().encode(one.text);
      const made = await draft(one.path, () => [bytes], { about, signal });
      drafts.push(made.temporary);
      others.push(made);
    }
    signal?.throwIfAborted();
    // Long after it was asked of a file that was written ahead.
    refuseSpecialFile(path);
    await commit({ ...own, parts: named, along: extra, others, obsolete }, mentions, signal);
    return done;
  } finally {
    for (const one of drafts) one.drop();
  }
}

const writtenOf = ({ file, data }: DraftWithData): WrittenFile => ({
  files: [file.path, ...data.map((one) => one.path)],
  bytes: data.reduce((sum, { bytes }) => sum + bytes, file.bytes),
});

/** The chunks, until the signal is aborted. */
function* unless(signal: AbortSignal | undefined, chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const chunk of chunks) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

/** Throws ModelError where a rename would put a file in the place of a device, a pipe or a link, or meet a folder. */
export function refuseSpecialFile(path: string): void {
  const found = attempt(path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (!found || found.isFile()) return;
  const kind = found.isDirectory() ? 'a folder' : found.isSymbolicLink() ? 'a link' : 'a device or a pipe';
  throw new ModelError(path, 'a path for a file', kind);
}
