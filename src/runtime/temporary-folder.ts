/** Temporary folders of this process, for what goes to the runtime by a file. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning, type Process, self } from '../disk/owner.js';
import { temporary, undivided } from '../leftovers.js';

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true });

/** Whose it is: process, start and place, as of temporary files. */
const NAME = /^onnx-passes-(\d+)-(\d+)-([0-9a-f]{8})-\w{6}$/;

/** How long a folder stays unchanged, in ms, before an owner that cannot be asked is taken for gone. */
const PATIENCE = 24 * 3_600_000;

/** Makes an empty folder, removed by `remove`, or as the process ends. */
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

/** Removes, once, the folders of processes that were killed before they could. */
export function removeStaleFolders(): void {
  if (isSwept) return;
  isSwept = true;
  for (const name of namesIn(tmpdir())) {
    const [, pid, start = '', place = ''] = NAME.exec(name) ?? [];
    if (pid !== undefined && isAbandoned(join(tmpdir(), name), { pid: Number(pid), start, place }))
      removeQuietly(join(tmpdir(), name));
  }
}

function isAbandoned(path: string, owner: Process): boolean {
  const isAtWork = isRunning(owner);
  if (isAtWork !== undefined) return !isAtWork;
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > PATIENCE;
}

/** None where the folder cannot be listed: whoever needs it says so, and not all that start a process do. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function removeQuietly(path: string): void {
  try {
    removeFolder(path);
  } catch {
    // Another user's, or in use: it is theirs.
  }
}
