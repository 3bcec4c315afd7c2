/** Counts the ops that were one kernel before a fusing pass ran, for the report. */
import type { Model } from '../../src/ir/model.js';
import type { RuleHost } from '../../src/match/rule.js';

/** Notes the number of nodes of each kind's ops: `kinds` lists op types by noun. */
export function noteKernels(model: Model, kinds: Readonly<Record<string, readonly string[]>>, host: RuleHost): void {
  const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodeSet]);
  for (const [noun, opTypes] of Object.entries(kinds)) {
    const kernels = nodes.filter(({ opType }) => opTypes.includes(opType));
    const count = kernels.reduce((sum, node) => sum + host.timesOf(node), 0);
    if (count > 0) host.note(`${count} ${noun}${count > 1 ? 's' : ''} ${count > 1 ? 'are' : 'is'} one kernel already`);
  }
}
