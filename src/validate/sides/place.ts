/** Describes the machine of a measurement. */
import { isHost } from '../../ir/targets/targets.js';
import { saturatesOn, type TargetCpu } from '../../run/target-cpu.js';
import type { Provider } from '../../runtime/isolate.js';
import { saturates } from '../../runtime/saturation.js';
import { cpuName } from './cpu-name.js';

/** The machine in words: `cpu, AMD EPYC`. */
export function placeOf(provider: Provider): string {
  const model = cpuName();
  return isHost(provider) && model ? `cpu, ${model}` : provider;
}

/** The reason that this CPU does not compute as the target does; undefined where it does. */
export async function foreignTo(target: Provider, cpus: readonly TargetCpu[] | undefined): Promise<string | undefined> {
  if (!isHost(target)) return `this CPU computes otherwise than ${target}`;
  const isOther = cpus !== undefined && !saturatesOn(cpus) && (await saturates());
  return isOther ? `this CPU adds 8-bit products otherwise than ${cpus.join(', ')}` : undefined;
}
