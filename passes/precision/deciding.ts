/**
 * Finds nodes whose last digits decide something: the order of scores, the place where an image is sampled, the
 * argument of a logarithm, a number that is compared with its own rounding. The search goes from the deciding operator backwards through arithmetic and moved elements,
 * up to and including the layer that computes the numbers.
 */

import { append } from '../../src/ir/collections/lists.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { elementCount } from '../../src/ir/tensors/tensor.js';
import { isFloat } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { isPointwise, precisionOf } from './ops.js';

/**
 * A layer with more numbers gains more from a narrow type than its decision loses: a vocabulary, an image's features.
 */
const LARGE_LAYER = 2 ** 20;

const isSmall = (node: Node): boolean =>
  node.inputs.every((value) => elementCount(constantTensor(value)?.shape ?? []) <= LARGE_LAYER);

/** The reason for each layer whose result a logarithm reads, as of a spectrum: small numbers count as much as large ones there. */
export const spectrumNodes = (model: Model): ReadonlyMap<Node, string> =>
  new Map([...decidingNodes(model, (node) => node.is('Log'))].filter(([node]) => precisionOf(node).isLayer));

/** The reason for each node that belongs to a decision, of any operator or of some. */
export function decidingNodes(model: Model, decides = (_: Node) => true): ReadonlyMap<Node, string> {
  const found = new Map<Node, { reason: string; layers: number }>();
  const queue: { value: Value | undefined; reason: string; layers: number }[] = [];
  for (const graph of model.graphs())
    for (const node of graph.nodeSet)
      for (const { slot, ...rest } of decides(node) ? (precisionOf(node).decides ?? []) : [])
        queue.push({ value: node.inputs[slot], ...rest });
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) {
      if (!isBesideRounding(node)) continue;
      found.set(node, { reason: BESIDE, layers: 0 });
      append(
        queue,
        node.inputs.map((value) => ({ value, reason: BESIDE, layers: 1 })),
      );
    }
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

const roundings = new Set(['Floor', 'Ceil', 'Round']);
const comparing = new Set(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Sub', 'Mod']);

const BESIDE = 'is compared with its own rounding, which a narrow float changes';

/** True where a node compares a number with its own rounding, or takes its fraction: large numbers of a narrow float are whole. */
function isBesideRounding({ opType, domain, inputs: [a, b] }: Node): boolean {
  if (!comparing.has(opType) || domain !== '' || !a || !b) return false;
  return isRoundingOf(a, b) || isRoundingOf(b, a);
}

/** True for a value that is another one rounded, by an operator or by a Cast to integers and back. */
function isRoundingOf(value: Value, of: Value): boolean {
  let isRounded = false;
  for (let node = value.producer; node; node = node.inputs[0]?.producer) {
    if (roundings.has(node.opType)) isRounded = true;
    else if (!node.is('Cast')) return false;
    else if (!isFloat(node.output.elem)) isRounded = true;
    if (node.inputs[0] === of) return isRounded;
  }
  return false;
}
