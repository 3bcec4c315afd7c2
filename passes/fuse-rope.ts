/** Rotary position embeddings ⟶ one kernel. */
import { z } from 'zod';
import { applyRules, reportSites } from '../src/match/apply.js';
import { definePass } from '../src/run/pass.js';
import { rotary } from './rules/rotary.js';

export const fuseRope = definePass({
  name: 'fuse-rope',
  summary:
    'Runs each rotary position embedding (halves, interleaved, partial) as one kernel, whatever made its tables.',
  fidelity: 'exact',
  needs: ['types'],
  options: z.object({}),
  run(model, _options, context) {
    let before = 0;
    for (const { nodeSet } of model.graphs())
      for (const node of nodeSet) if (node.opType === 'RotaryEmbedding') before += context.timesOf(node);
    if (before > 0) context.note(`${before} RoPE sites were kernels before`);
    reportSites(applyRules(model, [rotary], context), context);
  },
});
