/** Runs of equal segments in the chains of a graph: what can be compiled once for many. */
import type { NodeNumbers } from '../../ir/collections/node-numbers.js';
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { isSameShape, isSameTensor } from '../../ir/tensors/same-tensor.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { dataTypes, equalTypes } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { type Block, findBlocks } from '../blocks/index.js';
import { nameOf } from '../blocks/name.js';
import { beatsOf } from './beats.js';
import { nodesBySegment, placesIn, segmentOfReader, segmentsOf } from './segments.js';
import { type Shift, shiftOf } from './shift.js';

/** Segments `first` to `last` of a chain, each the same as the next. */
export interface Run {
  /** Repeats of the chain, those of other runs included. */
  readonly count: number;
  /** What its repeats are called. */
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly segments: NodeNumbers;
  /** Nodes by segment, in dependency order. */
  readonly lists: readonly (readonly Node[])[];
  /** By segment, from it to the next. */
  readonly shifts: readonly (Shift | string | undefined)[];
}

/** A block whose repeats are compiled each by itself, and why. */
export interface Refusal {
  readonly block: Block;
  readonly reason: string;
}

export interface ShorteningPlan {
  readonly runs: readonly Run[];
  readonly refusals: readonly Refusal[];
}

/** A chain that is looked for has so many repeats at least, and so many nodes in each if they are spread over the graph. */
export interface ChainLimits {
  readonly repeats: number;
  readonly nodes: number;
}

/** The first three and the last are compiled each, the third for all between: one less than this saves nothing. */
const SHORTEST = 5;

/**
 * The runs of the main graph. The full search for blocks, which takes long, is asked where it `isThorough` and nothing is found at once:
 * its types have to be inferred.
 */
export function planOf({ graph }: Model, limits: ChainLimits, isThorough: boolean): ShorteningPlan {
  const runs: Run[] = [];
  const refusals: Refusal[] = [];
  const taken = new Set<Node>();
  const isFree = (node: Node) => !taken.has(node);
  /** Adds the runs of a chain whose repeats each have these nodes; why there are none. */
  const add = (repeats: Repeats): string | undefined => {
    const found = runsOf(graph, repeats);
    if (typeof found === 'string') return found;
    for (const run of found) {
      runs.push(run);
      for (const list of run.lists.slice(run.first, run.last + 1)) for (const node of list) taken.add(node);
    }
    return undefined;
  };
  for (let isDone = false; !isDone; ) {
    const beats = beatsOf(graph, limits.repeats, isFree).flatMap((nodes) => PERIODS.map((n) => everyNth(nodes, n)));
    const isWorth = ({ length }: Repeats) => length >= limits.repeats && length * limits.nodes <= graph.nodeSet.size;
    isDone = !beats.some((repeats) => isWorth(repeats) && add(repeats) === undefined);
  }
  if (runs.length > 0 || !isThorough) return { runs, refusals };
  for (const block of findBlocks(graph)) {
    const { instances } = block;
    if (!instances.every(({ nodes }) => nodes.every(isFree))) continue;
    const reason = add(instances.map(({ nodes }) => nodes));
    if (reason !== undefined) refusals.push({ block, reason });
  }
  return { runs, refusals };
}

/** Of each repeat some nodes, aligned. */
type Repeats = readonly (readonly Node[])[];

/** Layers of two or three kinds in turn repeat as twos or threes. */
const PERIODS = [1, 2, 3];

const everyNth = (nodes: readonly Node[], n: number): Repeats =>
  nodes.filter((_, index) => index % n === 0).map((node) => [node]);

