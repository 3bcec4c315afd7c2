/** softmax(s·QKᵀ + bias) V  ⟶  MultiHeadAttention(Q, K, V, bias) */
import { z } from 'zod';
import { type Facts, inferTypes } from '../src/infer/index.js';
import { Miss } from '../src/match/miss.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import type { SharedBiases } from './attention/bias.js';
import { emitAttention } from './attention/kernel.js';
import { multiHeadAttention } from './attention/multi-head.js';
import { elemOfKernel } from './attention/operands.js';
import { type AttentionSite, attentionSite } from './attention/site.js';

export const fuseAttn = definePass({
  name: 'fuse-attn',
  summary: 'Runs each scaled-dot-product attention as one kernel, whatever its scale, mask or bias.',
  fidelity: 'exact',
  needs: ['types'],
  options: z.object({}),
  run(model, _options, context) {
    const facts = inferTypes(model);
    let sites = 0;
    let fused = 0;
    let guarded = 0;
    for (const graph of model.graphs()) {
      const shared: SharedBiases = new Map();
      for (const softmax of graph.nodes()) {
        const site = softmax.is('Softmax') ? attentionSite(softmax, facts) : undefined;
        if (!site) continue;
        sites++;
        const miss = site instanceof Miss ? site : fuse(site, facts, shared, context);
        if (miss) context.skip(miss.reason, miss.at);
        else {
          fused++;
          if ((site as AttentionSite).isGuarded) guarded++;
        }
      }
    }
    if (fused > 0) inferTypes(model);
    if (sites > 0) context.note(`fused ${fused} of ${sites} attention sites`);
    if (guarded > 0)
      context.note(`${guarded} turn NaN weights into zeros: now their NaN results, those of a NaN value too`);
  },
});

/** Why the site stays as it is; undefined where it is one kernel now. */
function fuse(site: AttentionSite, facts: Facts, shared: SharedBiases, context: PassContext): Miss | undefined {
  const elem = elemOfKernel(site);
  if (!context.hasKernel('MultiHeadAttention', 'com.microsoft', 1, elem))
    return new Miss(`the target has no attention kernel for ${elem}`, site.softmax);
  return emitAttention(site, multiHeadAttention, facts, shared);
}
