/** The stages of a main graph: groups of nodes, one behind the other, cut between repeated blocks into about equal weights. */

import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { readBy } from '../ir/scopes/scopes.js';
import type { Value } from '../ir/value.js';
import { findBlocks } from '../region/blocks/index.js';

/** Each stage is what the instances up to a place need and no stage before it has; what is left over is in the last. */
export interface Stages {
  /** The number of the stage of each node. */
  readonly of: ReadonlyMap<Node, number>;
  /** Bytes of the constants that each stage is the first to read. */
  readonly bytes: readonly number[];
}

/** All places between blocks at which a graph can be cut: the stages there would be if each were a cut. */
export function finestStages(graph: Graph): Stages {
  const order = new Map(graph.nodes().map((node, at) => [node, at]));
  const instances = findBlocks(graph)
    .flatMap((block) => block.instances)
    .map(({ nodes }) => nodes.toSorted((a, b) => placeIn(order, a) - placeIn(order, b)))
    .sort((a, b) => placeIn(order, a.at(-1)) - placeIn(order, b.at(-1)));
  const of = new Map<Node, number>();
  let count = 0;
  for (const nodes of instances) {
    const own = ancestorsOf(nodes, (node) => of.has(node));
    if (own.size === 0) continue;
    for (const node of own) of.set(node, count);
    count++;
  }
  // What stands behind the last block belongs to it.
  for (const node of graph.nodeSet) if (!of.has(node)) of.set(node, Math.max(0, count - 1));
  const bytes = new Array<number>(Math.max(1, count)).fill(0);
  const seen = new Set<Value>();
  for (const node of graph.nodes())
    for (const value of readBy(node)) {
      if (!value.tensor || seen.has(value)) continue;
      seen.add(value);
      const at = of.get(node) as number;
      bytes[at] = (bytes[at] as number) + value.tensor.byteLength;
    }
  return { of, bytes };
}

const placeIn = (order: ReadonlyMap<Node, number>, node: Node | undefined): number => (node && order.get(node)) ?? -1;

/** The nodes, and those of the same graph that they are computed from, without those left out and what they alone need. */
export function ancestorsOf(nodes: readonly Node[], isLeftOut: (node: Node) => boolean = () => false): Set<Node> {
  const found = new Set<Node>();
  const waiting = [...nodes];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (found.has(node) || isLeftOut(node)) continue;
    found.add(node);
    for (const { producer } of readBy(node)) if (producer && producer.graph === node.graph) waiting.push(producer);
  }
  return found;
}

/** The last of the fine stages of each of `count` parts, so that the heaviest part is as light as can be. */
export function evenCuts(bytes: readonly number[], count: number, isCut: (stage: number) => boolean): number[] {
  const sums = [0];
  for (const one of bytes) sums.push((sums.at(-1) as number) + one);
  const n = bytes.length;
  // least[k][i]: the weight of the heaviest of k parts that hold the first i stages, and where the last of them begins.
  let least = sums.map((sum, i) => ({ most: i === 0 ? Number.POSITIVE_INFINITY : sum, cuts: [] as number[] }));
  for (let k = 2; k <= count; k++)
    least = sums.map((sum, i) => {
      let best = { most: Number.POSITIVE_INFINITY, cuts: [] as number[] };
      for (let j = 1; j < i; j++) {
        const before = least[j] as { most: number; cuts: number[] };
        const most = Math.max(before.most, sum - (sums[j] as number));
        if (most < best.most && isCut(j - 1)) best = { most, cuts: [...before.cuts, j - 1] };
      }
      return best;
    });
  return least[n]?.most === Number.POSITIVE_INFINITY ? [] : [...(least[n]?.cuts ?? []), n - 1];
}
