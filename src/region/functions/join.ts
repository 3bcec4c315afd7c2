/**
 * Pieces of one repeat put together again. A path that leaves a block and comes back cuts it in two, in every repeat, even
 * where an odd first layer alone has it: without the odd one, the others are whole, and one call each.
 */

import { appendTo } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import type { Block } from '../blocks/index.js';
import { isOrdered } from '../blocks/order.js';
import { type Wiring, wiringOf } from '../blocks/wiring.js';

/** What is to become one function: of every instance its nodes, in dependency order, aligned. */
export interface Repeated {
  readonly name: string;
  readonly instances: readonly { readonly nodes: readonly Node[] }[];
}

/** Of so many repeats one may be left out for it. */
const MANY = 8;

/** The blocks, pieces of one repeat as one where all repeats but a few are the same. */
export function joinPieces(graph: Graph, blocks: readonly Block[]): readonly Repeated[] {
  const groups = new Map<string, Block[]>();
  for (const block of blocks) {
    const key = `${block.repeat} ${block.instances.length}`;
    appendTo(groups, key, block);
  }
  if (groups.size === blocks.length) return blocks;
  const wiring = wiringOf(graph);
  let chosen: readonly Repeated[] = blocks;
  for (const pieces of groups.values()) {
    if (pieces.length === 1) continue;
    const whole = wholeOf(wiring, pieces);
    if (!whole) continue;
    const others = chosen.filter((one) => !(pieces as readonly Repeated[]).includes(one));
    if (areOrdered(wiring, [...others, whole])) chosen = [whole, ...others];
  }
  return chosen;
}

/** The pieces side by side; undefined where too many repeats are not like the others. */
function wholeOf(wiring: Wiring, pieces: readonly Block[]): Repeated | undefined {
  const [first] = pieces;
  if (!first) return undefined;
  const place = new Map(wiring.nodes.map((node, index) => [node, index]));
  const byWiring = new Map<string, { nodes: readonly Node[] }[]>();
  first.instances.forEach((_, at) => {
    const nodes = pieces.flatMap(({ instances }) => instances[at]?.nodes ?? []);
    const key = wiringText(nodes);
    appendTo(byWiring, key, { nodes });
  });
  const alike = [...byWiring.values()].reduce((a, b) => (b.length > a.length ? b : a));
  const instances = alike.filter((one) => areOrdered(wiring, [{ name: '', instances: [one] }]));
  if (first.instances.length - instances.length > first.instances.length / MANY) return undefined;
  // Wired alike, what is in order in one is in all.
  const order = (instances[0]?.nodes ?? []).map((node, index) => [place.get(node) ?? 0, index] as const);
  order.sort(([a], [b]) => a - b);
  return {
    name: first.name,
    instances: instances.map(({ nodes }) => ({ nodes: order.map(([, index]) => nodes[index] as Node) })),
  };
}

/** Which of the nodes reads which, by their places. */
function wiringText(nodes: readonly Node[]): string {
  const place = new Map(nodes.map((node, index) => [node, index]));
  return nodes
    .map(({ inputs }) =>
      inputs
        .map((value) => {
          const at = value?.producer && place.get(value.producer);
          return at === undefined ? '' : `${at}.${value?.index}`;
        })
        .join(),
    )
    .join(';');
}

/** True where every instance can be one call. */
function areOrdered(wiring: Wiring, repeats: readonly Repeated[]): boolean {
  const groupOf = new Int32Array(wiring.nodes.length).fill(-1);
  const groups = repeats.flatMap(({ instances }) => instances);
  const of = new Map(groups.flatMap(({ nodes }, group) => nodes.map((node) => [node, group] as const)));
  wiring.nodes.forEach((node, index) => {
    groupOf[index] = of.get(node) ?? -1;
  });
  return isOrdered(wiring, groupOf, groups.length);
}
