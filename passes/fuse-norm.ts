/** Norms ⟶ one kernel. */

import { z } from 'zod';
import { gainsFrom } from '../src/ir/targets/targets.js';
import { applyRules, reportSites } from '../src/match/apply.js';
import { definePass } from '../src/run/pass.js';
import { groupNormSet } from './rules/group-norm.js';
import { noteKernels } from './rules/kernels-found.js';
import { layerNorm } from './rules/layer-norm.js';
import { rmsNorm } from './rules/rms-norm.js';
import { skipNormSet } from './rules/skip-norm.js';

export const fuseNorm = definePass({
  name: 'fuse-norm',
  summary: 'Runs each norm (layer, RMS, group) as one kernel; on GPUs the residual before it too.',
  fidelity: 'exact',
  fuses: true,
  needs: ['types'],
  opset: 17,
  options: z.object({}),
  variants: () => [],
  run(model, _options, context) {
    noteKernels(model, ['layer norm', 'RMS norm', 'group norm'], context);
    reportSites(applyRules(model, [layerNorm, rmsNorm, groupNormSet], context), context);
    // Not on the CPU: its kernels with the residual inside take up to three times as long as the two.
    if (gainsFrom(context.target, 'norm with residual'))
      reportSites(applyRules(model, [skipNormSet], context), context);
  },
});
