/** Compiles a repeated block once: later passes see one repeat for many, and the pipeline stamps out the others at its end. */
import { z } from 'zod';
import { definePass } from '../src/run/pass.js';

export const regional = definePass({
  name: 'regional',
  aliases: ['dedup'],
  summary: 'Compiles each repeated block once: the passes after it see one for all, borders included.',
  fidelity: 'exact',
  needs: ['types'],
  shortens: true,
  options: z.object({}),
  run(model, _, context) {
    context.shorten(model);
  },
});
