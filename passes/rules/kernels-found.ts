/** Counts the ops that were one kernel before a fusing pass ran, for the report. */
import type { Model } from '../../src/ir/model.js';
import type { RuleHost } from '../../src/match/rule.js';
import { rowOf } from '../../src/ops/registry.js';
import type { FusedKind } from '../../src/ops/row.js';

/** Notes for each kind the number of nodes that do it in one kernel; a function of the model is none, whatever its name. */
export function noteKernels(model: Model, kinds: readonly FusedKind[], host: RuleHost): void {
  const counts = new Map(kinds.map((kind) => [kind, 0]));
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      const kind = model.functionOf(node) ? undefined : rowOf(node)?.fuses;
      const count = kind ? counts.get(kind) : undefined;
      if (kind && count !== undefined) counts.set(kind, count + host.timesOf(node));
    }
  for (const [kind, count] of counts)
    if (count > 0) host.note(`${count} ${kind}${count > 1 ? 's' : ''} ${count > 1 ? 'are' : 'is'} one kernel already`);
}
