/**
 * static-kv: the cache of a decoder has a fixed length.
 *
 * Concat(past, new) ⟶ ScatterND(buffer, places from the position on, new), or TensorScatter from opset 24. Sizes that grew with the
 * cache are its length, numbers that told how much it holds are read from the position, and places behind the newest token are masked.
 */

import { z } from 'zod';
import { noteCache, notedCache } from '../src/contract/cache.js';
import { inferTypes } from '../src/infer/index.js';
import { definePass } from '../src/run/pass.js';
import { declareSizes } from './ports/declare.js';
import { growingCaches } from './static-kv/caches.js';
import { maskUnwritten, overTokens } from './static-kv/mask.js';
import { repairSizes, sizesBefore } from './static-kv/sizes.js';
import { writeInPlace } from './static-kv/write.js';

export const staticKv = definePass({
  name: 'static-kv',
  summary:
    'Keeps the cache of a decoder in buffers of a fixed length, written in place at a position: nothing grows while it generates.',
  fidelity: 'exact',
  needs: ['types', 'repeats'],
  opset: 13,
  options: z.object({
    length: z.number().int().min(2).default(2048).describe('Tokens that the buffers hold.'),
  }),
  run(model, { length }, context) {
    if (notedCache(model)) return context.skip('the cache has a fixed length already');
    const found = growingCaches(model, context);
    if (!found) return;
    const before = sizesBefore(model, found);
    if (before.refusal) return context.skip(before.refusal.reason, before.refusal.at);
    const over = overTokens(model, found, context);
    if (!over) return;
    const cache = writeInPlace(model, found, length);
    maskUnwritten(cache, over);
    repairSizes(before, cache);
    inferTypes(model);
    declareSizes(model);
    noteCache(model, cache.noted(over));
    if (found.names.size > 1)
      context.note(
        `${found.names.size} names of the lengths of caches are one length: all begin empty and grow by the same tokens`,
      );
    context.note(
      `${found.caches.length} caches are buffers of ${length} tokens: feed ${cache.position.name} = tokens that they hold, and each output to its input again`,
    );
  },
});
