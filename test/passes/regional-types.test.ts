import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { tensorType, typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { writeModel } from '../../src/onnx/write.js';
import { parsePasses } from '../../src/run/parse.js';
import { builtIn } from '../../src/settings/plugins.js';
import { applyPasses, compareTensors, opCounts, randomFeeds, randomWeights } from '../check-pass.js';
import { runModel } from '../run-model.js';

const WIDTH = 8;

/** Layers in a row: each reads the output of the one before. */
const chain = (rows: number | string, layers: number, layer: (g: GraphBuilder, x: Value, i: number) => Value): Model =>
  buildModel({ '': 17 }, (g) => {
    let x = g.input('x', 'float32', [rows, WIDTH]);
    for (let i = 0; i < layers; i++) x = layer(g, x, i);
    g.output('y', x);
  });

const linear = (g: GraphBuilder, x: Value, i: number): Value =>
  g.op('Relu', [g.op('MatMul', [x, g.constant(randomWeights([WIDTH, WIDTH], 0.3, i), `weight.${i}`)])]);

/** Shapes that only types tell from those of the layer before: short models must not be typed alone. */
const models: Record<string, () => Model> = {
  'rows that double': () => chain(2, 8, (g, x, i) => g.op('Concat', [x, linear(g, x, i)], { axis: 0 })),
  'a token more in each layer': () =>
    chain('rows', 8, (g, x, i) =>
      g.op('Concat', [linear(g, x, i), g.constant(randomWeights([1, WIDTH], 1, i), `token.${i}`)], { axis: 0 }),
    ),
  'a count that cuts rows off at last': () => {
    let count: Value | undefined;
    return chain(3, 12, (g, x, i) => {
      count = count ? g.op('Sub', [count, g.ints(1)]) : g.ints(11);
      return g.op('Slice', [linear(g, x, i), g.ints(0), count, g.ints(0)]);
    });
  },
};

describe('repeats that are compiled once', () => {
  it.each(Object.entries(models))('knows the types of all layers: %s', async (_, build) => {
    const before = build();
    const results = await Promise.all(
      [false, true].map((regional) => applyPasses(parsePasses('simplify', builtIn), before, 'cpu', regional)),
    );
    const typesOf = ({ graph }: Model) =>
      new Map([...graph.values()].filter(({ producer }) => producer).map(({ name, type }) => [name, typeText(type)]));
    const [a, b] = results.map(({ model }) => model) as [Model, Model];
    expect(typesOf(b)).toEqual(typesOf(a));
    expect(opCounts(b)).toEqual(opCounts(a));
    const feeds = randomFeeds(before, { rows: 3 });
    compareTensors(await runModel(await writeModel(b), feeds), await runModel(await writeModel(a), feeds), 0);
  });

  it('warns of every layer whose declared types are refuted, and of every operator that is given what it cannot take', async () => {
    const wrong = chain('rows', 9, (g, x, i) => {
      const y = linear(g, x, i);
      y.name = `relu.${i}`;
      y.type = tensorType('float32', [4, WIDTH + 1]);
      y.declared = y.type;
      const mask = g.op('BitShift', [y, y], { direction: 'LEFT' }, { name: `shift.${i}` });
      return g.op('Add', [y, mask], {}, { name: `add.${i}` });
    });
    const [whole, once] = await Promise.all(
      [false, true].map((regional) => applyPasses(parsePasses('simplify', builtIn), wrong, 'cpu', regional)),
    );
    const texts = (result: typeof whole) => result?.warnings.map(({ text, at }) => `${at}: ${text}`).sort();
    expect(texts(once)).toEqual(texts(whole));
    expect(texts(once)?.filter((text) => text.startsWith('relu.'))).toHaveLength(9);
    expect(once?.repeats[0]?.once).toBeGreaterThan(1);
  });
});
