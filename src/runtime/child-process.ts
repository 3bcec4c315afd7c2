/** Starts child processes. They end when this process does, and send no data to anyone. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../ir/text/usage-error.js';
import { started, undivided } from '../leftovers.js';
import { removeStaleFolders } from './temporary-folder.js';

/** A child's file: beside this one in a build; in the build's folder when this file runs from source. */
function childFile(name: string): string {
  const beside = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  if (existsSync(beside)) return beside;
  const built = fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url));
  if (!existsSync(built)) throw new Error(`${built}: expected the built child process; found nothing. Run the build`);
  return built;
}

const living = new Set<ChildProcess>();

/** Another child than the one that runs models. */
export interface OtherChild {
  /** The name of its file. */
  readonly file: string;
  readonly words: readonly string[];
  /** The open file that its error stream goes to. */
  readonly errors: number;
}

export function startChild(env: Readonly<Record<string, string>> = {}, other?: OtherChild): ChildProcess {
  removeStaleFolders();
  const file = childFile(other?.file ?? 'runtime-child');
  return endsWithThis(() =>
    fork(file, [String(process.pid), ...(other?.words ?? [])], {
      // The child outlives its first use, and this process's folder may be removed in the meantime.
      cwd: dirname(file),
      serialization: 'advanced',
      // A debugger's or a test runner's arguments are not meant for the child. There, `__proto__` is a name like any
      // other.
      execArgv: ['--disable-proto=delete'],
      stdio: ['ignore', 'ignore', other?.errors ?? 'pipe', 'ipc'],
      // onnxruntime sends facts about models home unless it is told not to. The user's own setting wins.
      env: { ORT_DISABLE_TELEMETRY: '1', ...withRuntime({ ...process.env, ...env }) },
      // The child gets a session of its own: a terminal's Ctrl-C reaches only this process, which then ends the child.
      detached: process.platform !== 'win32',
    }),
  );
}

/**
 * `ONNX_PASSES_RUNTIME` names a folder in which another onnxruntime-node is installed. Libraries that it needs may lie in `lib` there. Throws
 * UsageError where no runtime is in it.
 */
export function withRuntime(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given = env.ONNX_PASSES_RUNTIME;
  if (!given) return env;
  const folder = resolve(given);
  const place = join(folder, 'node_modules/onnxruntime-node');
  if (!existsSync(place))
    throw new UsageError(
      `ONNX_PASSES_RUNTIME=${given}: expected a folder with node_modules/onnxruntime-node; found none`,
    );
  const libraries = [join(folder, 'lib'), env.LD_LIBRARY_PATH].filter((path) => path && path.length > 0);
  return { ...env, ONNX_PASSES_RUNTIME: folder, LD_LIBRARY_PATH: libraries.join(delimiter) };
}

/** Starts a child process that is killed if this process ends first. */
export function endsWithThis(start: () => ChildProcess): ChildProcess {
  return undivided(() => {
    const child = start();
    living.add(child);
    const over = child.pid === undefined ? undefined : started(child.pid, () => kill(child));
    child.once('exit', () => {
      living.delete(child);
      over?.();
    });
    return child;
  });
}

/** Kills a child with all that it has started: it leads a group of processes. */
export function kill(child: ChildProcess): void {
  if (child.pid !== undefined && process.platform !== 'win32')
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended, or leads no group.
    }
  child.kill('SIGKILL');
}

/** Ends a child; resolves when it has ended. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.ref();
  await new Promise((resolve) => {
    child.once('exit', resolve);
    kill(child);
  });
}

/** Ends all children that were started here. */
export async function endChildren(): Promise<void> {
  await Promise.all([...living].map(endChild));
}

/** The last line of an error stream that is not noise. */
export function lastWords(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.findLast((line) => line !== '' && !line.startsWith('at ') && !line.startsWith('Node.js v')) ?? '';
}
