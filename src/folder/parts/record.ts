/** What a folder was made of: beside its files, so that the next run does again only what has changed. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fileDigest } from '../../disk/file-digest.js';

/** The record's name in the folder of the result. */
export const RECORD = '.onnx-passes.json';

const count = z.number().nonnegative();
const stamp = z.object({ bytes: count, modified: z.number() });
const source = stamp.extend({ sha256: z.string() });

/** A path in the folder: whatever the record says, nothing outside is touched. */
const inside = z.string().refine((path) => !/^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)/.test(path));

const partRecord = z.object({
  /** Digest of everything that the part's result depends on. */
  key: z.string(),
  /** The files of the result, by path in the folder. */
  files: z.record(inside, stamp),
  /** Paths of parts whose data files it reads. */
  readsOf: z.array(inside).optional(),
  /** The result in short, as JSON of the folder's report. */
  result: z.unknown(),
});

const recordSchema = z.object({
  version: z.literal(1),
  /** Files that were read, by path in the folder that they were read from: not hashed again while size and time are the same. */
  sources: z.record(z.string(), source),
  parts: z.record(z.string(), partRecord),
  /** The comparison of whole pipelines, and the digest of the parts that it was made of. */
  proof: z.object({ key: z.string(), found: z.unknown() }).optional(),
  /** Files that were copied, by path. */
  copied: z.array(inside),
});

export type FolderRecord = z.output<typeof recordSchema>;
export type PartRecord = z.output<typeof partRecord>;
export type SourceRecord = z.output<typeof source>;
type Stamp = z.output<typeof stamp>;

/** The record of a folder; undefined where there is none that can be read. */
export async function readRecord(folder: string): Promise<FolderRecord | undefined> {
  try {
    return recordSchema.safeParse(JSON.parse(await readFile(join(folder, RECORD), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The size and time of a file. */
export async function stampOf(path: string): Promise<Stamp> {
  const { size, mtimeMs } = await stat(path);
  return { bytes: size, modified: mtimeMs };
}

/** A file that is read: hashed, unless `known` has it at the same size and time. */
export async function sourceRecordOf(path: string, known?: SourceRecord, signal?: AbortSignal): Promise<SourceRecord> {
  const now = await stampOf(path);
  if (known && known.bytes === now.bytes && known.modified === now.modified) return known;
  return { ...now, sha256: (await fileDigest(path, signal)).sha256 };
}

/** True where a folder still has the files of a part as they were written. */
export async function isThere(folder: string, { files }: PartRecord): Promise<boolean> {
  const found = await Promise.all(
    Object.entries(files).map(async ([path, { bytes, modified }]) => {
      const now = await stat(join(folder, path)).catch(() => undefined);
      return now?.isFile() === true && now.size === bytes && now.mtimeMs === modified;
    }),
  );
  return found.every(Boolean);
}

/** Digest of values that JSON can state; functions count by their name. */
export const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value, (_, one) => (typeof one === 'function' ? `function ${one.name}` : one)))
    .digest('hex');
