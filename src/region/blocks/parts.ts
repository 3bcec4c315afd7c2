/** A graph as parts: every instance of a repeated block, and what stands once. */

import { maxOf, minOf } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { byScope } from '../../ir/scopes/node-scopes.js';
import { findBlocks } from './index.js';

export interface ModelPart {
  readonly name: string;
  /** Which instance of how many, from 1; undefined for what stands once. */
  readonly instance?: { readonly number: number; readonly of: number };
  readonly nodes: readonly Node[];
}

/** Each node of the graph is in one part. In dependency order of the parts' first nodes. Types should have been inferred. */
export function partsOf(graph: Graph): ModelPart[] {
  const nodes = graph.nodes();
  const places = new Map(nodes.map((node, at) => [node, at]));
  const blocks = findBlocks(graph);
  const parts: ModelPart[] = [];
  // Pieces of one repeat are one part an instance.
  for (const repeat of new Set(blocks.map((block) => block.repeat))) {
    const pieces = blocks.filter((block) => block.repeat === repeat);
    const of = maxOf(pieces.map(({ instances }) => instances.length));
    for (let at = 0; at < of; at++) {
      const own = pieces.flatMap(({ instances }) => instances[at]?.nodes ?? []);
      parts.push({ name: pieces[0]?.name ?? '', instance: { number: at + 1, of }, nodes: own });
    }
  }
  const repeated = new Set(parts.flatMap((part) => part.nodes));
  for (const [name, own] of byScope(nodes.filter((node) => !repeated.has(node)))) parts.push({ name, nodes: own });
  const first = (part: ModelPart): number => minOf(part.nodes.map((node) => places.get(node) as number));
  return parts
    .map((part) => ({ part, at: first(part) }))
    .sort((a, b) => a.at - b.at)
    .map(({ part }) => part);
}
