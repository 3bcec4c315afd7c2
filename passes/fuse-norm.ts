/** Norms ⟶ one kernel. */
import { z } from 'zod';
import { applyRules, reportSites } from '../src/match/apply.js';
import { definePass } from '../src/run/pass.js';
import { layerNorm } from './rules/layer-norm.js';
import { rmsNorm } from './rules/rms-norm.js';

export const fuseNorm = definePass({
  name: 'fuse-norm',
  summary: 'Runs each norm (layer, RMS) as one kernel.',
  fidelity: 'exact',
  needs: ['types'],
  opset: 17,
  options: z.object({}),
  run(model, _options, context) {
    reportSites(applyRules(model, [layerNorm, rmsNorm], context), context);
  },
});
