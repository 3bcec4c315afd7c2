/**
 * Data files that a file at a path does not need once it is replaced. One is removed where all of this holds: its name is one that a write to this very
 * path gives, or that of a further part of data whose name is given; the old file read it, or its content is what its name says; and no file of the
 * folder reads it. Any other is somebody's: it stays.
 */
import { lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileDigest } from './file-digest.js';
import { type Mentions, namesReadBy } from './readers.js';
import { namesIn, removeIfPossible } from './temporary.js';

/** The data of the new file. */
export interface KeptData {
  readonly names: readonly string[];
  /** The name of the first part where it is given: `w.data` of `w.data`, `w.data_1` … */
  readonly given?: string | undefined;
}

/** Looks for what may be removed after the file at `path` is replaced by one that reads what is `kept`; gives what removes it then. */
export function oldData(path: string, kept: KeptData, mentions: Mentions): () => Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  /** By name, what their content hashes to; nothing where the name was given. */
  const found = new Map<string, string | undefined>();
  const isPart = (one: string): boolean =>
    kept.given !== undefined && one.startsWith(`${kept.given}_`) && /^[1-9]\d*$/.test(one.slice(kept.given.length + 1));
  for (const one of namesIn(folder)) {
    const rest = one.startsWith(`${name}.`) ? one.slice(name.length + 1) : '';
    const [, digest] = /^([0-9a-f]{32})\.data$/.exec(rest) ?? [];
    if ((digest !== undefined || isPart(one)) && !kept.names.includes(one)) found.set(one, digest);
  }
  if (found.size === 0) return async () => {};
  const known = new Set(namesReadBy(path, [...found.keys()], mentions));
  return async () => {
    for (const other of namesIn(folder))
      if (!found.has(other))
        for (const needed of mentions(join(folder, other), [...found.keys()])) found.delete(needed);
    for (const [one, digest] of found) {
      const full = join(folder, one);
      if (known.has(one) || (digest && (await isNamedByContent(full, digest)))) removeIfPossible(full);
    }
  };
}

async function isNamedByContent(path: string, digest: string): Promise<boolean> {
  if (!lstatSync(path).isFile()) return false;
  return (await fileDigest(path)).sha256.startsWith(digest);
}
