/** Temporary folders of this process, for what goes to the runtime by a file. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporary, undivided } from '../leftovers.js';

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true });

/** Who made it: another machine or container that shares the folder has processes of its own. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const prefix = `onnx-passes-${host}-`;

/** Makes an empty folder, removed by `remove`, or as the process ends. */
export function temporaryFolder(): TemporaryFolder {
  removeStaleFolders();
  return undivided(() => {
    const path = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
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
    const pid = name.startsWith(prefix) ? Number(/^\d+/.exec(name.slice(prefix.length))?.[0]) : Number.NaN;
    if (pid > 0 && !isAlive(pid)) removeQuietly(join(tmpdir(), name));
  }
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
