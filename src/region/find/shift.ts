/**
 * The shift from one segment of a chain to the next: each node of the one to the node that plays its part in the other.
 *
 * Pairs are grown from seeds along the edges, and then proven: every node has its partner, and whatever a node reads, its
 * partner reads the same, or the partner's own: a value of its segment, of the segment before, a constant, an input.
 */

import { append } from '../../ir/collections/lists.js';
import type { NodeNumbers } from '../../ir/collections/node-numbers.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import type { Use, Value } from '../../ir/value.js';
import { difference } from './same.js';

export interface Shift {
  /** The nodes of the segment, in dependency order. */
  readonly from: readonly Node[];
  /** The one that plays the part of each in the next segment. */
  readonly to: readonly Node[];
}

export interface ShiftOptions {
  readonly graph: Graph;
  readonly segments: NodeNumbers;
  /** Nodes of the segments, in dependency order, by segment. */
  readonly lists: readonly (readonly Node[])[];
  /** Where each node stands in the list of its segment. */
  readonly places: NodeNumbers;
  /** Segment of the nodes that are shifted to the next. */
  readonly from: number;
  /** Pairs of nodes that play the same part, in any segment and the next. */
  readonly seeds: Iterable<readonly [Node, Node]>;
  /** Whether two constants, or two inputs, may play the same part. */
  matches(a: Value, b: Value): boolean;
}

/** The shift, or why there is none. Where both stand in the same order, which is most often, nothing is grown. */
export function shiftOf(options: ShiftOptions): Shift | string {
  const { lists, from, segments } = options;
  const [first = [], second = []] = [lists[from], lists[from + 1]];
  const isInStep =
    first.length === second.length && first.every((node, place) => !difference(node, second[place] as Node));
  if (isInStep && !misfitIn(options, second)) return { from: first, to: second };
  const pairs = grow(options);
  if (typeof pairs === 'string') return pairs;
  if (first.length !== second.length) return `${first.length} nodes in one, ${second.length} in the next`;
  const to: Node[] = [];
  for (const node of first) {
    const partner = pairs.get(node);
    if (!partner || segments.get(partner) !== from + 1) return `no part for ${node.opType} in the next`;
    to.push(partner);
  }
  return misfitIn(options, to) ?? { from: first, to };
}

/** Pairs from the seeds up to what they read, in these segments and the next; where that ends, down to what alone reads them. */
function grow({ segments, lists, from, seeds }: ShiftOptions): Map<Node, Node> | string {
  const pairs = new Map<Node, Node>();
  const partners = new Map<Node, Node>();
  const waiting = [...seeds];
  let fresh: Node[] = [];
  const enter = (): string | undefined => {
    for (let pair = waiting.pop(); pair; pair = waiting.pop()) {
      const [a, b] = pair;
      const at = segments.get(a);
      if (at !== from && at !== from + 1) continue;
      if (pairs.has(a) || partners.has(b) || segments.get(b) !== at + 1) continue;
      const found = difference(a, b);
      if (found && at === from) return found;
      if (found) continue;
      pairs.set(a, b);
      partners.set(b, a);
      fresh.push(a);
      a.inputs.forEach((value, index) => {
        const [x, y] = [value?.producer, b.inputs[index]?.producer];
        if (x && y && x !== y && value?.index === b.inputs[index]?.index) waiting.push([x, y]);
      });
    }
    return undefined;
  };
  const failure = enter();
  if (failure) return failure;
  const all = lists[from] ?? [];
  // Readers that are not told apart at first may be when others are paired.
  const isOpen = () => all.some((node) => !pairs.has(node));
  for (let before = -1; before !== pairs.size && isOpen(); ) {
    before = pairs.size;
    for (let starts: readonly Node[] = [...pairs.keys()]; starts.length > 0 && isOpen(); starts = fresh) {
      fresh = [];
      for (const a of starts) append(waiting, downward(a, pairs.get(a) as Node, segments, pairs, partners));
      const stopped = enter();
      if (stopped) return stopped;
    }
  }
  return pairs;
}

/** Readers that are the only ones of their op at their slot, in both. */
function* downward(
  a: Node,
  b: Node,
  segments: NodeNumbers,
  pairs: ReadonlyMap<Node, Node>,
  partners: ReadonlyMap<Node, Node>,
): Iterable<readonly [Node, Node]> {
  for (const [index, output] of a.outputs.entries()) {
    const other = b.outputs[index];
    if (!output || !other) continue;
    if (output.uses.size === 1 && other.uses.size === 1) {
      const [[use], [its]] = [output.uses, other.uses] as unknown as [[Use], [Use]];
      if (use.index === its.index && !use.node.isEnd && !its.node.isEnd) yield [use.node, its.node];
      continue;
    }
    const left = readersOf(output, (node) => segments.has(node) && !pairs.has(node));
    const right = readersOf(other, (node) => segments.has(node) && !partners.has(node));
    for (const [key, [reader, another]] of left) {
      const [match, more] = right.get(key) ?? [];
      if (reader && match && !another && !more) yield [reader, match];
    }
  }
}

function readersOf(value: Value, isMeant: (node: Node) => boolean): Map<string, Node[]> {
  const readers = new Map<string, Node[]>();
  for (const { node, index } of value.uses) {
    if (!isMeant(node)) continue;
    const key = `${node.domain}.${node.opType} ${index}`;
    const list = readers.get(key);
    if (list) list.push(node);
    else readers.set(key, [node]);
  }
  return readers;
}

/** Why the nodes of a segment and these, which play their parts, are not connected alike; undefined where they are. */
function misfitIn(options: ShiftOptions, to: readonly Node[]): string | undefined {
  const { segments, lists, from } = options;
  const values = new Map<Value, Value>();
  const back = new Map<Value, Value>();
  const own = lists[from] ?? [];
  for (let place = 0; place < own.length; place++) {
    const a = own[place] as Node;
    const { inputs } = to[place] as Node;
    for (let index = 0; index < a.inputs.length; index++) {
      const [value, other] = [a.inputs[index], inputs[index]];
      if (!value || !other || value === other) continue;
      const misfit = misfitOf(options, to, value, other);
      if (misfit) return `${misfit} at ${a.opType}`;
      if (segmentOf(value, segments) === from) continue;
      if ((values.get(value) ?? other) !== other || (back.get(other) ?? value) !== value)
        return `other connections of ${a.opType} in the next`;
      values.set(value, other);
      back.set(other, value);
    }
  }
  return undefined;
}

const segmentOf = (value: Value, segments: NodeNumbers): number =>
  (value.producer && segments.get(value.producer)) ?? 0;

/** Why a partner may not read `other` where the node reads `value`. */
function misfitOf(
  { graph, segments, places, from, matches }: ShiftOptions,
  to: readonly Node[],
  value: Value,
  other: Value,
): string | undefined {
  const [x, y] = [value.producer, other.producer];
  if (value.graph !== graph || other.graph !== graph) return 'values of other scopes';
  if (!x && !y) return matches(value, other) ? undefined : 'a constant or an input that differs';
  if (!x || !y || value.index !== other.index) return 'other connections in the next';
  const [p, q] = [segments.get(x) ?? 0, segments.get(y) ?? 0];
  if (p === from) return to[places.get(x) as number] === y ? undefined : 'other connections in the next';
  if (q === from && p < from) return undefined;
  return 'a value of its own that is computed outside';
}
