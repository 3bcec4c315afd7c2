/** Builds chains of layers by hand, and compares repeats that are compiled once with the model compiled whole. */
import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import type { Target } from '../../src/ir/targets/targets.js';
import type { Value } from '../../src/ir/value.js';
import { writeModel } from '../../src/onnx/write.js';
import type { Repeat } from '../../src/region/shortened.js';
import { parsePasses } from '../../src/run/parse.js';
import { builtIn } from '../../src/settings/plugins.js';
import { applyPasses, randomWeights } from '../check-pass.js';
import { contents, hashOf, reported } from './contents.js';

export const WIDTH = 8;

/** Builds a layer on the output of the one before; `layer` counts from 0. */
export type Layer = (g: GraphBuilder, x: Value, at: number) => Value;

/** Builds layers of [batch, sequence, 8] in a row, between an embedding and a head. */
export function chain(layer: Layer, count = 9): Model {
  return buildModel({ '': 17 }, (g) => {
    let x = g.op('Tanh', [g.input('x', 'float32', ['batch', 'sequence', WIDTH])], {}, { name: 'embed' });
    for (let at = 0; at < count; at++) x = layer(g, x, at);
    g.output('y', g.op('Sigmoid', [x]));
  });
}

/** Builds x + tanh(x W + b) V; a given value takes the place of a weight. */
export const block = (
  g: GraphBuilder,
  x: Value,
  at: number,
  own: Partial<Record<'w' | 'b' | 'v', Value>> = {},
): Value => {
  const name = (part: string) => ({ name: `layer.${at}.${part}` });
  const w = own.w ?? weight(g, `layer.${at}.w`);
  const b = own.b ?? weight(g, `layer.${at}.b`, WIDTH);
  const v = own.v ?? weight(g, `layer.${at}.v`);
  const hidden = g.op('Add', [g.op('MatMul', [x, w], {}, name('in')), b], {}, name('bias'));
  const out = g.op('MatMul', [g.op('Tanh', [hidden], {}, name('act')), v], {}, name('out'));
  return g.op('Add', [x, out], {}, name('add'));
};

/** Remembers a constant or value, so that it is made once for a graph. */
export function once(make: (g: GraphBuilder, x: Value) => Value): (g: GraphBuilder, x: Value) => Value {
  const known = new Map<GraphBuilder, Value>();
  return (g, x) => {
    const value = known.get(g) ?? make(g, x);
    known.set(g, value);
    return value;
  };
}

export const attention = (g: GraphBuilder, x: Value, at: number, mask?: Value): Value => {
  const [q, k, v] = ['q', 'k', 'v'].map((part) =>
    g.op('MatMul', [x, weight(g, `layer.${at}.${part}`)], {}, { name: `layer.${at}.${part}` }),
  ) as [Value, Value, Value];
  const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 2, 1] })]);
  const scaled = g.op('Mul', [scores, g.constant('float32', 0.5)]);
  const masked = mask ? g.op('Add', [scaled, mask]) : scaled;
  const context = g.op('MatMul', [g.op('Softmax', [masked], { axis: -1 }), v]);
  return g.op('Add', [x, context]);
};

/** Gives a weight for a name: the same at each call. */
export const weight = (g: GraphBuilder, name: string, ...shape: number[]): Value =>
  g.constant(
    randomWeights(shape.length > 0 ? shape : [WIDTH, WIDTH], 0.3, Buffer.from(hashOf(name)).readUInt32LE()),
    name,
  );

export interface Compiled {
  readonly once: Model;
  readonly repeats: readonly Repeat[];
}

/** Compiles by default and with `regional: false`, and demands the same report, the same nodes over the same weights, and the same file, byte for byte. */
export async function compiledAlike(
  before: Model,
  list: string,
  target: Target = 'cpu',
  called = '',
): Promise<Compiled> {
  const whole = await applyPasses(parsePasses(list || 'inline', builtIn), before, target, false);
  const once = await applyPasses(parsePasses(list || 'inline', builtIn), before, target, true);
  expect(contents(once.model), called).toEqual(contents(whole.model));
  expect(reported(once.passes), called).toEqual(reported(whole.passes));
  const [a, b] = [await writeModel(once.model), await writeModel(whole.model)];
  expect(Buffer.compare(a, b), `${called}: the bytes of the file`).toBe(0);
  return { once: once.model, repeats: once.repeats };
}

/** `half` begins with what `exact` does. */
const lists = ['', 'simplify', 'half', 'quarter', 'fp16'];

/** `apart`: the reasons of chains whose repeats are compiled one by one; few lists show it, as one way of compiling is then all that there is. */
export function checkChains(
  title: string,
  cases: Readonly<Record<string, () => Model>>,
  apart: Readonly<Record<string, string>>,
): void {
  const all = Object.entries(cases).flatMap(([name, build]) => {
    const own = apart[name] === undefined ? lists : ['simplify', 'quarter'];
    return own.map((list) => [name, list, build] as const);
  });
  describe(`compiled once as whole: ${title}`, () => {
    it.each(all)('%s: %s', async (name, list, build) => {
      const { repeats } = await compiledAlike(build(), list);
      if (list !== 'simplify') return;
      const reason = apart[name];
      if (reason === undefined) expect(repeats.some(({ once }) => once > 0)).toBe(true);
      else expect(repeats.map((one) => one.reason).join()).toContain(reason);
    });
  });
}
