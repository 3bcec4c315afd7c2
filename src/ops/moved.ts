/** How readers of a graph ask rows what moved: of a value, by the node that gives it. */
import type { Attribute } from '../ir/attribute.js';
import type { Dim } from '../ir/dims/dims.js';
import type { Node } from '../ir/node.js';
import { agreed } from '../ir/tensors/bank.js';
import { bigintsOf } from '../ir/tensors/numbers.js';
import type { Type } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type Contents, type PartialShape, Reading } from './call.js';
import type { Movement } from './movement.js';
import { rowOf } from './registry.js';
import { isFrom, isMover, type Moves } from './row.js';

/** What is known of the contents of values: the facts of inference, or nothing. */
interface ContentFacts {
  contents(value: Value): readonly Dim[] | undefined;
}

/** Longer lists are data, no places. */
const LONGEST = 4096;

/** Whole numbers and dims that a value always holds, those of int64's ends cut to what a number holds. */
function integersIn(value: Value, known?: ContentFacts): readonly Dim[] | undefined {
  if (!value.tensor) return known?.contents(value);
  const { type, byteLength } = value.tensor;
  if ((type !== 'int64' && type !== 'int32') || byteLength > LONGEST * 8) return undefined;
  return agreed(value.tensor, (one) => bigintsOf(one).map(Number));
}

/** A node of a graph of which types are known. */
class NodeReading extends Reading {
  constructor(
    node: Node,
    readonly known: ContentFacts | undefined,
  ) {
    super(node, node.opset ?? 0);
  }
  typeIn(value: Value): Type | undefined {
    return value.type;
  }
  contentsIn(value: Value): Contents | undefined {
    return integersIn(value, this.known);
  }
  attribute(name: string): Attribute | undefined {
    return this.node.attributes.get(name);
  }
  shapeOf(output: number): PartialShape | undefined {
    return this.node.outputs[output]?.shape;
  }
}

/** How the node that gives a value moves what it is given; undefined where it computes, or gives something else by this value. */
function movesOf(value: Value | undefined): Moves | undefined {
  const node = value?.producer;
  const moves = node && rowOf(node)?.moves;
  if (!moves || !isMover(moves, node) || value.index >= (moves.outputs ?? node.outputs.length)) return undefined;
  return moves;
}

/** What a value holds of which nothing is computed. */
export interface ElementSources {
  /** Values of whose elements its own are, moved or chosen. */
  readonly sources: readonly Value[];
  /** A number that may stand among them. */
  readonly fill: number | undefined;
  /** What becomes of a number where the elements are cast. */
  readonly recast: Moves['recasts'];
  /** Numbers decide which element stands where. */
  readonly isChoice: boolean;
}

/** What a value holds by how its node moves what it is given; undefined where its elements are computed. */
export function heldBy(value: Value | undefined): ElementSources | undefined {
  const moves = movesOf(value);
  const node = value?.producer;
  if (!moves || !node) return undefined;
  const { fill, recasts: recast, isChoice = false } = moves;
  const sources = node.inputs.filter((input, index): input is Value => input !== undefined && isFrom(moves, index));
  return { sources, fill: fill?.(node), recast, isChoice };
}

/** The one value whose elements a value holds, moved, and nothing else; with `mayRecast`, cast too. */
export function movedFrom(value: Value | undefined, mayRecast = false): Value | undefined {
  const held = heldBy(value);
  return held?.sources.length === 1 && held.fill === undefined && (mayRecast || !held.recast)
    ? held.sources[0]
    : undefined;
}

/** Where in the inputs of its node the elements of a value stand; undefined where they are computed or chosen, or it is not known. */
export function movementOf(value: Value | undefined, known?: ContentFacts, mayRecast = false): Movement | undefined {
  const node = value?.producer;
  const moves = movesOf(value);
  if (!node || !value || !moves?.how || node.hasReference || (moves.recasts && !mayRecast && !isSameType(node)))
    return undefined;
  return moves.how(new NodeReading(node, known), value.index);
}

const isSameType = ({ inputs, outputs }: Node): boolean =>
  inputs[0]?.elem !== undefined && inputs[0].elem === outputs[0]?.elem;

/** The outputs that hold the numbers of an input, moved, chosen or recast. */
export function outputsFrom(node: Node, index: number): readonly Value[] {
  const moves = rowOf(node)?.moves;
  if (!moves || !isMover(moves, node) || !isFrom(moves, index)) return [];
  return node.outputs.slice(0, moves.outputs).filter((output) => output !== undefined);
}
