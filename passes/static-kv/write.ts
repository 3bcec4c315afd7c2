/** Caches as buffers that are written in place. */

import type { Cache as NotedCache } from '../../src/contract/cache.js';
import { GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { freeName } from '../../src/ir/text/free-name.js';
import { tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { GrowingCaches, OverTokens } from './caches.js';

/** The opset that TensorScatter comes with. */
const TENSOR_SCATTER = 24;

/** What the rest of the pass writes with: the position, the new tokens, the length of the buffers. */
export class StaticCache {
  readonly g: GraphBuilder;
  /** int64[1]: the number of tokens in the buffers. */
  readonly position: Value;
  readonly #sizes = new Map<Value, Map<number, Value>>();
  readonly #places = new Map<string, Value>();

  constructor(
    readonly model: Model,
    readonly found: GrowingCaches,
    readonly length: number,
  ) {
    this.g = new GraphBuilder(model.graph);
    const taken = new Set([...model.graph.values()].map(({ name }) => name));
    const name = freeName('cache_position', (one) => taken.has(one));
    this.position = model.graph.input(name, tensorType('int64', [1]));
  }

  /** int64[1]: the number of tokens that the run adds. */
  get added(): Value {
    const { added, caches } = this.found;
    const [first] = caches;
    return typeof added === 'number' || !first ? this.g.ints(added as number) : this.sizeOf(first.fresh, first.axis);
  }

  /** int64[1]: a size of a value. */
  sizeOf(value: Value, axis: number): Value {
    const dim = value.shape?.[axis];
    if (typeof dim === 'number') return this.g.ints(dim);
    const own = this.#sizes.get(value) ?? new Map<number, Value>();
    this.#sizes.set(value, own);
    const known = own.get(axis) ?? this.g.op('Gather', [this.g.op('Shape', [value]), this.g.ints(axis)], { axis: 0 });
    own.set(axis, known);
    return known;
  }

  /** int64[n]: 0, 1, … below a size. */
  range(size: Value): Value {
    const scalar = (value: Value): Value => this.g.squeeze(value, [0]);
    return this.g.op('Range', [this.g.constant('int64', 0), scalar(size), this.g.constant('int64', 1)]);
  }

  /** The buffer with new tokens from the position on. */
  written(buffer: Value, fresh: Value, axis: number): Value {
    const { g } = this;
    if ((this.model.graph.opsets.get('') ?? 0) >= TENSOR_SCATTER) {
      const rows = g.op('Expand', [this.position, this.sizeOf(fresh, 0)]);
      return g.op('TensorScatter', [buffer, fresh, rows], { axis });
    }
    return g.op('ScatterND', [buffer, this.#placesOf(fresh, axis), fresh]);
  }

  /** int64[…sizes up to the axis, axis + 1]: where each row of `fresh` goes. */
  #placesOf(fresh: Value, axis: number): Value {
    const { g } = this;
    const key = `${axis} ${(fresh.shape ?? []).slice(0, axis).join()}`;
    const known = this.#places.get(key);
    if (known) return known;
    const axes = Array.from({ length: axis + 1 }, (_, at) => at);
    const sizes = axes.map((at) => this.sizeOf(fresh, at));
    const all = g.op('Concat', [...sizes, g.ints(1)], { axis: 0 });
    const parts = axes.map((at) => {
      const steps = this.range(sizes[at] as Value);
      const own = at === axis ? g.op('Add', [steps, this.position]) : steps;
      const shape = g.ints(axes.map((other) => (other === at ? -1 : 1)).concat(1));
      return g.op('Expand', [g.op('Reshape', [own, shape]), all]);
    });
    const places = g.op('Concat', parts, { axis: -1 });
    this.#places.set(key, places);
    return places;
  }

  noted({ masks }: OverTokens): NotedCache {
    const { caches, added } = this.found;
    const of = this.model.graph.inputs.find(({ shape = [] }) => shape.some((dim) => String(dim) === String(added)));
    return {
      length: this.length,
      position: this.position.name,
      buffers: caches.map(({ past, axis, output }) => ({ input: past.name, output, axis })),
      masks: masks.map(({ input, axis }) => ({ input: input.name, axis })),
      added:
        typeof added === 'number' || !of
          ? Number(added)
          : { input: of.name, axis: (of.shape ?? []).findIndex((dim) => String(dim) === String(added)) },
    };
  }
}

/** Concat(past, new) ⟶ new written into the buffer, for every cache. */
export function writeInPlace(model: Model, found: GrowingCaches, length: number): StaticCache {
  const cache = new StaticCache(model, found, length);
  for (const { concat, past, fresh, axis } of found.caches) {
    const sizes = (past.shape ?? []).map((dim, at) => (at === axis ? length : dim));
    past.type = past.type?.kind === 'tensor' ? tensorType(past.type.elem, sizes) : past.type;
    const written = cache.written(past, fresh, axis);
    written.type = past.type;
    model.graph.replaceUses(concat.output, written);
  }
  return cache;
}
