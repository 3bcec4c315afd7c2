/** Measures passes on a provider: for every generated model, float32 against one more pass at a time. */
import { type KindName, kindNames, type SizeName } from '../fixtures/kinds.js';
import type { Target } from '../src/ir/targets/targets.js';
import { probeProvider } from '../src/runtime/providers.js';
import { type MachineState, machineState } from './machine.js';
import { measureModel } from './measure.js';
import { type BenchResult, type ModelResult, RESULT_VERSION, type Sampling } from './result.js';
import { defaultSteps } from './steps.js';

export interface BenchOptions {
  readonly provider: Target;
  readonly size: SizeName;
  readonly kinds?: readonly KindName[];
  /** Default: `defaultSteps` of the provider. */
  readonly steps?: readonly string[];
  readonly seed?: number;
  readonly sampling?: Partial<Sampling>;
  readonly onProgress?: (text: string) => void;
}

export async function benchProvider(options: BenchOptions): Promise<BenchResult> {
  const { provider, size, kinds = kindNames, steps = defaultSteps[provider], seed = 0, onProgress } = options;
  const sampling: Sampling = { rounds: 15, sampleMs: 200, warmUp: 5, ...options.sampling };
  const machine = await machineState();
  const models: ModelResult[] = [];
  for (const kind of kinds)
    models.push(await measureModel(kind, { size, provider, steps, seed, sampling, onProgress }));
  const date = new Date().toISOString();
  return {
    version: RESULT_VERSION,
    date,
    provider,
    device: await deviceOf(provider, machine),
    size,
    seed,
    sampling,
    machine,
    models,
  };
}

/** The name of the device that the provider runs on. */
async function deviceOf(provider: Target, machine: MachineState): Promise<string> {
  if (provider === 'cpu') return machine.cpu;
  return (await probeProvider(provider)).device ?? 'a GPU without a name';
}
