/** A model in pieces: what stands once, and of what repeats one repeat, before and after. */
import { append, appendTo } from '../../../ir/collections/lists.js';
import type { GraphNodeInfo } from '../details.js';
import type { GraphChanges } from './changes.js';

export interface Piece {
  readonly name: string;
  /** How often it stands in the model; 1 for what does not repeat. */
  readonly repeats: number;
  readonly before: readonly GraphNodeInfo[];
  readonly after: readonly GraphNodeInfo[];
}

/** A piece of more nodes cannot be taken in at a glance: it is cut. What repeats stays whole for longer. */
const MOST_NODES = { once: 60, repeated: 150 } as const;

/** Pieces in the order of the original's main graph. A node of the result belongs where the nodes are that it stands for. */
export function piecesOf(changes: GraphChanges): Piece[] {
  const starts = startingPieces(changes);
  const ofNode = new Map(starts.flatMap(({ before }, at) => before.map(({ name }) => [name, at] as const)));
  const after = starts.map((): GraphNodeInfo[] => []);
  for (const [node, at] of placesOf(changes, ofNode)) after[at]?.push(node);
  return starts.map((piece, at) => ({ ...piece, after: after[at] as GraphNodeInfo[] }));
}

type Start = Omit<Piece, 'after'>;

function startingPieces({ before }: GraphChanges): Start[] {
  const main = before.nodes.filter(({ scope }) => scope === undefined);
  const shown = before.blocks.map((_, block) => shownRepeat(main.filter((node) => node.block === block)));
  const pieces: Start[] = [];
  let alone: GraphNodeInfo[] = [];
  const seen = new Set<number>();
  const close = (): void => {
    if (alone.length) append(pieces, cut(seen.size ? 'between' : 'start', 1, alone));
    alone = [];
  };
  for (const node of main) {
    const { block } = node;
    if (block === undefined) alone.push(node);
    else if (!seen.has(block)) {
      close();
      seen.add(block);
      const found = before.blocks[block];
      append(
        pieces,
        cut(
          found?.name ?? 'block',
          found?.repeats ?? 1,
          main.filter((one) => one.block === block && (one.repeat ?? 0) === shown[block]),
        ),
      );
    }
  }
  if (alone.length) append(pieces, cut(seen.size ? 'end' : 'model', 1, alone));
  return pieces;
}

/** The repeat in the middle, whose neighbours are like it; the first where the others are not listed. */
function shownRepeat(nodes: readonly GraphNodeInfo[]): number {
  const repeats = [...new Set(nodes.map(({ repeat = 0 }) => repeat))];
  return repeats[repeats.length >> 1] ?? 0;
}

function cut(name: string, repeats: number, nodes: readonly GraphNodeInfo[]): Start[] {
  const count = Math.ceil(nodes.length / (repeats > 1 ? MOST_NODES.repeated : MOST_NODES.once));
  const each = Math.ceil(nodes.length / count);
  return Array.from({ length: count }, (_, i) => ({
    name: count > 1 ? `${name}, part ${i + 1} of ${count}` : name,
    repeats,
    before: nodes.slice(i * each, (i + 1) * each),
  }));
}

/** The piece of each node of the result's main graph: that of the nodes it stands for, else of what it reads or of what reads it. */
function placesOf(changes: GraphChanges, ofNode: ReadonlyMap<string, number>): Map<GraphNodeInfo, number> {
  const main = changes.after.nodes.filter(({ scope }) => scope === undefined);
  const places = new Map<GraphNodeInfo, number>();
  for (const node of main) {
    const at = changes
      .sourcesOf(node)
      .map((name) => ofNode.get(name))
      .find((one) => one !== undefined);
    if (at !== undefined) places.set(node, at);
  }
  const makers = new Map(main.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const readers = new Map<string, GraphNodeInfo[]>();
  for (const node of main) for (const value of node.inputs) appendTo(readers, value, node);
  // What was put in has no source: it goes with its neighbours.
  const isPutIn = (node: GraphNodeInfo): boolean => !places.has(node) && changes.sourcesOf(node).length === 0;
  for (const node of main.filter(isPutIn)) {
    const at = node.inputs.map((value) => placeOf(makers.get(value), places)).find((one) => one !== undefined);
    if (at !== undefined) places.set(node, at);
  }
  for (const node of main.filter(isPutIn).reverse()) {
    const at = node.outputs
      .flatMap((value) => readers.get(value) ?? [])
      .map((reader) => places.get(reader))
      .find((one) => one !== undefined);
    if (at !== undefined) places.set(node, at);
  }
  return new Map(main.flatMap((node) => (places.has(node) ? [[node, places.get(node) as number] as const] : [])));
}

const placeOf = (node: GraphNodeInfo | undefined, places: ReadonlyMap<GraphNodeInfo, number>): number | undefined =>
  node && places.get(node);
