/** Evaluates models to fold constants, in one child process for all, started at the first request. */

import { under } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { HOST } from '../ir/targets/targets.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import { writeModel } from '../onnx/write.js';
import { endIdle } from './idle.js';
import { RuntimeProcess } from './isolate.js';
import { currentJob, type Job } from './job.js';
import { runLimitsOf } from './limits.js';
import { fromTensorData } from './tensor-data.js';

let shared: Promise<RuntimeProcess> | undefined;
const ofJobs = new WeakMap<Job, Promise<RuntimeProcess>>();

/**
 * The child process for work that runs one model after another: folding, and verifying passes. A job that can be
 * aborted has its own.
 */
export function sharedRuntime(): Promise<RuntimeProcess> {
  const job = currentJob();
  if (!job) {
    shared ??= RuntimeProcess.start();
    return shared;
  }
  const known = ofJobs.get(job);
  if (known) return known;
  const own = RuntimeProcess.start();
  ofJobs.set(job, own);
  const close = (runtime: RuntimeProcess): Promise<void> => runtime.close();
  job.closing.push(() => own.then(close, () => {}));
  return own;
}

/**
 * Starts the shared process ahead of its first call, so that this call need not wait. A failure to start is reported by
 * that call.
 */
export function startSharedRuntime(): void {
  sharedRuntime().catch(() => {});
}

/**
 * Runs a model without inputs on the CPU provider, the runtime's own optimizations off, and returns its outputs in
 * order. Rejects with RuntimeError where the runtime refuses or crashes, and where it cannot return an output's type
 * (bfloat16, float8, int4, sequences). A crash ends nothing but this call.
 */
export async function evaluateModel(model: Model): Promise<Tensor[]> {
  const runtime = await sharedRuntime();
  runtime.limits = runLimitsOf(model);
  const session = await runtime.load(await writeModel(model), { provider: HOST, threads: 1 });
  try {
    const { outputs } = await session.run({});
    return session.outputs.map(({ name }) => {
      const tensor = under(outputs, name);
      if (!tensor) throw new TypeError(`evaluate: the runtime gave no output "${name}"`);
      return fromTensorData(tensor);
    });
  } finally {
    await session.release();
  }
}

/** Ends the child processes that wait for work; the next evaluation starts another. Node ends without it too. */
export async function closeRuntime(): Promise<void> {
  const ending = shared;
  shared = undefined;
  await (await ending)?.close();
  await endIdle();
}
