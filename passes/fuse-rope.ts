/** Rotary position embeddings ⟶ one kernel. */
import { z } from 'zod';
import { applyRules, reportSites } from '../src/match/apply.js';
import { definePass } from '../src/run/pass.js';
import { noteKernels } from './rules/kernels-found.js';
import { rotary } from './rules/rotary.js';

export const fuseRope = definePass({
  name: 'fuse-rope',
  summary:
    'Runs each rotary position embedding (halves, interleaved, partial) as one kernel, whatever made its tables.',
  fidelity: 'exact',
  fuses: true,
  needs: ['types'],
  options: z.object({}),
  variants: () => [],
  run(model, _options, context) {
    noteKernels(model, ['rotary embedding'], context);
    reportSites(applyRules(model, [rotary], context), context);
  },
});
