/** Which node of a main graph is in which repeat of which block. */
import { maxOf } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { findBlocks } from '../../region/blocks/index.js';
import type { NodeDetails } from '../../run/report/details/readable.js';

export type Blocks = NonNullable<NodeDetails['graph']>['before']['blocks'];

export interface BlockPlace {
  readonly block: number;
  readonly repeat: number;
}

/** The blocks, and the place of each node that is in one. Types must be inferred. */
export function blockPlaces({ graph }: Model): {
  readonly blocks: Blocks;
  readonly places: ReadonlyMap<Node, BlockPlace>;
} {
  const places = new Map<Node, BlockPlace>();
  const found = findBlocks(graph);
  // Pieces of one repeat are one block.
  const blocks = [...new Set(found.map(({ repeat }) => repeat))].map((number, block) => {
    const pieces = found.filter(({ repeat }) => repeat === number);
    let nodes = 0;
    for (const { instances } of pieces) {
      nodes += instances[0]?.nodes.length ?? 0;
      for (const [repeat, instance] of instances.entries())
        for (const node of instance.nodes) places.set(node, { block, repeat });
    }
    return { name: pieces[0]?.name ?? '', repeats: maxOf(pieces.map(({ instances }) => instances.length)), nodes };
  });
  return { blocks, places };
}
