/** A file in a race: loaded in a process of its own as users load it, its error on all sets of inputs, its times round by round. */
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { isFloat } from '../../src/ir/types.js';
import { RuntimeProcess, type Session, type Tensors } from '../../src/runtime/isolate.js';
import { fromTensorData } from '../../src/runtime/tensor-data.js';
import { median } from '../../src/validate/speed/statistics.js';

/** Milliseconds of one run, by round. */
export interface Samples {
  /** CPU time of all threads, which sleep while they wait: the median of the round's runs. */
  readonly cpu: number[];
  /** By the clock: the least of the round's runs. */
  readonly wall: number[];
}

/** Of one sample. */
const MOST_RUNS = 1000;

export class Contender {
  readonly samples: Samples = { cpu: [], wall: [] };
  failure: string | undefined;
  /** The largest relative L2 error of an output, over all sets together. */
  error = Number.NaN;
  #process: RuntimeProcess | undefined;
  #session: Session | undefined;
  #runs = 1;

  constructor(
    readonly name: string,
    readonly path: string,
  ) {}

  /** Loads and warms up; `wanted` are the float model's outputs of each set. */
  async begin(sets: readonly Tensors[], wanted: readonly Tensors[], sampleMs: number): Promise<void> {
    await this.#attempt(async () => {
      this.#process = await RuntimeProcess.start({ timeoutMs: 600_000 });
      this.#session = await this.#process.load(this.path, { provider: 'cpu', optimize: true });
      const found: Tensors[] = [];
      for (const set of sets) found.push((await this.#session.run(set)).outputs);
      this.error = errorOf(wanted, found);
      const { cpuMs } = await this.#session.time(sets[0] as Tensors, 5);
      this.#runs = Math.min(MOST_RUNS, Math.max(2, Math.ceil(sampleMs / Math.max(1e-2, median(cpuMs)))));
    });
  }

  async sample(feeds: Tensors): Promise<void> {
    await this.#attempt(async () => {
      // The first run finds the caches full of another model's weights.
      const { ms, cpuMs } = await (this.#session as Session).time(feeds, this.#runs + 1);
      this.samples.cpu.push(median(cpuMs.slice(1)));
      this.samples.wall.push(ms.slice(1).reduce((a, b) => Math.min(a, b)));
    });
  }

  async end(): Promise<void> {
    await this.#process?.close();
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.failure !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.failure = (error as Error).message.split('\n')[0] as string;
      await this.#process?.close();
    }
  }
}

/** What a file gives with none of the runtime's own optimizations. */
export async function plainOutputs(path: string, sets: readonly Tensors[]): Promise<Tensors[]> {
  const runtime = await RuntimeProcess.start({ timeoutMs: 600_000 });
  try {
    const session = await runtime.load(path, { provider: 'cpu', optimize: false });
    const found: Tensors[] = [];
    for (const set of sets) found.push((await session.run(set)).outputs);
    return found;
  } finally {
    await runtime.close();
  }
}

export function errorOf(wanted: readonly Tensors[], found: readonly Tensors[]): number {
  let worst = 0;
  for (const [name, { type }] of Object.entries(wanted[0] ?? {})) {
    if (!isFloat(type)) continue;
    let [error, norm] = [0, 0];
    wanted.forEach((set, at) => {
      const other = found[at]?.[name];
      const [a, b] = [set[name], other].map((one) => one && numbersOf(fromTensorData(one)));
      a?.forEach((x, i) => {
        const difference = x - (b?.[i] ?? Number.NaN);
        error += difference * difference;
        norm += x * x;
      });
    });
    const relative = error === 0 ? 0 : Math.sqrt(error / norm);
    // NaN is the worst.
    worst = Number.isNaN(relative) ? relative : Math.max(worst, relative);
    if (Number.isNaN(worst)) return worst;
  }
  return worst;
}
