/** Where numbers were measured, in words: `cpu, AMD EPYC`. */
import { cpus } from 'node:os';
import type { Provider } from '../runtime/isolate.js';

export function placeOf(provider: Provider): string {
  const model = cpus()[0]?.model.trim();
  return provider === 'cpu' && model ? `cpu, ${model}` : provider;
}
