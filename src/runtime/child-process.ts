/** Starting child processes, and what is left to clean up after them. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The child's file: beside this one in a build; in the build's folder when this one runs from its source. */
function childFile(): string {
  const beside = fileURLToPath(new URL('./runtime-child.js', import.meta.url));
  if (existsSync(beside)) return beside;
  const built = fileURLToPath(new URL('../../dist/runtime-child.js', import.meta.url));
  if (!existsSync(built)) throw new Error(`${built}: expected the built child process; found nothing. Run the build`);
  return built;
}

const living = new Set<ChildProcess>();
let isWatching = false;

/** A child in native code does not notice the end of its parent: it is ended with it. */
function endWithParent(child: ChildProcess): void {
  living.add(child);
  child.once('exit', () => living.delete(child));
  if (isWatching) return;
  isWatching = true;
  process.once('exit', () => {
    for (const one of living) one.kill('SIGKILL');
  });
}

export function startChild(env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = fork(childFile(), [], {
    serialization: 'advanced',
    // A debugger's or a test runner's arguments are not meant for the child.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  });
  endWithParent(child);
  return child;
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'onnx-passes-'));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** The last line of an error stream that says something. */
export function lastWords(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.findLast((line) => line !== '' && !line.startsWith('at ') && !line.startsWith('Node.js v')) ?? '';
}
