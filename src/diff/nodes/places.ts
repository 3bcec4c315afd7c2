/** In which repeat of which block a node stands, in the same terms for both models. */
import type { Node } from '../../ir/node.js';
import type { DiffSide } from '../side.js';
import type { NodePairs } from './pairs.js';

/** One repeat of a block. */
export interface DiffPlace {
  readonly block: number;
  readonly repeat: number;
}

interface DiffBlock {
  readonly name: string;
  readonly repeats: number;
}

export class DiffPlaces {
  /** Blocks of the model before, then those that the model after alone has. */
  readonly blocks: DiffBlock[];
  readonly #places = new Map<Node, DiffPlace>();

  constructor(before: DiffSide, after: DiffSide, pairs: NodePairs) {
    this.blocks = before.blocks.map(({ name, repeats }) => ({ name, repeats }));
    for (const [node, place] of before.places) this.#places.set(node, place);
    const meant = votes(before, after, pairs);
    const added = new Map<number, number>();
    const instead = replacedBy(pairs);
    for (const node of after.nodes) {
      const twin = pairs.to.get(node) ?? instead.get(node);
      const own = after.places.get(node);
      const place = twin ? this.#places.get(twin) : own && (meant.get(textOf(own)) ?? this.#new(own, after, added));
      if (place) this.#places.set(node, place);
    }
    this.#spread(after, (node) => pairs.isPaired(node) || instead.has(node));
  }

  of(node: Node): DiffPlace | undefined {
    return this.#places.get(node);
  }

  /** The place as text, to compare. */
  textOf(node: Node): string {
    const place = this.of(node);
    return place ? textOf(place) : '';
  }

  #new({ block, repeat }: DiffPlace, { blocks }: DiffSide, added: Map<number, number>): DiffPlace {
    const number = added.get(block) ?? this.blocks.length;
    const { name = '', repeats = 0 } = blocks[block] ?? {};
    if (!added.has(block)) this.blocks.push({ name, repeats });
    added.set(block, number);
    return { block: number, repeat };
  }

  /** What was added and repeats in no way by itself stands with what it reads or is read by. */
  #spread({ nodes }: DiffSide, isKnown: (node: Node) => boolean): void {
    for (const list of [nodes, nodes.toReversed()])
      for (const node of list) {
        if (isKnown(node) || this.#places.has(node)) continue;
        const around = [
          ...node.inputs.map((value) => value?.producer),
          ...node.outputs.flatMap((value) => value?.users ?? []),
        ];
        const place = around.map((one) => one && this.#places.get(one)).find((one) => one !== undefined);
        if (place) this.#places.set(node, place);
      }
  }
}

/** By node that was added: the one that was removed, and whose value the same reader read. */
function replacedBy(pairs: NodePairs): Map<Node, Node> {
  const instead = new Map<Node, Node>();
  for (const [node, twin] of pairs.of)
    for (const [index, value] of node.inputs.entries()) {
      const [was, is] = [value?.producer, twin.inputs[index]?.producer];
      if (was && is && !pairs.isPaired(was) && !pairs.isPaired(is)) instead.set(is, was);
    }
  return instead;
}

const textOf = ({ block, repeat }: DiffPlace): string => `${block}/${repeat}`;

/** By place in the model after: the place before of most nodes in it. */
function votes(before: DiffSide, after: DiffSide, pairs: NodePairs): Map<string, DiffPlace> {
  const counts = new Map<string, Map<string, { place: DiffPlace; count: number }>>();
  for (const [node, twin] of [...pairs.of, ...pairs.readers]) {
    const [place, own] = [before.places.get(node), after.places.get(twin)];
    if (!place || !own) continue;
    const all = counts.get(textOf(own)) ?? new Map<string, { place: DiffPlace; count: number }>();
    const one = all.get(textOf(place)) ?? { place, count: 0 };
    one.count++;
    all.set(textOf(place), one);
    counts.set(textOf(own), all);
  }
  const most = (all: Iterable<{ place: DiffPlace; count: number }>) => [...all].sort((a, b) => b.count - a.count)[0];
  return new Map([...counts].map(([own, all]) => [own, most(all.values())?.place as DiffPlace]));
}
