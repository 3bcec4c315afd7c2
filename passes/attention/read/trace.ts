/** Draws an attention site for `explain`: the stages in order, with the nodes read in each. */
import type { Miss } from '../../../src/match/miss.js';
import type { Trace, TraceMark } from '../../../src/match/trace.js';
import { type Stage, stages, type Trail } from './trail.js';

const texts: Readonly<Record<Stage, string>> = {
  softmax: 'Softmax over one axis of known scores',
  scores: 'scores = scale · Q·Kᵀ, behind biases, masks and views',
  weights: 'weights · V, behind guards and views',
  parts: 'Q, K and V have the same batch and heads; a bias is no larger than the scores',
  kernel: 'an op of the target holds it',
};

/** The tree of a site, fused or not. The trail is the one that the site was read with. */
export function attentionTrace(trail: Trail, miss: Miss | undefined): Trace {
  const nodes = trail.furthest.length > trail.nodes.length ? trail.furthest : trail.nodes;
  const last = stages.indexOf(trail.stage);
  const parts = stages.map((stage, i): Trace => {
    const mark: TraceMark = i < last || !miss ? 'matched' : i === last ? 'failed' : 'open';
    const from = trail.starts.get(stage);
    const to = stages.slice(i + 1).flatMap((later) => trail.starts.get(later) ?? [])[0];
    const read = from === undefined ? [] : nodes.slice(from, to ?? nodes.length);
    return {
      text: texts[stage],
      mark,
      ...(mark === 'failed' && miss && { reason: miss.reason, at: 'opType' in miss.at ? miss.at.label : miss.at.name }),
      parts: read.map((node) => ({ text: node.opType, mark: 'matched', at: node.label, parts: [] })),
    };
  });
  return { text: 'softmax(scale · Q·Kᵀ + bias) · V', mark: miss ? (last > 0 ? 'partly' : 'open') : 'matched', parts };
}
