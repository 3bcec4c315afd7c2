/**
 * The child process that hosts the runtime, the entry of its own bundle. It answers one request after another and ends
 * when its parent does. It loads hardly any code of this package, so that it starts as fast as the runtime does.
 */

import { readdirSync, readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { isHost } from '../ir/targets/targets.js';
import type { HostedSession } from './hosted-session.js';
import { loadNative } from './native-session.js';
import { type Calls, type Reply, type Request, TOO_LARGE } from './protocol.js';
import { OutputSums } from './sums.js';

/** Where the process began. */
const home = process.cwd();
const sessions = new Map<number, HostedSession>();
const sums = new Map<number, OutputSums>();
let count = 0;

function sessionOf(id: number): HostedSession {
  const session = sessions.get(id);
  if (!session) throw new Error('this session was released');
  return session;
}

/** The current folder may be removed once the model is loaded, and a process in a folder that is gone starts no thread. */
async function inFolder<T>(folder: string | undefined, work: () => Promise<T>): Promise<T> {
  if (!folder) return work();
  process.chdir(folder);
  return work().finally(() => process.chdir(home));
}

async function load(given: Calls['load']['arguments']): Promise<Calls['load']['result']> {
  const { options, folder, bytes, browser } = given;
  // Devices map memory by the gigabyte.
  const isBound = bytes !== undefined && isHost(options.provider);
  watch.postMessage(isBound ? process.memoryUsage.rss() + bytes : Number.POSITIVE_INFINITY);
  const session = await inFolder(folder, async () =>
    browser ? (await import('./web/host.js')).loadInBrowser(given, browser) : loadNative(given),
  );
  sessions.set(++count, session);
  const { inputs, outputs, ms, cpuMs = ms } = session;
  return { session: count, inputs, outputs, ms, cpuMs };
}

async function release(id: number): Promise<void> {
  const session = sessions.get(id);
  sessions.delete(id);
  sums.delete(id);
  await session?.release();
}

async function run({ session, feeds, outputs, summed }: Calls['run']['arguments']): Promise<Calls['run']['result']> {
  const found = await sessionOf(session).run(feeds, outputs);
  if (summed.length === 0) return found;
  const own = sums.get(session) ?? new OutputSums();
  sums.set(session, own);
  return { ...found, outputs: own.add(found.outputs, summed) };
}

function sum({ session, output }: Calls['sum']['arguments']): Calls['sum']['result'] {
  const own = sums.get(session);
  if (!own) throw new Error('nothing was summed in this session');
  return own.take(output);
}

async function reset(): Promise<number> {
  watch.postMessage(Number.POSITIVE_INFINITY);
  await Promise.all([...sessions.keys()].map(release));
  return process.memoryUsage.rss();
}

function open(): Calls['open']['result'] {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  report.excludeNetwork = true;
  const { sharedObjects } = report.getReport() as unknown as { sharedObjects: string[] };
  return { libraries: sharedObjects, devices: process.platform === 'linux' ? openDevices() : [] };
}

function openDevices(): string[] {
  const links = readdirSync('/proc/self/fd').map((entry) => {
    try {
      return readlinkSync(`/proc/self/fd/${entry}`);
    } catch {
      // The file was closed in the meantime.
      return '';
    }
  });
  return links.filter((link) => link.startsWith('/dev/') && link !== '/dev/null');
}

/** Milliseconds between a child's checks of its parent and its memory. */
const LOOK_MS = 100;

/**
 * Starts a thread that watches for the parent's end and the process's memory: native code blocks this thread. It is
 * told the memory limit.
 */
function startWatch(): Worker {
  const look = `
    let most = Infinity;
    const end = () => process.kill(process.pid, 'SIGKILL');
    require('node:worker_threads').parentPort.on('message', (bytes) => { most = bytes; });
    setInterval(() => {
      if (process.ppid !== ${Number(process.argv[2])}) end();
      if (process.memoryUsage.rss() <= most) return;
      require('node:fs').writeSync(2, '\\n${TOO_LARGE}\\n');
      end();
    }, ${LOOK_MS})`;
  const watch = new Worker(look, { eval: true, execArgv: [] });
  watch.unref();
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  return watch;
}

async function answer(request: Request): Promise<unknown> {
  switch (request.call) {
    case 'load':
      return load(request.arguments);
    case 'run':
      return run(request.arguments);
    case 'sum':
      return sum(request.arguments);
    case 'time':
      return sessionOf(request.arguments.session).time(request.arguments.feeds, request.arguments.count);
    case 'endProfiling':
      return sessionOf(request.arguments.session).endProfiling();
    case 'release':
      return release(request.arguments.session);
    case 'reset':
      return reset();
    case 'open':
      return open();
    case 'adapter':
      return (await import('./web/host.js')).adapterIn(request.arguments);
  }
}

const watch = startWatch();

process.on('message', async (request: Request) => {
  let reply: Reply;
  try {
    reply = { id: request.id, result: await answer(request) };
  } catch (error) {
    reply = { id: request.id, error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(reply);
});
