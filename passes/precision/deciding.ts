/**
 * Nodes whose last digits decide something: which numbers rank first, where an image is sampled, what a logarithm spreads out. They are found from the
 * operator that decides, backwards through arithmetic and moved elements, to the layer that gives the numbers, this included.
 */
import { constantTensor } from '../../src/ir/constants.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { elementCount } from '../../src/ir/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isPointwise, precisionOf } from './ops.js';

/** A layer of more numbers is worth more in a narrow type than what it decides: a vocabulary, an image's features. */
const LARGE_LAYER = 2 ** 20;

const isSmall = (node: Node): boolean =>
  node.inputs.every((value) => elementCount(constantTensor(value)?.shape ?? []) <= LARGE_LAYER);

/** Why a node belongs to a decision. */
export function decidingNodes(model: Model): ReadonlyMap<Node, string> {
  const found = new Map<Node, { reason: string; layers: number }>();
  const queue: { value: Value | undefined; reason: string; layers: number }[] = [];
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      for (const { slot, ...rest } of precisionOf(node).decides ?? [])
        queue.push({ value: node.inputs[slot], ...rest });
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { reason } = next;
    const node = next.value?.producer;
    if (!node || !isFloat(next.value?.elem)) continue;
    const { isLayer, isRowwise } = precisionOf(node);
    if (isLayer ? next.layers === 0 || !isSmall(node) : !isRowwise && !isPointwise(node)) continue;
    const left = isLayer ? next.layers - 1 : next.layers;
    if ((found.get(node)?.layers ?? -1) >= left) continue;
    found.set(node, { reason: found.get(node)?.reason ?? reason, layers: left });
    if (left > 0 || !isLayer) for (const value of node.inputs) queue.push({ value, reason, layers: left });
  }
  return new Map([...found].map(([node, { reason }]) => [node, reason]));
}
