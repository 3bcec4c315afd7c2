/** One model of a report, node by node. */
import { productsOf } from '../../coverage/computed.js';
import { named } from '../../ir/collections/named.js';
import { dimText } from '../../ir/dims/dims.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { type Accelerator, isHost, type Target } from '../../ir/targets/targets.js';
import type { Value } from '../../ir/value.js';
import type { NodeDetails } from '../../run/report/details/readable.js';
import { placedNodes } from '../../runtime/placed-nodes.js';
import { blockPlaces } from './blocks.js';
import type { NodeNames } from './names.js';

export type GraphSide = NonNullable<NodeDetails['graph']>['before'];
type NodeEntry = GraphSide['nodes'][number];

/** Of a model with more nodes, one repeat of each block is listed. */
const MOST_NODES = 20_000;

/** A model whose types are inferred, and a copy at sizes that are known. */
export interface TypedModel {
  readonly model: Model;
  readonly names: NodeNames;
  /** A node at known sizes. */
  sized(node: Node): Node | undefined;
}

export function sideOf({ model, names, sized }: TypedModel, target: Target): GraphSide {
  const { blocks, places } = blockPlaces(model);
  const placed = isHost(target) ? undefined : placedBy(model, target);
  const all = [...model.graphs()].flatMap((graph) => [...graph.nodes()]);
  const isListed = (node: Node) => all.length <= MOST_NODES || (places.get(node)?.repeat ?? 0) === 0;
  const listed = all.filter(isListed);
  const left = all.length - listed.length;
  return {
    nodes: listed.map((node) => ({
      ...entryOf(node, names),
      ...places.get(node),
      ...placed?.get(node),
      ...workOf(sized(node)),
    })),
    values: valuesOf(listed, names),
    blocks,
    ...(left > 0 && {
      omitted: { nodes: left, reason: `more than ${MOST_NODES} nodes: of each block the first repeat is listed` },
    }),
  };
}

function entryOf(node: Node, names: NodeNames): NodeEntry {
  const scope = names.scopeOf(node);
  return {
    name: names.of(node),
    op: node.domain ? `${node.domain}::${node.opType}` : node.opType,
    ...(scope && { scope }),
    inputs: node.inputs.map((value) => names.ofValue(value)),
    outputs: node.outputs.map((value) => names.ofValue(value)),
  };
}

function workOf(node: Node | undefined): Pick<NodeEntry, 'multiplyAdds'> {
  const products = node && productsOf(node);
  return products && Number.isSafeInteger(products) ? { multiplyAdds: products } : {};
}

const placedBy = (model: Model, target: Accelerator): Map<Node, Pick<NodeEntry, 'state' | 'cause'>> =>
  new Map([...placedNodes(model, target)].map(({ node, state, cause }) => [node, { state, ...(cause && { cause }) }]));

/** Every value that the nodes read or give. */
function valuesOf(nodes: readonly Node[], names: NodeNames): GraphSide['values'] {
  const values = named<GraphSide['values'][string]>();
  for (const { inputs, outputs } of nodes)
    for (const value of [...inputs, ...outputs]) if (value) values[names.ofValue(value)] ??= valueEntry(value);
  return values;
}

const valueEntry = ({ type, elem, shape, tensor }: Value): GraphSide['values'][string] => ({
  type: elem ?? type?.kind ?? 'unknown',
  shape: shape?.map(dimText).join(',') ?? '?',
  ...(tensor && { bytes: tensor.byteLength }),
});
