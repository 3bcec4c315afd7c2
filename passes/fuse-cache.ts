/** fuse-cache: attention over cached keys and values as one kernel, which reads each key once for the heads that share it and appends to the cache. */
import { inferTypes } from '../src/infer/index.js';
import { Miss } from '../src/match/miss.js';
import { definePass } from '../src/run/pass.js';
import { emitCached } from './attention/cache/emit.js';
import { cachedSite } from './attention/cache/site.js';
import type { SharedBiases } from './attention/emit/bias.js';

export const fuseCache = definePass({
  name: 'fuse-cache',
  summary: 'Runs attention over cached keys and values as one kernel that appends to them (GroupQueryAttention).',
  fidelity: 'exact',
  awaits: true,
  needs: ['types'],
  run(model, _options, context) {
    const facts = inferTypes(model);
    const counts = { sites: 0, fused: 0 };
    for (const graph of model.graphs()) {
      const shared: SharedBiases = new Map();
      for (const node of graph.nodes()) {
        const site = cachedSite(node, facts);
        if (!site) continue;
        const miss = site instanceof Miss ? site : emitCached(site, facts, shared, context);
        context.site({ kind: 'cached attention', at: node, isFused: !miss, rule: 'GroupQueryAttention', miss });
        counts.sites += context.timesOf(node);
        counts.fused += miss ? 0 : context.timesOf(node);
      }
    }
    if (counts.fused > 0) inferTypes(model);
    if (counts.sites > 0) context.note(`fused ${counts.fused} of ${counts.sites} sites of attention over a cache`);
    if (counts.fused > 0)
      context.note('the kernel fails on an empty sequence, and may end the process on an empty batch');
  },
});
