/** Files onto the disk, as one set. A browser, which has none, builds `src/browser/to-disk.ts` in its place. */

import type { DraftedFile, FileSet, WrittenSet } from '../disk/write-set.js';

/** Writes all files or none; data of an old model that nothing else mentions is removed. */
export async function writeToDisk(set: Omit<FileSet, 'mentions'>, drafted?: DraftedFile): Promise<WrittenSet> {
  const { writeSet } = await import('../disk/write-set.js');
  const { mentions } = await import('./checks/mentions.js');
  return writeSet({ ...set, mentions }, drafted);
}
