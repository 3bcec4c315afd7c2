/**
 * The first block of a denoiser, and where its last one ends. Both are sums into the stream that goes through all blocks: an Add of two computed values of
 * its shape, x + f(x).
 */

import { inferTypes } from '../infer/index.js';
import { type Dim, equalDims } from '../ir/dims/dims.js';
import { symbolsOf } from '../ir/dims/symbols.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { readBy, readerIn } from '../ir/scopes/scopes.js';
import { isFloat, type Shape } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { cloneModel } from '../ir/whole-model/clone.js';
import { findBlocks } from '../region/blocks/index.js';

export interface FirstBlock {
  /** The stream before the first block, behind it, and behind the last block. */
  readonly start: Value;
  readonly end: Value;
  readonly last: Value;
}

/** The reason in words where there is none. Types must be inferred. */
export function firstBlockOf(model: Model, named?: string): FirstBlock | string {
  const { graph } = model;
  const sizes = sizesIn(model);
  const sameShape = (a: Value, b: Value): boolean => areEqual(a.shape, b.shape) || areEqual(sizes(a), sizes(b));
  const sums = graph.nodes().filter((node) => isSum(node, sameShape));
  const images = graph.inputs.filter((input) => isFloat(input.elem) && (input.shape?.length ?? 0) >= 3);
  if (images.length === 0) return 'expected a denoiser, with a float input of three dims or more; found none';
  const last = sums.findLast(({ output }) => !leadsPast(output, images))?.output;
  if (!last) return 'expected a sum behind the last block through which all of the output goes; found none';
  const streams = sums.flatMap((node) => {
    const before = sameShape(node.output, last) ? streamInto(node) : undefined;
    return before ? [{ node, before, after: node.output }] : [];
  });
  const asked = named === undefined ? undefined : streams.find(({ after }) => after.name === named);
  if (named !== undefined && !asked) {
    const found = streams.map(({ after }) => after.name).join(', ');
    return `--end ${named}: expected a sum of the stream; found ${found || 'none'} in it`;
  }
  const [first] = streams;
  if (!first || first.after === last) return 'expected several blocks, each a sum x + f(x) into one stream; found none';
  const chain = [first];
  for (let next = first as typeof first | undefined; next; ) {
    const { after } = next as typeof first;
    next = streams.find(({ before }) => before === after);
    if (next) chain.push(next);
  }
  const end = asked ?? endOf(graph, chain);
  if (end.after === last) return 'expected blocks behind the first; found none';
  return { start: first.before, end: end.after, last };
}

/** The last sum of the chain that is in the first instance of a block; without blocks that of attention and feed-forward. */
function endOf<T extends { readonly node: Node }>(graph: Graph, chain: readonly T[]): T {
  const [first] = chain as readonly [T];
  const own = findBlocks(graph)
    .flatMap(({ instances }) => instances)
    .find(({ nodes }) => nodes.includes(first.node));
  const inside = own ? chain.filter(({ node }) => own.nodes.includes(node)) : chain.slice(0, 2);
  return inside.at(-1) as T;
}

const isComputed = (value: Value | undefined): value is Value => value !== undefined && !value.isConstant;

function isSum(node: Node, sameShape: (a: Value, b: Value) => boolean): boolean {
  const [a, b] = node.inputs;
  const { output } = node;
  if (!node.is('Add') || !isComputed(a) || !isComputed(b) || !isFloat(output.elem)) return false;
  return (output.shape?.length ?? 0) >= 3 && sameShape(a, output) && sameShape(b, output);
}

const areEqual = (a: Shape | undefined, b: Shape | undefined): boolean =>
  a !== undefined && b !== undefined && a.length === b.length && a.every((dim, axis) => equalDims(dim, b[axis] as Dim));

/** Shapes at some sizes of all open dims, which every level of a U-Net divides: symbols alone do not tell that it comes back to where it was. */
function sizesIn(model: Model): (value: Value) => Shape | undefined {
  const symbols = new Set(model.graph.inputs.flatMap(({ shape = [] }) => shape.flatMap(symbolsOf)));
  const names = [...symbols].filter((name) => typeof name === 'string');
  const copies = new Map<Value, Value>();
  inferTypes(cloneModel(model, undefined, copies), {
    bindings: new Map(names.map((name, i) => [name, 128 * (i + 1)])),
  });
  return (value) => copies.get(value)?.shape;
}

/** The operand that the other one is computed from. */
function streamInto({ inputs }: Node): Value | undefined {
  const [a, b] = inputs as [Value, Value];
  return leadsTo(a, b) ? a : leadsTo(b, a) ? b : undefined;
}

function leadsTo(from: Value, to: Value): boolean {
  const seen = new Set<Value>();
  const waiting = [to];
  for (let value = waiting.pop(); value; value = waiting.pop()) {
    if (value === from) return true;
    if (seen.has(value) || !value.producer) continue;
    seen.add(value);
    for (const input of readBy(value.producer)) if (input.graph === from.graph) waiting.push(input);
  }
  return false;
}

/** Whether the numbers of some values reach an output by a way that goes past one value; sizes are no numbers. */
function leadsPast(value: Value, from: readonly Value[]): boolean {
  const seen = new Set<Node>();
  const waiting = [...from];
  for (let one = waiting.pop(); one; one = waiting.pop())
    for (const user of one.users) {
      const node = readerIn(value.graph, user);
      if (!node || seen.has(node) || node.is('Shape') || node.is('Size')) continue;
      if (node.isEnd) return true;
      seen.add(node);
      for (const output of node.outputs) if (output && output !== value) waiting.push(output);
    }
  return false;
}
