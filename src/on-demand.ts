/** What needs Node and onnxruntime-node, loaded when it is called: a browser that imports this package loads none of it. */

import type { Model } from './ir/model.js';
import { isNode } from './run/machine.js';
import type { ProviderProbe } from './runtime/providers.js';
import type { ValidateOptions, Validation } from './validate/index.js';

/**
 * Runs a result and its original in child processes: accuracy, speed, and where the nodes ran. Whatever a model does to
 * the runtime becomes part of what is returned. Throws ModelError for files that are no models.
 */
export async function validate(
  original: string | Uint8Array | Model,
  result: string | Uint8Array | Model,
  options: ValidateOptions = {},
): Promise<Validation> {
  return (await import('./validate/index.js')).validate(original, result, options);
}

/**
 * Ends the child process that passes are verified in and constants folded in; the next use starts another. Node ends
 * without it too: this is for a program that goes on, and wants the memory back.
 */
export async function closeRuntime(): Promise<void> {
  if (isNode()) await (await import('./runtime/evaluate.js')).closeRuntime();
}

/** Which providers work on this machine, and why the others do not. */
export async function probeProviders(): Promise<ProviderProbe[]> {
  return (await import('./runtime/providers.js')).probeProviders();
}
