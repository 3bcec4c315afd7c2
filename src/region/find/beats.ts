/**
 * Chains of nodes that play the same part, once in each repeat: what a chain is cut into segments by.
 *
 * Why this way: to shorten a chain takes one node of each repeat; what belongs to it is found and proven from there. The
 * full search for blocks tells of every kind of repeat, and takes ten times as long: it is asked where this finds none.
 */

import { maxOf } from '../../ir/collections/lists.js';
import { NodeNumbers } from '../../ir/collections/node-numbers.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { elementCount } from '../../ir/tensors/tensor.js';
import { isFloat } from '../../ir/types.js';

/** How far a node's surroundings reach by which it is told from others of its op. */
const RADIUS = 3;

/** Where so small a part of a graph is left, there is no other chain worth looking for. */
const REST = 5;

/** Classes that are looked at in a graph, the most telling first. */
const CLASSES = 6;

/** Lists of at least `least` nodes with equal surroundings, in dependency order: first those of weights, and of these those that are as long as most. */
export function beatsOf(graph: Graph, least: number, isFree: (node: Node) => boolean): readonly (readonly Node[])[] {
  const order = graph.nodes();
  const free = order.filter(isFree).length;
  if (free < order.length / REST) return [];
  const classes = new Map<number, { nodes: Node[]; first: number; last: number }>();
  const labels = labelsOf(graph);
  order.forEach((node, at) => {
    if (!isFree(node)) return;
    const label = labels[at] as number;
    const known = classes.get(label);
    if (known) {
      known.nodes.push(node);
      known.last = at;
    } else classes.set(label, { nodes: [node], first: at, last: at });
  });
  const long = [...classes.values()].filter(({ nodes }) => nodes.length >= least);
  const widest = maxOf(
    long.map(({ first, last }) => last - first),
    0,
  );
  const wide = long.filter(({ first, last }) => last - first > widest / 2);
  const frequency = new Map<number, number>();
  for (const { nodes } of wide) frequency.set(nodes.length, (frequency.get(nodes.length) ?? 0) + 1);
  const rank = ({ nodes }: (typeof wide)[0]) => frequency.get(nodes.length) as number;
  // Steps of an unrolled scan are more than layers, and have no weights of their own.
  const weighing = new Set(wide.filter(({ nodes }) => nodes.every(readsWeight)));
  const weighs = (one: (typeof wide)[0]) => Number(weighing.has(one));
  return wide
    .sort((a, b) => weighs(b) - weighs(a) || rank(b) - rank(a) || a.nodes.length - b.nodes.length || a.first - b.first)
    .slice(0, CLASSES)
    .map(({ nodes }) => nodes);
}

/** Numbers up to which a constant is a setting: a scale, an epsilon, a shape. */
const SETTING = 16;

const readsWeight = ({ inputs }: Node): boolean =>
  inputs.some((value) => value?.tensor && isFloat(value.tensor.type) && elementCount(value.tensor.shape) > SETTING);

/**
 * A number for each node's surroundings, in dependency order: its op, what it gives, and what it reads, a few steps up. Equal surroundings have
 * equal numbers; that others may have them too costs a vain attempt.
 */
function labelsOf(graph: Graph): Int32Array {
  const words = new Map<string, number>();
  const numberOf = (word: string): number => {
    const known = words.get(word) ?? hashOf(word);
    words.set(word, known);
    return known;
  };
  const order = graph.nodes();
  const places = new NodeNumbers();
  for (let place = 0; place < order.length; place++) places.set(order[place] as Node, place);
  /** Of each node, one after another, what it reads: the place of a node, or below zero what else it is. */
  const read = new Int32Array(order.reduce((sum, { inputs }) => sum + inputs.length, 0));
  let count = 0;
  for (const { inputs } of order)
    for (const value of inputs) {
      const { producer, tensor } = value ?? {};
      const constant = () => ~((tensor?.shape ?? [value ? 2 : 3]).reduce(mix, numberOf(tensor?.type ?? '')) >>> 1);
      read[count++] = producer ? (places.get(producer) ?? -1) : constant();
    }
  let labels = Int32Array.from(order, ({ opType, outputs }) => {
    const { elem, shape } = outputs[0] ?? {};
    return mix(mix(numberOf(opType), numberOf(elem ?? '')), shape?.length ?? -1);
  });
  for (let radius = 0; radius < RADIUS; radius++) {
    const before = labels;
    let at = 0;
    labels = before.map((label, place) => {
      let sum = label;
      for (const end = at + (order[place] as Node).inputs.length; at < end; at++) {
        const one = read[at] as number;
        sum = mix(sum, one < 0 ? one : (before[one] as number));
      }
      return sum;
    });
  }
  return labels;
}

const mix = (hash: number, value: number): number => {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
};

function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = mix(hash, word.charCodeAt(i));
  return hash;
}
