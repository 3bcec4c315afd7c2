/** What needs Node and onnxruntime-node, loaded when it is called: a browser that imports this package loads none of it. */

import type { Model } from './ir/model.js';
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

/** Which providers work on this machine, and why the others do not. */
export async function probeProviders(): Promise<ProviderProbe[]> {
  return (await import('./runtime/providers.js')).probeProviders();
}