function runsOf(graph: Graph, repeats: Repeats): Run[] | string {
  const count = repeats.length;
  if (count < SHORTEST) return `there are ${count}, and one stands for others from ${SHORTEST} on`;
  const tags = new Map(repeats.flatMap((nodes, index) => nodes.map((node) => [node, index + 1] as const)));
  const segments = segmentsOf(graph, { node: (node) => tags.get(node) ?? 0, value: () => 0 });
  const lists = nodesBySegment(graph, segments);
  const places = placesIn(lists);
  const far = lists.map((nodes, at) => farReader(nodes, at, graph, segments));
  const shifts: (Shift | string | undefined)[] = [undefined];
  // The last segment has all that follows in it: it is like no other.
  for (let from = 1; from < count - 1; from++) {
    const seeds = [from - 1, from].flatMap((at) =>
      (repeats[at] ?? []).flatMap((node, index) => {
        const next = repeats[at + 1]?.[index];
        return next ? [[node, next] as const] : [];
      }),
    );
    const shift = shiftOf({ graph, segments, lists, places, from, seeds, matches: mayMatch });
    // What is no repeat at all is not looked at to its end.
    if (typeof shift === 'string' && from >= TRIED && shifts.every((one) => typeof one !== 'object')) return shift;
    shifts.push(typeof shift === 'string' ? shift : (far[from] ?? far[from + 1] ?? portsMisfit(graph, shift) ?? shift));
  }
  const isLike = (from: number): boolean => typeof shifts[from] === 'object';
  const runs: Run[] = [];
  for (let first = 1; first < count - 1; ) {
    let last = first;
    while (last < count - 1 && isLike(last)) last++;
    if (last - first + 1 >= SHORTEST)
      runs.push({ count, name: nameIn(shifts[first] as Shift), first, last, segments, lists, shifts });
    first = last + 1;
  }
  const reason = shifts.find((shift) => typeof shift === 'string') ?? 'too few repeats in a row are the same';
  return runs.length > 0 ? runs : String(reason);
}

const nameIn = ({ from, to }: Shift): string =>
  nameOf(
    [from, to].map((nodes) => ({
      nodes,
      inputs: [],
      outputs: nodes.flatMap(({ outputs }) => outputs.slice(0, 1) as Value[]),
      constants: [],
    })),
  );

/** Segments that may be unlike the next before a chain is given up. */
const TRIED = 4;

/** Integers up to this many elements are shapes, axes and indices: they must be the same in all repeats. */
const SMALL = 1024;

/** Two constants of repeats, or two inputs of the graph, may be told apart by a bank alone. */
function mayMatch(a: Value, b: Value): boolean {
  const [x, y] = [a.tensor, b.tensor];
  if (a.isInput || b.isInput)
    return a.isInput && b.isInput && equalTypes(a.type, b.type) && Boolean(x) === Boolean(y) && !a.defaultTensor;
  if (!x || !y || x.type !== y.type || !isSameShape(x, y)) return false;
  if (x === y || !isStructural(x)) return Boolean(x.sparse) === Boolean(y.sparse);
  return isSameTensor(x, y);
}

const isStructural = ({ type, shape }: Tensor): boolean =>
  type === 'string' || type === 'bool' || (dataTypes[type].kind !== 'float' && elementCount(shape) <= SMALL);

/** Why a segment is like no other: something reads it that is neither in it nor in the next. */
function farReader(nodes: readonly Node[], at: number, graph: Graph, segments: NodeNumbers): string | undefined {
  for (const { opType, outputs } of nodes)
    for (const value of outputs)
      for (const { node } of value?.uses ?? [])
        if (node !== graph.end && segmentOfReader(node, graph, segments) > at + 1)
          return `${node.opType} reads ${opType} of a repeat that is not the one before`;
  return undefined;
}

/** Why what the graph gives of a segment is not what it gives of the next. */
function portsMisfit(graph: Graph, { from, to }: Shift): string | undefined {
  for (let place = 0; place < from.length; place++) {
    const { opType, outputs } = from[place] as Node;
    for (let index = 0; index < outputs.length; index++) {
      const [value, other] = [outputs[index], to[place]?.outputs[index]];
      if (value && other && portCount(value, graph) !== portCount(other, graph))
        return `the output of ${opType} is an output of the model in one, not in the next`;
    }
  }
  return undefined;
}

function portCount(value: Value, graph: Graph): number {
  if (!value.isOutput) return 0;
  let ports = 0;
  for (const { node } of value.uses) if (node === graph.end) ports++;
  return ports;
}
