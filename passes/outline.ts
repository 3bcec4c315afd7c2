/** Repeated blocks ⟶ calls of local functions, one function for each: smaller graphs and readable diffs. `inline` puts them back. */
import { z } from 'zod';
import { outlineBlocks } from '../src/region/functions/outline.js';
import { definePass } from '../src/run/pass.js';

export const outline = definePass({
  name: 'outline',
  summary: 'Makes local functions of repeated blocks, for smaller graphs and readable diffs; inline puts them back.',
  fidelity: 'exact',
  needs: ['types', 'repeats'],
  options: z.object({}),
  run(model, _, context) {
    outlineBlocks(model, context);
  },
});
