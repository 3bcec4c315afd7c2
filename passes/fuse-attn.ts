/** softmax(s·QKᵀ + bias) V  ⟶  MultiHeadAttention(Q, K, V, bias) */
import { z } from 'zod';
import { inferTypes } from '../src/infer/index.js';
import { isFloat } from '../src/ir/types.js';
import { Miss } from '../src/match/miss.js';
import { definePass } from '../src/run/pass.js';
import type { SharedBiases } from './attention/bias.js';
import { emitAttention } from './attention/kernel.js';
import { attentionSite } from './attention/site.js';

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
        if (!softmax.is('Softmax')) continue;
        const site = attentionSite(softmax, facts);
        if (!site) continue;
        sites++;
        const elem = softmax.output.elem;
        const found = site instanceof Miss ? site : (checkKernel() ?? emitAttention(site, facts, shared));
        if (found instanceof Miss) context.skip(found.reason, found.at);
        else fused++;
        if (!(found instanceof Miss) && 'isGuarded' in site && site.isGuarded) guarded++;

        function checkKernel(): Miss | undefined {
          if (elem && isFloat(elem) && context.hasKernel('MultiHeadAttention', 'com.microsoft', 1, elem))
            return undefined;
          return new Miss(`the target has no attention kernel for ${elem}`, softmax);
        }
      }
    }
    if (fused > 0) inferTypes(model);
    if (sites > 0) context.note(`fused ${fused} of ${sites} attention sites`);
    if (guarded > 0)
      context.note(`${guarded} turn NaN weights into zeros: now their NaN results, those of a NaN value too`);
  },
});
