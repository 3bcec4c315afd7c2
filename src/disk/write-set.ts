/** Files that belong together, written with one commit: the rename of the file that is asked for. README.md says what holds at every moment. */
import { createHash } from 'node:crypto';
import { closeSync, lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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
  content(dataNames: readonly string[]): Iterable<Uint8Array>;
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
  readonly content: Iterable<Uint8Array>;
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

/** Writes all files or none. Throws ModelError where the system refuses; nothing of its own is left behind then. */
export async function writeSet(set: FileSet): Promise<WrittenSet> {
  const { path, data = [], parts = [], along = [], obsolete = [], beside, mentions, permit, signal } = set;
  await permit?.(data.flatMap(({ name }) => (name === undefined ? [] : [join(dirname(path), name)])));
  const drafts: Draft[] = [];
  const name = basename(path);
  const draft = async (target: string, bytes: Iterable<Uint8Array>, isHashed = false): Promise<Draft> => {
    refuseSpecialFile(target);
    clearTemporaries(dirname(target), name);
    const temporary = attempt(target, () => createTemporary(dirname(target), name, 'tmp'));
    const digest = isHashed ? createHash('sha256') : undefined;
    try {
      const length = await stream(target, temporary.descriptor, unless(signal, bytes), digest).finally(() =>
        attempt(target, () => closeSync(temporary.descriptor)),
      );
      const done = { path: target, temporary, bytes: length, sha256: digest?.digest('hex') ?? '' };
      drafts.push(done);
      return done;
    } catch (error) {
      temporary.drop();
      throw error;
    }
  };
  const draftAll = async ({ path, data = [], content }: ReadingFile, isHashed = false): Promise<DraftWithData> => {
    const dataPath = (digest: string): string => join(dirname(path), `${basename(path)}.${digest}.data`);
    // A name that is too long is refused before anything is written.
    if (data.length > 0) attempt(path, () => lstatSync(dataPath('0'.repeat(DIGITS)), { throwIfNoEntry: false }));
    const dataFiles: DataDraft[] = [];
    for (const { content: bytes, name: given } of data) {
      const unnamed = await draft(given === undefined ? path : join(dirname(path), given), bytes, given === undefined);
      const isGiven = given !== undefined;
      dataFiles.push({ ...unnamed, isGiven, path: isGiven ? unnamed.path : dataPath(unnamed.sha256.slice(0, DIGITS)) });
    }
    const file = await draft(path, content(dataFiles.map((one) => basename(one.path))), isHashed);
    return { file, data: dataFiles };
  };
  try {
    const inTurn = async (files: readonly ReadingFile[]): Promise<DraftWithData[]> => {
      const done: DraftWithData[] = [];
      for (const one of files) done.push(await draftAll(one));
      return done;
    };
    const [named, extra] = [await inTurn(parts), await inTurn(along)];
    const own = await draftAll(set, beside !== undefined);
    const { sha256 } = own.file;
    const done = { ...writtenOf(own), sha256, parts: named.map(writtenOf), along: extra.map(writtenOf) };
    const others: Draft[] = [];
    for (const one of (await beside?.(done)) ?? [])
      others.push(await draft(one.path, ['bytes' in one ? one.bytes : new TextEncoder().encode(one.text)]));
    signal?.throwIfAborted();
    await commit({ ...own, parts: named, along: extra, others, obsolete }, mentions, signal);
    return done;
  } finally {
    for (const { temporary } of drafts) temporary.drop();
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
