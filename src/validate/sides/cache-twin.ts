/**
 * Gives a decoder whose cache grows the ports of one whose cache has a fixed length: the part of each buffer that is filled goes in, and comes out
 * with the rest of the buffer behind it.
 */

import { type Cache, noteCache, notedCache } from '../../contract/cache.js';
import { inferTypes } from '../../infer/index.js';
import { GraphBuilder } from '../../ir/build.js';
import type { Model } from '../../ir/model.js';
import { type DataType, tensorType } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';

/** Undefined where the result's cache is the original's. */
export function cacheTwinOf(original: Model, result: Model): Model | undefined {
  const cache = notedCache(result);
  if (!cache || notedCache(original)) return undefined;
  const twin = cloneModel(original);
  inferTypes(twin);
  const { graph } = twin;
  const g = new GraphBuilder(graph);
  /** A port of the result's sizes, in the original's type. */
  const portOf = (name: string, elem: DataType): Value => {
    const { shape } = result.graph.inputs.find((input) => input.name === name) as Value;
    return graph.input(name, tensorType(elem, shape));
  };
  const position = portOf(cache.position, 'int64');
  const end = g.op('Add', [position, addedIn(g, cache)]);
  /** A part along an axis. */
  const part = (value: Value, axis: number, from: Value, to: Value): Value =>
    g.op('Slice', [value, from, to, g.ints(axis)]);
  const [start, length] = [g.ints(0), g.ints(cache.length)];
  const fed = new Map<Value, Value>();
  for (const { input, axis, to } of [
    ...cache.buffers.map((buffer) => ({ ...buffer, to: position })),
    ...cache.masks.map((mask) => ({ ...mask, to: end })),
  ]) {
    const old = graph.inputs.find(({ name }) => name === input);
    if (!old) return undefined;
    const port = portOf(input, old.elem ?? 'float32');
    graph.replaceUses(old, part(port, axis, start, to));
    fed.set(old, port);
  }
  graph.setInputs([
    ...graph.inputs.flatMap((input) => ([...fed.values(), position].includes(input) ? [] : (fed.get(input) ?? input))),
    position,
  ]);
  for (const { input, output, axis } of cache.buffers) {
    const index = graph.outputPorts.findIndex(({ name }) => name === output);
    const port = graph.inputs.find(({ name }) => name === input);
    if (index < 0 || !port) return undefined;
    const whole = g.op('Concat', [graph.outputs[index], part(port, axis, end, length)], { axis });
    graph.output(output, whole, port.type);
  }
  noteCache(twin, cache);
  return twin;
}

function addedIn(g: GraphBuilder, { added }: Cache): Value {
  if (typeof added === 'number') return g.ints(added);
  const input = g.graph.inputs.find(({ name }) => name === added.input);
  return g.op('Gather', [g.op('Shape', [input]), g.ints(added.axis)], { axis: 0 });
}
