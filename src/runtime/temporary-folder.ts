/** Makes temporary folders of this process, for files that the runtime reads. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { self } from '../disk/owner.js';
import { ifThere, isLeft, namesIn } from '../disk/temporary.js';
import { temporary, undivided } from '../leftovers.js';

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

/** A process that was killed just now may be writing its last file. */
const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 });

/** The name tells the owner: process, start and machine, as in names of temporary files. */
const NAME = /^onnx-passes-(\d+)-(\d+)-([0-9a-f]{8})-\w{6}$/;

/** Makes an empty folder, removed by `remove`, or when the process ends. */
export function temporaryFolder(): TemporaryFolder {
  removeStaleFolders();
  return undivided(() => {
    const { pid, start, place } = self();
    const path = mkdtempSync(join(tmpdir(), `onnx-passes-${pid}-${start}-${place}-`));
    const gone = temporary(path, () => removeFolder(path));
    return {
      path,
      remove() {
        removeFolder(path);
        gone();
      },
    };
  });
}

let isSwept = false;

/** Removes, once per process, the folders that killed processes left. */
export function removeStaleFolders(): void {
  if (isSwept) return;
  isSwept = true;
  for (const name of namesIn(tmpdir())) {
    const [, pid, start = '', place = ''] = NAME.exec(name) ?? [];
    const path = join(tmpdir(), name);
    const found = pid === undefined ? undefined : ifThere(path);
    if (found && isLeft(found, { pid: Number(pid), start, place })) removeQuietly(path);
  }
}

function removeQuietly(path: string): void {
  try {
    removeFolder(path);
  } catch {
    // The folder belongs to another user, or is in use.
  }
}
