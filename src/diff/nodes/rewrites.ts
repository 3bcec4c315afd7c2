/** Nodes without a counterpart, by the places where they stand: what went together, and what stands there instead. */

import { append, appendTo } from '../../ir/collections/lists.js';
import { named } from '../../ir/collections/named.js';
import type { Node } from '../../ir/node.js';
import type { Value } from '../../ir/value.js';
import type { ModelDiff } from '../../run/model-diff-schema.js';
import { type DiffSide, opOf } from '../side.js';
import type { NodePairs } from './pairs.js';
import type { DiffPlaces } from './places.js';
import { NodeSets } from './sets.js';

/** Places of a rewrite that are named. */
const NAMED = 3;

type Counts = Record<string, number>;

interface Place {
  readonly removed: Node[];
  readonly added: Node[];
}

/** Rewrites, like ones together, those of most nodes first; and the same by block. */
export function rewritesOf(
  before: DiffSide,
  after: DiffSide,
  pairs: NodePairs,
  places: DiffPlaces,
): Pick<ModelDiff, 'rewrites' | 'blocks'> {
  const groups = new Map<string, Place[]>();
  for (const place of placesOf(before, after, pairs, places))
    appendTo(groups, JSON.stringify([blockOf(place, places), countsOf(place.removed), countsOf(place.added)]), place);
  const size = (list: readonly Place[]): number =>
    list.reduce((sum, { removed, added }) => sum + removed.length + added.length, 0);
  const sorted = [...groups.values()].sort((a, b) => size(b) - size(a));
  const nameOf = (node: Node): string => before.names.of(node) || after.names.of(node);
  const blocks = new Map<number, Place>();
  for (const list of sorted)
    for (const place of list) {
      const block = blockOf(place, places);
      const all = blocks.get(block) ?? { removed: [], added: [] };
      blocks.set(block, all);
      append(all.removed, place.removed);
      append(all.added, place.added);
    }
  return {
    rewrites: sorted.map((list) => {
      const [{ removed, added }] = list as [Place];
      return {
        block: places.blocks[blockOf(list[0] as Place, places)]?.name ?? '',
        count: list.length,
        ...{ removed: countsOf(removed), added: countsOf(added) },
        at: list.slice(0, NAMED).map((one) => nameOf((one.removed.at(-1) ?? one.added.at(-1)) as Node)),
      };
    }),
    blocks: [...blocks]
      .sort(([a], [b]) => (a < 0 ? 1 : b < 0 ? -1 : a - b))
      .map(([block, { removed, added }]) => ({
        name: places.blocks[block]?.name ?? '',
        repeats: places.blocks[block]?.repeats ?? 1,
        ...{ removed: countsOf(removed), added: countsOf(added) },
      })),
  };
}

/** -1 for what does not repeat. */
const blockOf = ({ removed, added }: Place, places: DiffPlaces): number =>
  places.of((removed[0] ?? added[0]) as Node)?.block ?? -1;

/** Nodes by operator, the most first. */
export function countsOf(nodes: readonly Node[]): Counts {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(opOf(node), (counts.get(opOf(node)) ?? 0) + 1);
  return named([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}

/** Nodes that hang together in one repeat, with those that are read in their place. */
function placesOf(before: DiffSide, after: DiffSide, pairs: NodePairs, places: DiffPlaces): Place[] {
  const sets = new NodeSets();
  const isFree = (node: Node | undefined): node is Node => node !== undefined && !node.isEnd && !pairs.isPaired(node);
  const join = (a: Node | undefined, b: Node | undefined): void => {
    if (isFree(a) && isFree(b) && places.textOf(a) === places.textOf(b)) sets.join(a, b);
  };
  const joinAlong = (value: Value | undefined, twin: Value | undefined) => join(value?.producer, twin?.producer);
  for (const node of [...before.nodes, ...after.nodes])
    if (isFree(node)) for (const value of node.inputs) join(node, value?.producer);
  for (const [node, twin] of pairs.of)
    for (const [index, value] of node.inputs.entries()) joinAlong(value, twin.inputs[index]);
  const ports = new Map(
    after.model.graph.outputPorts.map(({ name }, index) => [name, after.model.graph.outputs[index]]),
  );
  for (const [index, { name }] of before.model.graph.outputPorts.entries())
    joinAlong(before.model.graph.outputs[index], ports.get(name));
  for (const [node, twin] of pairs.readers) join(node, twin);
  const found = new Map<Node, Place>();
  const add = (node: Node, side: 'removed' | 'added'): void => {
    if (!isFree(node)) return;
    const root = sets.of(node);
    const place = found.get(root) ?? { removed: [], added: [] };
    found.set(root, place);
    place[side].push(node);
  };
  for (const node of before.nodes) add(node, 'removed');
  for (const node of after.nodes) add(node, 'added');
  return [...found.values()];
}
