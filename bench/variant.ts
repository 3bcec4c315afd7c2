/** Measures one variant of a model: its file, the process that has it loaded, and its samples. */

import type { Fidelity } from '../src/run/pass.js';
import { type Provider, RuntimeProcess, type Session, type Tensors } from '../src/runtime/isolate.js';
import { compareTensors, mismatchOf, type OutputAccuracy } from '../src/validate/judge/accuracy.js';
import { gateOf, violations } from '../src/validate/judge/gates.js';
import { measurePlacement } from '../src/validate/placement.js';
import type { FailedStep, MeasuredStep, StepResult } from './result.js';
import { ratioOf, timingOf } from './statistics.js';

/** The facts of a variant before it runs. */
export type Prepared = Pick<MeasuredStep, 'name' | 'passes' | 'optimizeMs' | 'bytes'> & {
  readonly path: string;
  readonly fidelity: Fidelity;
};

/** The most runs of one sample: more do not make it more precise. */
const MOST_RUNS = 200;

/**
 * Each variant has its own process, so that a crash affects one variant alone. Variants take turns, so that
 * only one runs at a time.
 */
export class Variant {
  readonly samples: number[] = [];
  #process: RuntimeProcess | undefined;
  #session: Session | undefined;
  #failure: FailedStep | undefined;
  readonly #accuracy: OutputAccuracy[] = [];
  readonly #violations: string[] = [];
  #fallbacks: Readonly<Record<string, number>> = {};
  #firstMs = 0;
  #runs = 1;

  constructor(
    readonly prepared: Prepared,
    readonly provider: Provider,
    readonly feeds: Tensors,
  ) {}

  get isAlive(): boolean {
    return this.#failure === undefined;
  }

  /** Loads the model with all optimizations of the runtime, runs it once, and compares its outputs with the reference. */
  async begin(reference: Tensors | undefined): Promise<void> {
    await this.#attempt('load', async () => {
      this.#process = await RuntimeProcess.start({ timeoutMs: 600_000 });
      this.#session = await this.#process.load(this.prepared.path, { provider: this.provider, optimize: true });
    });
    await this.#attempt('run', async () => {
      const { outputs, ms } = await (this.#session as Session).run(this.feeds);
      this.#firstMs = ms;
      for (const [name, expected] of Object.entries(reference ?? {})) {
        const found = outputs[name];
        const mismatch = found ? mismatchOf(expected, found) : 'it is missing';
        if (found && !mismatch) this.#accuracy.push(compareTensors(name, expected, found));
        else this.#violations.push(`${name}: ${mismatch}`);
      }
      const gate = gateOf(this.prepared.fidelity, this.provider);
      for (const output of this.#accuracy)
        this.#violations.push(...violations(output, gate).map((text) => `${output.name}: ${text}`));
      if (this.provider !== 'cpu') {
        const runtime = this.#process as RuntimeProcess;
        this.#fallbacks = (await measurePlacement(runtime, this.prepared.path, this.provider, this.feeds)).fallbacks;
      }
    });
  }

  /** Warms up, and finds the number of runs in a sample. */
  async warmUp(runs: number, sampleMs: number): Promise<void> {
    await this.#attempt('run', async () => {
      const { ms: times } = await (this.#session as Session).time(this.feeds, runs);
      this.#runs = Math.min(MOST_RUNS, Math.max(1, Math.ceil(sampleMs / Math.max(1e-3, Math.min(...times)))));
    });
  }

  async sample(): Promise<void> {
    await this.#attempt('run', async () => {
      // The first run is not counted: it waits until the threads of the variant before are idle.
      const times = (await (this.#session as Session).time(this.feeds, this.#runs + 1)).ms.slice(1);
      this.samples.push(times.reduce((sum, ms) => sum + ms, 0) / times.length);
    });
  }

  async end(): Promise<void> {
    await this.#process?.close();
  }

  /** Gives the result; `baseline` is the variant that it is compared with. */
  result(baseline: Variant | undefined): StepResult {
    if (this.#failure) return this.#failure;
    const { name, passes, bytes, optimizeMs } = this.prepared;
    return {
      status: 'measured',
      name,
      passes,
      bytes,
      optimizeMs,
      createMs: (this.#session as Session).createMs,
      firstMs: this.#firstMs,
      run: timingOf(this.samples, this.#runs),
      speedup: baseline?.isAlive && baseline !== this ? ratioOf(baseline.samples, this.samples) : undefined,
      accuracy: this.#accuracy,
      gate: { fidelity: this.prepared.fidelity, violations: this.#violations },
      fallbacks: this.#fallbacks,
    };
  }

  async #attempt(stage: FailedStep['stage'], work: () => Promise<void>): Promise<void> {
    if (this.#failure) return;
    try {
      await work();
    } catch (error) {
      const { name, passes, bytes, optimizeMs } = this.prepared;
      this.#failure = { status: 'failed', name, passes, bytes, optimizeMs, stage, message: (error as Error).message };
      await this.#process?.close();
    }
  }
}
