/**
 * Simplifies parts of a value along an axis, cut in any way: parts joined again, parts of joined values, or parts cut
 * by one Split.
 */
import type { Facts } from '../../src/infer/index.js';
import { addDims, type Dim, equalDims } from '../../src/ir/dims/dims.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { movementOf } from '../../src/ops/moved.js';
import { isAlong, runsAlong } from '../../src/ops/movement.js';
import { everywhere, setInputs } from './rules.js';
import { int64s } from './small.js';

interface AxisPart {
  readonly source: Value;
  readonly axis: number;
  readonly start: Dim;
  readonly size: Dim;
}

/** The part of its source that a value is, where it is cut along one axis. */
function partOf(value: Value | undefined, facts: Facts): AxisPart | undefined {
  const movement = movementOf(value, facts);
  const [before, after] = [movement?.kind === 'placed' ? movement.source.shape : undefined, value?.shape];
  if (movement?.kind !== 'placed' || movement.outside !== undefined || before?.length !== after?.length)
    return undefined;
  const { source, places } = movement;
  const isWhole = (axis: number): boolean => equalDims(before?.[axis] as Dim, after?.[axis] as Dim);
  const [axis, ...others] = places.flatMap((place, at) => (isAlong(place, at) && isWhole(at) ? [] : [at]));
  const place = axis === undefined ? undefined : places[axis];
  if (axis === undefined || !place || others.length > 0 || !runsAlong(place, axis)) return undefined;
  return { source, axis, start: place.start, size: after?.[axis] as Dim };
}

/** The number of these values, from the first on, that form one whole in order; 0 for none. */
function wholeOf(
  values: readonly Value[],
  axis: number,
  facts: Facts,
): readonly [whole: Value, count: number] | undefined {
  let end: Dim = 0;
  let whole: Value | undefined;
  for (const [at, value] of values.entries()) {
    const part = partOf(value, facts);
    whole ??= part?.source;
    if (!part || !whole || part.source !== whole || part.axis !== axis || !equalDims(part.start, end)) return undefined;
    end = addDims(end, part.size);
    if (equalDims(end, whole.shape?.[axis] as Dim)) return [whole, at + 1];
  }
  return undefined;
}

/** Concat(…, parts of x, …) ⟶ Concat(…, x, …) */
function rejoin(concat: Node, facts: Facts): void {
  const movement = movementOf(concat.outputs[0], facts);
  if (movement?.kind !== 'joined') return;
  const { sources, axis } = movement;
  const inputs: Value[] = [];
  for (let at = 0; at < sources.length; ) {
    const [whole, count] = wholeOf(sources.slice(at), axis, facts) ?? [sources[at] as Value, 1];
    inputs.push(whole);
    at += count;
  }
  setInputs(concat, inputs);
}

/** A part of Concat(…, a, …) that is a ⟶ a */
function recut(value: Value, facts: Facts): void {
  const part = partOf(value, facts);
  const joined = movementOf(part?.source, facts);
  if (!part || joined?.kind !== 'joined' || joined.axis !== part.axis) return;
  let start: Dim = 0;
  for (const source of joined.sources) {
    const size = source.shape?.[part.axis];
    if (size === undefined) return;
    if (equalDims(start, part.start) && equalDims(size, part.size)) {
      value.graph.replaceUses(value, source);
      return;
    }
    start = addDims(start, size);
  }
}

/** Does so in every scope. */
export const rejoinParts = everywhere((node, facts) => {
  if (node.is('Concat')) rejoin(node, facts);
  else if (node.inputs[0]?.producer?.is('Concat'))
    for (const value of node.outputs) if (value?.uses.size) recut(value, facts);
});

/** Slices that are all of x, side by side ⟶ one Split */
function splitWhole(x: Value, facts: Facts): void {
  const { graph } = x;
  const cuts = x.users.flatMap((node) => {
    if (!node.is('Slice') || node.graph !== graph || node.inputs[0] !== x || (node.opset ?? 0) < 13) return [];
    const { axis, start, size } = partOf(node.outputs[0], facts) ?? {};
    const isCut = axis !== undefined && typeof start === 'number' && typeof size === 'number' && size > 0;
    return isCut ? [{ node, axis, start, end: start + size }] : [];
  });
  for (const axis of new Set(cuts.map((cut) => cut.axis))) {
    const along = cuts.filter((cut) => cut.axis === axis).sort((a, b) => a.start - b.start);
    const isSideBySide = along.every(({ start }, at) => start === (along[at - 1]?.end ?? 0));
    if (along.length < 2 || !isSideBySide || along.at(-1)?.end !== x.shape?.[axis]) continue;
    const sizes = graph.constant(int64s(along.map(({ start, end }) => BigInt(end - start))));
    const split = graph.add('Split', [x, sizes], {
      name: along[0]?.node.name,
      attributes: { axis },
      outputs: along.map(({ node }) => node.output.name),
    });
    along.forEach(({ node }, index) => {
      const output = split.outputs[index] as Value;
      output.type = node.output.type;
      graph.replaceUses(node.output, output);
    });
    return;
  }
}

/** Does so in every scope. */
export function joinSlices(model: Model, facts: Facts): void {
  for (const graph of model.graphs())
    for (const value of [...graph.values()])
      if (value.uses.size > 1 && value.elem !== 'string') splitWhole(value, facts);
}
