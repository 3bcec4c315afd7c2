/** Calls hand weights to a function: passes that derive weights compile the function once, as if it held them. */
import { expect, it } from 'vitest';
import { bf16 } from '../../passes/bf16.js';
import { fp16 } from '../../passes/fp16.js';
import { inline } from '../../passes/inline.js';
import { int8 } from '../../passes/int8.js';
import { type Attribute, float } from '../../src/ir/attribute.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { memoryTensor } from '../../src/ir/tensors/tensor.js';
import type { Value } from '../../src/ir/value.js';
import type { Pass } from '../../src/run/pass.js';
import { applyPasses, checkPass, opCounts, randomWeights } from '../check-pass.js';

const local = { domain: 'local' };
/** Tolerances: 8 bits in weights and activations, of two products in a row; the digits of narrow floats. */
const EIGHT_BITS = 0.1;
const NARROW = 0.02;
const D = 32;

/** Adds a function of the domain `local`. */
function define(
  model: Model,
  name: string,
  inputs: readonly string[],
  body: (g: GraphBuilder, inputs: readonly Value[]) => Value,
  defaults: readonly (readonly [string, Attribute])[] = [],
): void {
  const graph = new Graph(model, name, new Map(model.opsets));
  for (const input of inputs) graph.input(input);
  graph.output('y', body(new GraphBuilder(graph), graph.inputs));
  const rest = { domain: 'local', overload: '', attributes: [], docString: '' };
  model.functions.push({ ...rest, name, graph, defaults: new Map(defaults) });
}

const weight = (g: GraphBuilder, i: number) => g.constant(randomWeights([D, D], 0.3, i + 1), `layer.${i}.weight`);
const bias = (g: GraphBuilder, i: number) => g.constant(randomWeights([D], 0.3, i + 50), `layer.${i}.bias`);

/** Defines LeakyRelu(x·W + b) with the caller's slope, directly or in an If in the body. */
function layers(count: number, weightOf = weight): Model {
  const model = buildModel({ '': 17, local: 1 }, (g) => {
    let x = g.input('x', 'float32', ['n', D]);
    for (let i = 0; i < count; i++)
      x = g.op('Layer', [x, weightOf(g, i), bias(g, i)], i % 2 ? { slope: float(0.5) } : {}, local);
    g.output('y', x, 'float32', ['n', D]);
  });
  define(
    model,
    'Layer',
    ['x', 'w', 'b'],
    (g, [x, w, b]) => {
      const sum = g.op('Add', [g.op('MatMul', [x, w]), b]);
      const isLow = g.op('Less', [g.op('ReduceSum', [sum], { keepdims: 0 }), g.constant('float32', 0)]);
      const branch = (name: string, op: string) =>
        g.body(name, (inner) => inner.output(`${name}_y`, inner.op(op, [sum])));
      const chosen = g.op('If', [isLow], {
        then_branch: branch('low', 'Neg'),
        else_branch: branch('high', 'Identity'),
      });
      return g.op('LeakyRelu', [chosen], { alpha: { type: 'ref', name: 'slope', of: 'float' } });
    },
    [['slope', float(0.1)]],
  );
  return model;
}

/** Defines Outer, which hands its weights to Inner in two calls. */
function nested(): Model {
  const model = buildModel({ '': 17, local: 1 }, (g) => {
    let x = g.input('x', 'float32', ['n', D]);
    for (let i = 0; i < 3; i++) x = g.op('Outer', [x, weight(g, 2 * i), weight(g, 2 * i + 1)], undefined, local);
    g.output('y', g.op('Inner', [x, weight(g, 6)], undefined, local), 'float32', ['n', D]);
  });
  define(model, 'Inner', ['x', 'w'], (g, [x, w]) => g.op('Tanh', [g.op('MatMul', [x, w])]));
  define(model, 'Outer', ['x', 'v', 'w'], (g, [x, v, w]) =>
    g.op('Inner', [g.op('Inner', [x, v], undefined, local), w], undefined, local),
  );
  return model;
}

const passes: readonly [string, Pass, number][] = [
  ['int8', int8(), EIGHT_BITS],
  ['bf16', bf16({ minElements: 64 }), NARROW],
];

const inMain = ({ graph }: Model) => [...graph.constants].map(({ name, elem }) => `${name} ${elem}`);

it.each(passes)(
  '%s works once in a function that is called with weights of its own each time',
  async (_, pass, within) => {
    const { model } = await checkPass(pass, { before: layers(5), within });
    const first = await applyPasses([inline(), pass], layers(5));
    const then = await applyPasses([inline()], model);
    expect(opCounts(then.model)).toEqual(opCounts(first.model));
    expect(model.functions[0]?.graph.inputs.map(({ name }) => name)).toContain('b');
    expect(inMain(model).filter((text) => text.endsWith('weight float32'))).toEqual([]);
  },
);

it.each(passes)('%s reaches functions that functions call', async (_, pass, within) => {
  const { model } = await checkPass(pass, { before: nested(), within });
  const first = await applyPasses([inline(), pass], nested());
  expect(opCounts((await applyPasses([inline()], model)).model)).toEqual(opCounts(first.model));
});

it('names what calls hand in after the weights, and hands in one for all where they share one', async () => {
  const shared = layers(4);
  const own = await applyPasses([int8()], shared);
  expect(inMain(own.model).slice(-4)).toEqual(['0', '1', '2', '3'].map((i) => `layer.${i}.weight_scale float32`));
  const tied = new WeakMap<GraphBuilder, Value>();
  const before = layers(4, (g) => {
    const known = tied.get(g) ?? weight(g, 0);
    tied.set(g, known);
    return known;
  });
  const { model } = await checkPass(int8(), { before, within: EIGHT_BITS });
  expect(inMain(model).filter((text) => !text.includes('bias'))).toEqual([
    'layer.0.weight_int8 int8',
    'layer.0.weight_scale float32',
  ]);
});

it('leaves a weight to the caller where the calls disagree about it', async () => {
  const outlier = new Float32Array(D * D).fill(Number.NaN);
  const before = layers(4, (g, i) =>
    i === 2 ? g.constant(memoryTensor('float32', [D, D], new Uint8Array(outlier.buffer)), 'odd') : weight(g, i),
  );
  const { model, passes } = await applyPasses([int8()], before);
  expect(passes[0]?.status).toBe('unchanged');
  expect(passes[0]?.skips).toContainEqual({
    reason: 'its weight comes in through an input of the graph, body or function',
    count: 1,
    places: ['MatMul in function Layer'],
  });
  expect(inMain(model)).toEqual(inMain(before));
});

it('fp16 stores what is handed in as float16, and the ports stay float32', async () => {
  const { model } = await checkPass(fp16({ compute: true }), { before: layers(3), within: NARROW });
  expect(inMain(model).filter((text) => text.includes('weight'))).toEqual(
    ['0', '1', '2'].map((i) => `layer.${i}.weight float16`),
  );
});
