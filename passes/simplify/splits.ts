/** Slices that cut a whole axis into parts ⟶ one Split. */
import { fromStart } from '../../src/ir/axes.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { int64s, smallNumbers } from './small.js';

interface Part {
  readonly node: Node;
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

/** What a Slice along one axis takes, where that is constant and the dim is a number. */
function partOf(node: Node, x: Value): Part | undefined {
  const [data, starts, ends, axes, steps] = node.inputs;
  if (!node.is('Slice') || node.hasReference || data !== x || (node.opset ?? 0) < 13 || !x.shape) return undefined;
  const numbers = [starts, ends, axes].map(smallNumbers);
  if (steps && smallNumbers(steps)?.[0] !== 1) return undefined;
  if (numbers.some((list) => list?.length !== 1)) return undefined;
  const [start, end, given] = numbers.map((list) => list?.[0] as number) as [number, number, number];
  const axis = fromStart(given, x.shape.length);
  const size = x.shape[axis];
  if (typeof size !== 'number') return undefined;
  const clamp = (at: number) => Math.min(size, Math.max(0, at < 0 ? at + size : at));
  return clamp(start) < clamp(end) ? { node, axis, start: clamp(start), end: clamp(end) } : undefined;
}

/** The parts along an axis, in order, if they are the whole of it and overlap nowhere. */
function partition(parts: readonly Part[], axis: number, size: number): readonly Part[] | undefined {
  const along = parts.filter((part) => part.axis === axis).sort((a, b) => a.start - b.start);
  let at = 0;
  for (const { start, end } of along) {
    if (start !== at) return undefined;
    at = end;
  }
  return along.length > 1 && at === size ? along : undefined;
}

function splitWhole(x: Value): void {
  const parts = x.users.flatMap((node) => (node.graph === x.graph ? (partOf(node, x) ?? []) : []));
  for (const axis of new Set(parts.map((part) => part.axis))) {
    const whole = partition(parts, axis, x.shape?.[axis] as number);
    if (!whole) continue;
    const { graph } = x;
    const sizes = graph.constant(int64s(whole.map(({ start, end }) => BigInt(end - start))));
    const split = graph.add('Split', [x, sizes], {
      name: whole[0]?.node.name,
      attributes: { axis },
      outputs: whole.map(({ node }) => node.output.name),
    });
    whole.forEach(({ node }, index) => {
      const output = split.outputs[index] as Value;
      output.type = node.output.type;
      graph.replaceUses(node.output, output);
    });
    return;
  }
}

/** Does so in every scope. */
export function joinSlices(model: Model): void {
  for (const graph of model.graphs())
    for (const value of [...graph.values()]) if (value.uses.size > 1 && value.elem !== 'string') splitWhole(value);
}
