/**
 * Data files that a file at a path does not need once it is replaced. One is removed where all of this holds: its name is one that a write to this very
 * path gives; the old file read it, or its content is what its name says; and no file of the folder reads it. Any other is somebody's: it stays.
 */
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { namesIn, removeIfPossible } from './temporary.js';

/** Which of these names of files a file reads from. */
export type Mentions = (path: string, names: readonly string[]) => readonly string[];

/** Looks for what may be removed after the file at `path` is replaced by one that reads `kept`; gives what removes it then. */
export function oldData(path: string, kept: readonly string[], mentions: Mentions): () => Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  /** By name, what their content hashes to. */
  const found = new Map<string, string>();
  for (const one of namesIn(folder)) {
    const rest = one.startsWith(`${name}.`) ? one.slice(name.length + 1) : '';
    const [, digest] = /^([0-9a-f]{32})\.data$/.exec(rest) ?? [];
    if (digest !== undefined && !kept.includes(one)) found.set(one, digest);
  }
  if (found.size === 0) return async () => {};
  const known = new Set(mentions(path, [...found.keys()]));
  return async () => {
    for (const other of namesIn(folder))
      if (!found.has(other))
        for (const needed of mentions(join(folder, other), [...found.keys()])) found.delete(needed);
    for (const [one, digest] of found) {
      const full = join(folder, one);
      if (known.has(one) || (await isNamedByContent(full, digest))) removeIfPossible(full);
    }
  };
}

async function isNamedByContent(path: string, digest: string): Promise<boolean> {
  if (!lstatSync(path).isFile()) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex').startsWith(digest);
}
