/** Optional outputs that nothing reads ⟶ left out: masks, indices, states and statistics that are then not computed. */
import { schemaOf } from '../../src/infer/index.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';

/** Outputs that come together or not at all: the cache of Attention, which also needs them where it has a past. */
const cache: ReadonlySet<number> = new Set([1, 2]);

const isUnread = (node: Node, index: number): boolean => node.outputs[index]?.uses.size === 0;

/**
 * True where the node means the same without the output. Before opset 14, BatchNormalization trains if it has more than one; from
 * there on, one that trains must have all three.
 */
function isFree(node: Node, index: number): boolean {
  if (node.is('BatchNormalization')) return (node.opset ?? 0) >= 14 && node.int('training_mode', 0) === 0;
  if (node.is('Attention') && cache.has(index))
    return !node.inputs[4] && !node.inputs[5] && [...cache].every((one) => !node.outputs[one] || isUnread(node, one));
  return true;
}

/** Leaves out unread outputs in every scope, where the schema calls them optional. */
export function leaveOutUnread(model: Model): void {
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      if (node.domain !== '' || node.outputs.length < 2 || model.functionOf(node)) continue;
      if (node.outputs.every((value) => !value?.uses.size)) continue;
      const formals = schemaOf(node.opType, '', node.opset ?? 1)?.outputs ?? [];
      for (let index = node.outputs.length - 1; index >= 0; index--)
        if (formals[index]?.isOptional && isUnread(node, index) && isFree(node, index)) graph.dropOutput(node, index);
    }
}
