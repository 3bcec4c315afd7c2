/**
 * Runs models in this page or worker, on the runtime that was handed in: built for a browser in place of `src/runtime/isolate.ts`. There is no
 * process to end: a call that hangs hangs its worker, and a crash of the runtime is its error.
 */
import type { InferenceSession } from 'onnxruntime-node';
import { BROWSER, isHost } from '../ir/targets/targets.js';
import type { RuntimeProcess } from '../runtime/isolate.js';
import type { RunLimits } from '../runtime/limits.js';
import { feedsOf, portOf, refuseOutputs, resultsOf, timedRun, timedRuns } from '../runtime/ort-tensors.js';
import type { LoadOptions, Tensors } from '../runtime/protocol.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import type { Session } from '../runtime/session.js';
import { OutputSums } from '../runtime/sums.js';
import { runtimeModule } from './use-runtime.js';

export { onceMore, RuntimeError, uncheckedText } from '../runtime/runtime-error.js';

const NAME = 'onnxruntime-web';

/** Calls one after another: the runtime does one thing at a time. */
let tail: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = tail.then(work).catch((error: unknown) => {
    throw error instanceof RuntimeError ? error : new RuntimeError('error', (error as Error).message ?? String(error));
  });
  tail = result.catch(() => {});
  return result;
}

class PageRuntime implements Pick<RuntimeProcess, 'limits' | 'load' | 'preload' | 'close'> {
  limits: RunLimits | undefined;

  static async start(): Promise<PageRuntime> {
    return new PageRuntime();
  }

  load(model: string | Uint8Array, options: LoadOptions): Promise<Session> {
    return inTurn(async () => {
      if (typeof model === 'string') throw new TypeError('a browser loads models from bytes');
      const start = performance.now();
      const session = await runtimeModule().InferenceSession.create(model, settingsOf(options));
      return sessionOf(session, options, performance.now() - start);
    });
  }

  /** A page loads when it is asked to: all runs in one thread. */
  preload(): void {}

  async close(): Promise<void> {}
}

export { PageRuntime as RuntimeProcess };

/** WebGPU has its name in a browser too; what Node runs on the CPU runs here in WebAssembly. */
const settingsOf = ({ provider, optimize, noFallback }: LoadOptions): InferenceSession.SessionOptions => ({
  executionProviders: [isHost(provider) ? 'wasm' : provider === BROWSER ? 'webgpu' : provider],
  graphOptimizationLevel: optimize ? 'all' : 'disabled',
  logSeverityLevel: 3,
  ...(noFallback && { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
});

function sessionOf(session: InferenceSession, options: LoadOptions, createMs: number): Session {
  const sums = new OutputSums();
  const run = async (feeds: Tensors, outputs?: readonly string[], summed: readonly string[] = []) => {
    refuseOutputs(session.outputMetadata, outputs, NAME);
    const inputs = feedsOf(feeds, runtimeModule().Tensor, NAME);
    const { found, ms } = await timedRun(session, inputs, outputs);
    return { outputs: sums.add(resultsOf(found), summed), ms, waitedMs: 0 };
  };
  const time = async (feeds: Tensors, count: number) => {
    const inputs = feedsOf(feeds, runtimeModule().Tensor, NAME);
    const ms = await timedRuns(session, inputs, count);
    return { ms, cpuMs: ms };
  };
  const release = (): Promise<void> => inTurn(() => session.release()).catch(() => {});
  return {
    options,
    isAlive: true,
    inputs: session.inputMetadata.map(portOf),
    outputs: session.outputMetadata.map(portOf),
    createMs,
    createCpuMs: createMs,
    run: (feeds, outputs, summed) => inTurn(() => run(feeds, outputs, summed)),
    sum: (output) => inTurn(async () => sums.take(output)),
    time: (feeds, count) => inTurn(() => time(feeds, count)),
    profile: () => Promise.reject(new RuntimeError('error', 'a browser tells no program which provider ran a node')),
    release,
    park: release,
  };
}
