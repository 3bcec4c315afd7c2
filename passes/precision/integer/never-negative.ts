/** Values that are never negative, whatever the inputs are: behind Relu, Sigmoid, Softmax and their like. */
import type { Value } from '../../../src/ir/value.js';
import { interval, joined, type Maybe } from '../../../src/ops/interval.js';
import { heldBy } from '../../../src/ops/moved.js';
import { rowOf } from '../../../src/ops/registry.js';

/** Nodes that are looked through: what decides stands near. */
const DEPTH = 4;

const ANY = interval(-3.4e38, 3.4e38);

/** Ranges of curves are a hair wider than they are; so little below zero is lost in the first step of 8 bits. */
const HAIR = 1e-5;

export const isNeverNegative = (value: Value): boolean => {
  const found = rangeOf(value, DEPTH);
  return found !== undefined && found.low >= -HAIR * found.high;
};

function rangeOf(value: Value | undefined, depth: number): Maybe {
  const node = value?.producer;
  if (!value || !node || depth === 0 || node.hasReference || value.index > 0) return undefined;
  const held = heldBy(value);
  if (held) {
    const all = held.sources.map((source) => rangeOf(source, depth - 1)).reduce(joined);
    return held.fill === undefined ? all : joined(all, interval(held.fill, held.fill));
  }
  if (node.is('Softmax')) return interval(0, 1);
  return rowOf(node)?.range?.((index) => rangeOf(node.inputs[index], depth - 1) ?? ANY, node);
}
