/**
 * The child process that hosts onnxruntime-node, the entry of its own bundle. It answers one request after another and
 * ends when its parent does. It imports no code of this package, so that it starts as fast as the runtime does.
 */

import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Tensor as OrtTensor, InferenceSession as Session } from 'onnxruntime-node';
import { isHost } from '../ir/targets/targets.js';
import {
  type Calls,
  type Port,
  type Reply,
  type Request,
  type TensorData,
  type Tensors,
  TOO_LARGE,
} from './protocol.js';

/** The runtime that is installed beside this package, or in the folder that the user names. */
const { InferenceSession, Tensor } = await runtime();

async function runtime(): Promise<typeof import('onnxruntime-node')> {
  const folder = process.env.ONNX_PASSES_RUNTIME;
  if (!folder) return import('onnxruntime-node');
  return import(pathToFileURL(createRequire(join(folder, 'package.json')).resolve('onnxruntime-node')).href);
}

const sessions = new Map<number, Session>();
let count = 0;

/** Typed arrays by element type, where onnxruntime-node does not take a Uint8Array. */
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  // Later versions of Node have a Float16Array; onnxruntime-node takes the bits everywhere.
  float16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const;

const isExchanged = (type: string): boolean => type in arrays || ['uint8', 'bool', 'string'].includes(type);

function toOrt({ type, shape, data }: TensorData): OrtTensor {
  if (!isExchanged(type)) throw new Error(`onnxruntime-node cannot take tensors of ${type}`);
  if (!(data instanceof Uint8Array)) return new Tensor('string', [...data], [...shape]);
  const array = arrays[type as keyof typeof arrays];
  if (!array) return new Tensor(type as 'uint8', data, [...shape]);
  const isAligned = data.byteOffset % array.BYTES_PER_ELEMENT === 0;
  const bytes = isAligned ? data : new Uint8Array(data);
  const elements = new array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / array.BYTES_PER_ELEMENT);
  return new Tensor(type as 'float32', elements as Float32Array, [...shape]);
}

function fromOrt({ type, dims, data }: OrtTensor): TensorData {
  if (Array.isArray(data)) return { type: 'string', shape: dims, data: data as string[] };
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return { type: type as TensorData['type'], shape: dims, data: new Uint8Array(buffer, byteOffset, byteLength) };
}

const feedsOf = (feeds: Tensors): Record<string, OrtTensor> =>
  Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toOrt(tensor)]));

const portOf = (port: Session.ValueMetadata): Port =>
  port.isTensor
    ? { name: port.name, type: port.type as TensorData['type'], shape: port.shape }
    : { name: port.name, type: undefined, shape: [] };

function sessionOf(id: number): Session {
  const session = sessions.get(id);
  if (!session) throw new Error('this session was released');
  return session;
}

async function load({
  model,
  options,
  folder,
  profilePrefix,
  bytes,
}: Calls['load']['arguments']): Promise<Calls['load']['result']> {
  const settings: Session.SessionOptions = {
    executionProviders: [options.provider],
    graphOptimizationLevel: options.optimize ? 'all' : 'disabled',
    logSeverityLevel: 3,
    ...(options.threads && { intraOpNumThreads: options.threads }),
    ...((options.noFallback || !options.spins) && {
      extra: {
        session: {
          ...(options.noFallback && { disable_cpu_ep_fallback: '1' }),
          ...(!options.spins && { intra_op: { allow_spinning: '0' } }),
        },
      },
    }),
    ...(profilePrefix && { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
  // Devices map memory by the gigabyte.
  const isBound = bytes !== undefined && isHost(options.provider);
  watch.postMessage(isBound ? process.memoryUsage.rss() + bytes : Number.POSITIVE_INFINITY);
  if (folder) process.chdir(folder);
  const start = performance.now();
  const session =
    typeof model === 'string'
      ? await InferenceSession.create(model, settings)
      : await InferenceSession.create(model, settings);
  const ms = performance.now() - start;
  sessions.set(++count, session);
  return {
    session: count,
    inputs: session.inputMetadata.map(portOf),
    outputs: session.outputMetadata.map(portOf),
    ms,
  };
}

async function run({ session: id, feeds, outputs }: Calls['run']['arguments']): Promise<Calls['run']['result']> {
  const session = sessionOf(id);
  // Returning one of these ends the process.
  for (const port of session.outputMetadata)
    if (port.isTensor && !isExchanged(port.type) && (outputs ?? [port.name]).includes(port.name))
      throw new Error(`output "${port.name}": onnxruntime-node cannot give back tensors of ${port.type}`);
  const inputs = feedsOf(feeds);
  const start = performance.now();
  const results = outputs ? await session.run(inputs, [...outputs]) : await session.run(inputs);
  const ms = performance.now() - start;
  const tensors = Object.entries(results).map(([name, tensor]) => [name, fromOrt(tensor as OrtTensor)]);
  return { outputs: Object.fromEntries(tensors), ms };
}

async function time({ session: id, feeds, count: runs }: Calls['time']['arguments']): Promise<Calls['time']['result']> {
  const session = sessionOf(id);
  const inputs = feedsOf(feeds);
  // Outputs that cannot be exchanged are left out, as in `run`; the others are not copied to the parent.
  const outputs = session.outputMetadata.filter((port) => port.isTensor && isExchanged(port.type));
  const names = outputs.map(({ name }) => name);
  const ms: number[] = [];
  const cpuMs: number[] = [];
  for (let i = 0; i < runs; i++) {
    const used = process.cpuUsage();
    const start = performance.now();
    await (names.length ? session.run(inputs, names) : session.run(inputs));
    ms.push(performance.now() - start);
    const { user, system } = process.cpuUsage(used);
    cpuMs.push((user + system) / 1000);
  }
  return { ms, cpuMs: hasFineCpuClock() ? cpuMs : ms };
}

let cpuTick: number | undefined;

/**
 * True where CPU time is exact to a fraction of a millisecond. Windows counts in ticks of 16 ms; there the clock of one
 * thread is better.
 */
function hasFineCpuClock(): boolean {
  if (cpuTick === undefined) {
    const before = process.cpuUsage();
    do {
      const { user, system } = process.cpuUsage(before);
      cpuTick = user + system;
    } while (cpuTick === 0);
  }
  return cpuTick < 1000;
}

async function release(id: number): Promise<void> {
  const session = sessions.get(id);
  sessions.delete(id);
  await session?.release();
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
    case 'time':
      return time(request.arguments);
    case 'endProfiling':
      return sessionOf(request.arguments.session).endProfiling();
    case 'release':
      return release(request.arguments.session);
    case 'reset':
      return reset();
    case 'open':
      return open();
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
