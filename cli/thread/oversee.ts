/**
 * Runs a command in a thread of its own, so that this one is always free to end it: a signal is answered within a
 * second, also while a pass computes or weights are written, and nothing that is temporary outlives the process.
 *
 * Why this way: handlers of signals do not run while JavaScript does. A thread costs half of what a second process
 * costs to start, and leaves the terminal, the memory limits and the measures of the process as they were.
 */
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { shownText } from '../../src/ir/text/shown-text.js';
import { fail } from '../terminal/fail.js';
import { CLEAR_LINE } from '../terminal/progress-line.js';
import { sendFile, stderr } from '../terminal/terminal.js';
import { type CommandJob, slot, streams, type ThreadMessage } from './thread.js';

/** Milliseconds that the end of the process may wait: for a step that is not divided, for the thread, for child processes. */
const PATIENCE = { step: 300, thread: 300, children: 250 } as const;

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof codes;
/** Signals this close are one: `timeout` and npm send it to the process and to its group. */
const SAME_MS = 50;
/** Of a process whose reader has enough. */
const PIPE_CODE = 141;

const shared = new Int32Array(new SharedArrayBuffer(Object.keys(slot).length * Int32Array.BYTES_PER_ELEMENT));
const paths = new Set<string>();
const pids = new Set<number>();
const written = new Set<string>();
let state: string | undefined;
let thread: Worker | undefined;
let isLineOpen = false;
let interruptedAt = 0;

const isEnding = (): boolean => Atomics.load(shared, slot.ending) === 1;

/** Answers signals, readers that have enough, and streams that break, from now on. */
export function listen(): void {
  for (const signal of Object.keys(codes) as Signal[])
    process.on(signal, () => {
      if (!isEnding()) void interrupt(signal);
      else if (performance.now() - interruptedAt > SAME_MS) dieOf(signal);
    });
  for (const name of streams)
    process[name].on('error', async (error: NodeJS.ErrnoException) => {
      if (isEnding()) return;
      await stop();
      process.exit(error.code === 'EPIPE' ? PIPE_CODE : fail(error));
    });
}

/** Megabytes for new objects: a fifth less memory on large graphs than the default of Node, in the same time. */
const YOUNG_MB = 12;

/** Runs the command that these words are to its end and gives its exit code. */
export async function oversee(words: readonly string[]): Promise<number> {
  const terminals = streams.filter((stream) => process[stream].isTTY === true);
  for (const stream of terminals) {
    const note = (): unknown => Atomics.store(shared, slot[stream], process[stream].columns ?? 0);
    note();
    process[stream].on('resize', note);
  }
  const job: CommandJob = { words, shared, terminals };
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB };
  thread = new Worker(new URL('./command-thread.js', import.meta.url), { workerData: job, resourceLimits });
  return new Promise((resolve) => {
    let code: number | undefined;
    thread?.on('message', (message: ThreadMessage) => {
      if (message.kind === 'end') code = message.code;
      else hear(message);
    });
    thread?.on('error', (error) => {
      code = fail(outOfMemory(error) ?? error);
    });
    thread?.on('exit', async (ownCode) => {
      if (isEnding()) return;
      await removeAll();
      resolve(code ?? ownCode);
    });
  });
}

function hear(message: Exclude<ThreadMessage, { kind: 'end' }>): void {
  switch (message.kind) {
    case 'write':
      // What it says of child processes that were ended on purpose is not of interest.
      if (isEnding()) return;
      if (message.stream === 'stderr') isLineOpen = stderr.isTTY && !message.text.endsWith('\n');
      process[message.stream].write(message.text);
      return;
    case 'send':
      void sendFile(message.path, message.stream).then(() => thread?.postMessage('sent'));
      return;
    case 'temporary':
      paths.add(message.path);
      return;
    case 'gone':
      paths.delete(message.path);
      return;
    case 'written':
      written.add(message.path);
      return;
    case 'state':
      state = message.text;
      return;
    case 'started':
      pids.add(message.pid);
      return;
    case 'ended':
      pids.delete(message.pid);
  }
}

async function interrupt(signal: Signal): Promise<void> {
  interruptedAt = performance.now();
  const isStopped = await stop();
  const said =
    state ??
    (written.size ? `${[...written].join(', ')} ${written.size > 1 ? 'were' : 'was'} written` : 'nothing was written');
  stderr.write(`${isLineOpen ? CLEAR_LINE : ''}${shownText(`interrupted; ${said}`)}\n`);
  // `exit` waits for the thread, which may be in a call of the system that takes long.
  if (isStopped) process.exit(codes[signal]);
  dieOf(signal);
}

/** Stops the thread and removes what it leaves. False where the thread cannot be stopped now; it makes nothing any more. */
async function stop(): Promise<boolean> {
  Atomics.store(shared, slot.ending, 1);
  await until(() => Atomics.load(shared, slot.step) === 0, PATIENCE.step);
  const isStopped =
    !thread || (await Promise.race([thread.terminate().then(() => true), sleep(PATIENCE.thread, false)]));
  await removeAll();
  return isStopped;
}

/** Ends at once, by the signal itself. */
function dieOf(signal: Signal): void {
  removeNow();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

async function removeAll(): Promise<void> {
  removeNow();
  await until(() => ![...pids].some(isRunning), PATIENCE.children);
}

function removeNow(): void {
  for (const pid of pids) attempt(() => process.kill(pid, 'SIGKILL'));
  for (const path of paths) attempt(() => rmSync(path, { recursive: true, force: true }));
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // It has ended, or cannot be removed: the others go all the same.
  }
}

/** False too for a process that has ended while its parent has not asked for its end. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(process.platform === 'linux' ? readFileSync(`/proc/${pid}/stat`, 'latin1') : '');
  } catch {
    return false;
  }
}

async function until(isSo: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo() && performance.now() < end) await sleep(2);
}

/** What V8 says where a thread's memory ran out, as a line that helps. */
function outOfMemory(error: unknown): Error | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return undefined;
  const text =
    'memory: expected the heap to be enough; found it full. Raise it: NODE_OPTIONS=--max-old-space-size=8192';
  return Object.assign(new Error(text), { name: 'RuntimeError' });
}
