/** Finds where a result drifts from its original: the error by depth, and the first block and node that cause it. */

import { z } from 'zod';
import { type Abortable, abortable } from './abortable.js';
import type { Model } from './ir/model.js';
import { abortSignal, optionsIn } from './ir/options/options.js';
import { partsOf } from './region/blocks/parts.js';
import { milliseconds, provider, reference, type SchemasOf, settings } from './settings/option-schemas.js';
import type { ByBlockOptions, ErrorByBlock } from './validate/by-block/index.js';

const bisectOptions = z.object({
  ...settings('allowOutsideData'),
  ...reference,
  target: provider,
  timeoutMs: milliseconds,
  signal: abortSignal,
} satisfies SchemasOf<ByBlockOptions & Abortable>);

/**
 * Runs both models on the same inputs, the runtime's own optimizations off, and compares every value that both compute. Values inside
 * bodies and functions are passed over. Rejects with RuntimeError where one of the two does not run, with ModelError for files that are no models.
 */
export async function bisect(
  original: string | Uint8Array | Model,
  result: string | Uint8Array | Model,
  options: ByBlockOptions & Abortable = {},
): Promise<ErrorByBlock> {
  const checked = optionsIn(bisectOptions, options, 'bisect');
  return abortable(checked.signal, async () => {
    const { errorByBlock } = await import('./validate/by-block/index.js');
    return errorByBlock(original, result, { ...checked, partsOf });
  });
}
