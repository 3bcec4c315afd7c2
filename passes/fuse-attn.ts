/** softmax(s·QKᵀ + bias) V  ⟶  one attention op */
import { z } from 'zod';
import { type Facts, inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { sweep } from '../src/ir/whole-model/sweep.js';
import { applyRules, reportSites } from '../src/match/apply.js';
import { helps, Miss } from '../src/match/miss.js';
import { raiseOpset } from '../src/opset/raise.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import type { AttentionOp } from './attention/attention-ops.js';
import type { SharedBiases } from './attention/emit/bias.js';
import { choose, type OpChoice } from './attention/emit/choice.js';
import { emitAttention } from './attention/emit/kernel.js';
import { ATTENTION, hasAttention, raiseMiss } from './attention/emit/opset.js';
import { isWeak } from './attention/mask/term.js';
import { type AttentionSite, attentionSite } from './attention/read/site.js';
import { attentionTrace } from './attention/read/trace.js';
import { Trail } from './attention/read/trail.js';
import { softmax as softmaxInSteps } from './rules/softmax.js';
import { passSettings } from './settings.js';

export const fuseAttn = definePass({
  name: 'fuse-attn',
  summary: 'Runs each scaled-dot-product attention as one kernel, whatever its scale, mask or bias.',
  fidelity: 'exact',
  fuses: true,
  needs: ['types'],
  options: z.object({
    op: passSettings.attnOp.schema
      .default('auto')
      .describe(
        'The op to emit; auto: GroupQueryAttention for long causal rows of known sizes on the CPU, Attention (opset 23) for soft caps, else MultiHeadAttention. com.microsoft.Attention: with the weights of query, key and value packed.',
      ),
  }),
  // The list leaves out some ops: GroupQueryAttention ends the process on an empty batch, so auto's condition holds for
  // it here too; int8 and the narrow types find nothing any more in packed weights.
  variants: ({ op }) =>
    op === 'auto' ? (['MultiHeadAttention', 'Attention'] as const).map((one) => ({ op: one })) : [],
  run(model, { op }, context) {
    reportSites(applyRules(model, [softmaxInSteps], context), context);
    const raised = raise(model, op, context);
    const facts = inferTypes(model);
    const most = raised === undefined ? undefined : ATTENTION - 1;
    if (raised !== undefined && op === 'auto' && context.architecture)
      context.note(`Attention has the faster kernel on ${context.architecture}, but ${raised}`);
    const counts = { sites: 0, fused: 0, guarded: 0, causal: 0, weak: 0 };
    for (const graph of model.graphs()) {
      const shared: SharedBiases = new Map();
      for (const softmax of graph.nodes()) {
        const trail = new Trail();
        const site = softmax.is('Softmax') ? attentionSite(softmax, facts, trail) : undefined;
        if (!site) continue;
        const times = context.timesOf(softmax);
        counts.sites += times;
        const choice = site instanceof Miss ? site : choose(site, op, context, facts, most);
        const unread = fuse(site, choice, raised, facts, shared, context);
        const miss = unread && trail.reached(unread);
        const rule = choice instanceof Miss ? undefined : choice.name;
        const trace = () => attentionTrace(trail, miss);
        context.site({ kind: 'attention', at: softmax, isFused: !miss, rule, miss, trace });
        if (miss) continue;
        counts.fused += times;
        if (rule === 'GroupQueryAttention') counts.causal += times;
        if ((site as AttentionSite).isGuarded) counts.guarded += times;
        if ((site as AttentionSite).terms.some(isWeak)) counts.weak += times;
      }
    }
    if (counts.fused > 0) {
      sweep(model);
      inferTypes(model);
    }
    if (counts.sites > 0) context.note(`fused ${counts.fused} of ${counts.sites} attention sites`);
    if (counts.causal > 0)
      context.note(
        `${counts.causal} are causal: GroupQueryAttention, which fails on an empty sequence and ends the process on an empty batch (op=MultiHeadAttention does not)`,
      );
    if (counts.weak > 0)
      context.note(
        `${counts.weak} overwrite masked scores by as little as -1e4: every row sees a key, whose score is taken to be above -8000`,
      );
    if (counts.guarded > 0)
      context.note(
        `${counts.guarded} of them made zeros of NaN weights; fused, zeros are made of NaN results, also where the value (V) holds NaN`,
      );
  },
});

/** Fuses one site. Returns the reason that it stays as it is; undefined where it is one kernel now. */
function fuse(
  site: AttentionSite | Miss,
  choice: OpChoice | Miss,
  raised: string | undefined,
  facts: Facts,
  shared: SharedBiases,
  context: PassContext,
): Miss | undefined {
  if (site instanceof Miss) return site;
  if (choice instanceof Miss) return choice;
  const emission = choice.emit(site, facts, context);
  if (emission instanceof Miss) return emission;
  if (choice.opset > (site.softmax.opset ?? 1))
    return new Miss(`${choice.why}, which needs opset ${choice.opset}: ${raised}`, site.softmax, helps.opset);
  const reason = context.leaves(site.softmax);
  if (reason) return new Miss(reason, site.softmax);
  return emitAttention(site, emission, facts, shared, context);
}

/** Raises the opset if a site that can be fused needs it; returns the reason where that is not possible. */
function raise(model: Model, op: AttentionOp, context: PassContext): string | undefined {
  if (hasAttention(model)) return undefined;
  const facts = inferTypes(model);
  const needs = [...model.graphs()].some((graph) =>
    graph.nodes().some((node) => {
      const site = node.is('Softmax') ? attentionSite(node, facts) : undefined;
      if (!site || site instanceof Miss || context.leaves(node)) return false;
      const choice = choose(site, op, context, facts);
      return (
        !(choice instanceof Miss) && choice.opset >= ATTENTION && !(choice.emit(site, facts, context) instanceof Miss)
      );
    }),
  );
  if (!needs) return undefined;
  const miss = raiseMiss(model, context);
  if (miss) return miss;
  context.note(`raised the opset from ${model.opsets.get('')} to ${ATTENTION} for Attention`);
  raiseOpset(model, ATTENTION);
  return undefined;
}
