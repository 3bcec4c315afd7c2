/** The machine that numbers are measured on. */
import { cpus } from 'node:os';
import { saturatesOn, type TargetCpu } from '../run/target-cpu.js';
import type { Provider } from '../runtime/isolate.js';
import { saturates } from '../runtime/saturation.js';

/** In words: `cpu, AMD EPYC`. */
export function placeOf(provider: Provider): string {
  const model = cpus()[0]?.model.trim();
  return provider === 'cpu' && model ? `cpu, ${model}` : provider;
}

/** True where the CPUs that are meant add otherwise than this one: what it computes in 8 bits is not what they will. */
export async function isOtherCpu(meant: readonly TargetCpu[] | undefined): Promise<boolean> {
  return meant !== undefined && !saturatesOn(meant) && (await saturates());
}
