/** Activations ⟶ one kernel. */
import { z } from 'zod';
import { applyRules, reportSites } from '../src/match/apply.js';
import { definePass } from '../src/run/pass.js';
import { biasedGelu } from './rules/bias-gelu.js';
import { gelu } from './rules/gelu.js';
import { noteKernels } from './rules/kernels-found.js';
import { scaledSilu, silu } from './rules/silu.js';
import { softsign } from './rules/softsign.js';

export const fuseAct = definePass({
  name: 'fuse-act',
  summary: 'Runs each activation (GELU, SiLU and their forms, Softsign) as one kernel.',
  fidelity: 'exact',
  fuses: true,
  needs: ['types'],
  options: z.object({}),
  variants: () => [],
  run(model, _options, context) {
    noteKernels(model, ['GELU', 'SiLU or quick GELU'], context);
    reportSites(applyRules(model, [gelu, silu, scaledSilu, softsign], context), context);
    reportSites(applyRules(model, [biasedGelu], context), context);
  },
});
