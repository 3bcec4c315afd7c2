/**
 * Plans which nodes of a graph work on images whose channels are last. The order of axes is a property that spreads: from convolutions, which have a kernel
 * for it, through operators that do the same in either order, as long as every image that they read has it. Where the order changes stands a Transpose; a
 * connected part stays as it is where it would take as many as it has convolutions.
 */
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import type { PassContext } from '../../src/run/pass.js';
import { type Move, moveOf } from './moves.js';
import { FIRST, isTurn, LAST } from './permute.js';

export interface LayoutPlan {
  /** In order of dependency. */
  readonly moves: ReadonlyMap<Node, Move>;
  /** Convolutions that stay, and why. */
  readonly refused: ReadonlyMap<Node, string>;
}

export function planOf(graph: Graph, context: PassContext): LayoutPlan {
  const refused = new Map<Node, string>();
  const moves = new Map<Node, Move>();
  const parts = new ConnectedNodes();
  const isMoved = (value: Value): boolean => value.producer !== undefined && moves.has(value.producer);
  for (const node of graph.nodes()) {
    const move = moveOf(node);
    if (node.is('Conv') && !move) refused.set(node, 'the layout is for images: an input and weights of four axes');
    if (!move) continue;
    const reason = kernelMiss(node, move, context) ?? context.leaves(node);
    if (reason !== undefined) {
      if (node.is('Conv')) refused.set(node, reason);
      continue;
    }
    const images = imagesOf(node, move);
    const isReady = images.every((value) => isMoved(value) || hasTurned(value));
    if (!node.is('Conv') && !(isReady && images.some(isMoved))) continue;
    moves.set(node, move);
    for (const value of images) if (isMoved(value)) parts.join(node, value.producer as Node);
  }
  for (const part of parts.of([...moves.keys()])) {
    const convolutions = part.filter((node) => node.is('Conv'));
    if (turnsOf(part, moves) < convolutions.length) continue;
    for (const node of part) moves.delete(node);
    for (const node of convolutions)
      refused.set(node, 'the transposes around it would be as many as the convolutions between them');
  }
  return { moves, refused };
}

const imagesOf = ({ inputs }: Node, move: Move): Value[] =>
  inputs.flatMap((value, i) => (value && move.inputs[i] === 'image' ? [value] : []));

function kernelMiss(node: Node, { opType, domain }: Move, { hasKernel }: PassContext): string | undefined {
  const elem = node.output.elem;
  if (elem && hasKernel(opType, domain, domain ? 1 : (node.opset ?? 1), elem)) return undefined;
  return `the target has no ${opType} kernel for ${elem}`;
}

/** True for a value that stands in the graph with its channels last as well. */
const hasTurned = (value: Value): boolean =>
  (value.producer !== undefined && isTurn(value.producer, FIRST)) || value.users.some((user) => isTurn(user, LAST));

/** The number of Transposes that a part needs, less those that it makes needless. */
function turnsOf(part: readonly Node[], moves: ReadonlyMap<Node, Move>): number {
  const own = new Set(part);
  const entries = new Set(part.flatMap((node) => imagesOf(node, moves.get(node) as Move)));
  let turns = 0;
  for (const value of entries) {
    const { producer } = value;
    if (producer && own.has(producer)) continue;
    if (!hasTurned(value)) turns++;
    else if (producer && isTurn(producer, FIRST) && value.users.every((user) => own.has(user))) turns--;
  }
  for (const node of part)
    for (const value of node.outputs) {
      const readers = value?.users ?? [];
      // A shape is read of either order.
      const others = readers.filter((reader) => !own.has(reader) && !reader.is('Shape'));
      const turned = others.filter((reader) => isTurn(reader, LAST));
      turns += (others.length > turned.length ? 1 : 0) - turned.length;
    }
  return turns;
}

/** Sets of nodes that are joined one by one. */
class ConnectedNodes {
  readonly #above = new Map<Node, Node>();

  #top(node: Node): Node {
    let top = node;
    for (let next = this.#above.get(top); next; next = this.#above.get(top)) top = next;
    if (top !== node) this.#above.set(node, top);
    return top;
  }

  join(one: Node, other: Node): void {
    const [a, b] = [this.#top(one), this.#top(other)];
    if (a !== b) this.#above.set(a, b);
  }

  of(nodes: readonly Node[]): Iterable<Node[]> {
    const found = new Map<Node, Node[]>();
    for (const node of nodes) found.set(this.#top(node), [...(found.get(this.#top(node)) ?? []), node]);
    return found.values();
  }
}
