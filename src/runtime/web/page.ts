/** The part that runs in a browser: sessions of onnxruntime-web. A bundle of its own, the page's only script. */
import type * as Ort from 'onnxruntime-node';
import { feedsOf, portOf, refuseOutputs, resultsOf, timedRun, timedRuns } from '../ort-tensors.js';
import { adapter, lost } from './gpu.js';
import { packed, unpacked } from './packed.js';
import type { PageCalls, PageRequest } from './page-calls.js';

const RUNTIME = 'onnxruntime-web';

let loaded: Promise<typeof Ort> | undefined;

/** What the runtime has printed. It takes the console's function when it is loaded. */
const printed: string[] = [];
console.log = (line: unknown) => printed.push(String(line));

const runtime = (): Promise<typeof Ort> => (loaded ??= loadRuntime());

async function loadRuntime(): Promise<typeof Ort> {
  const folder = new URL('../runtime/', import.meta.url).href;
  const ort: typeof Ort = await import(new URL('ort.webgpu.min.mjs', folder).href);
  ort.env.wasm.wasmPaths = folder;
  ort.env.logLevel = 'error';
  // Before the runtime requests a device.
  await adapter();
  return ort;
}

const sessions = new Map<number, Ort.InferenceSession>();

function sessionOf(id: number): Ort.InferenceSession {
  const session = sessions.get(id);
  if (!session) throw new Error('this session was released');
  return session;
}

const bytesAt = async (address: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(address)).arrayBuffer());

async function load({ session: id, model, data, options }: PageCalls['load']['arguments']) {
  const { InferenceSession } = await runtime();
  const settings = {
    executionProviders: ['webgpu'],
    graphOptimizationLevel: options.optimize ? 'all' : 'disabled',
    logSeverityLevel: 3,
    ...(options.noFallback && { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
    ...(options.profile && { enableProfiling: true }),
    ...(data.length > 0 && { externalData: data }),
  } as Ort.InferenceSession.SessionOptions;
  const start = performance.now();
  const session = await InferenceSession.create(model, settings);
  const ms = performance.now() - start;
  sessions.set(id, session);
  return { inputs: session.inputMetadata.map(portOf), outputs: session.outputMetadata.map(portOf), ms };
}

async function run({ session: id, feeds, results, outputs }: PageCalls['run']['arguments']) {
  const session = sessionOf(id);
  refuseOutputs(session.outputMetadata, outputs, RUNTIME);
  const { Tensor } = await runtime();
  const inputs = feedsOf(unpacked(await bytesAt(feeds)), Tensor, RUNTIME);
  const { found, ms } = await timedRun(session, inputs, outputs);
  await fetch(results, { method: 'POST', body: packed(resultsOf(found)) });
  return { ms };
}

async function time({ session: id, feeds, count }: PageCalls['time']['arguments']) {
  const session = sessionOf(id);
  const { Tensor } = await runtime();
  const inputs = feedsOf(unpacked(await bytesAt(feeds)), Tensor, RUNTIME);
  return { ms: await timedRuns(session, inputs, count) };
}

/** The runtime prints its trace to the console, line by line. */
async function endProfiling({ session }: PageCalls['endProfiling']['arguments']): Promise<string> {
  printed.length = 0;
  await sessionOf(session).endProfiling();
  return printed.splice(0).join('\n');
}

async function release({ session: id }: PageCalls['release']['arguments']): Promise<undefined> {
  const session = sessions.get(id);
  sessions.delete(id);
  await session?.release();
}

async function answerTo(request: PageRequest): Promise<unknown> {
  switch (request.call) {
    case 'adapter':
      return adapter();
    case 'load':
      return load(request.arguments);
    case 'run':
      return run(request.arguments);
    case 'time':
      return time(request.arguments);
    case 'endProfiling':
      return endProfiling(request.arguments);
    case 'release':
      return release(request.arguments);
  }
}

/** What the host calls. A device that is lost meanwhile ends the wait for the answer. */
Object.assign(globalThis, {
  answer: (request: PageRequest): Promise<unknown> => Promise.race([answerTo(request), lost]),
});
