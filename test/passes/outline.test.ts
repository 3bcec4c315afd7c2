import { describe, expect, it } from 'vitest';
import { decoder } from '../../fixtures/decoder.js';
import { encoder } from '../../fixtures/encoder.js';
import { inline } from '../../passes/inline.js';
import { outline } from '../../passes/outline.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { storedTensors } from '../../src/ir/tensors/constants.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { parsePasses } from '../../src/run/parse.js';
import { builtIn } from '../../src/settings/plugins.js';
import { applyPasses, checkMiss, checkPass, opCounts, randomWeights } from '../check-pass.js';

const sizes = { hidden: 32, heads: 2, intermediate: 48, vocabulary: 50, seed: 0 };
const dims = { batch: 2, sequence: 5, past_sequence: 3, total_sequence: 8 };
const models = {
  encoder: (layers: number) => encoder({ ...sizes, layers, positions: 32 }),
  decoder: (layers: number) => decoder({ ...sizes, layers, kvHeads: 1 }),
};
const kinds = Object.keys(models) as (keyof typeof models)[];

/** Bytes of a file besides its weights. */
async function graphBytes(model: Model): Promise<number> {
  let weights = 0;
  for (const graph of model.graphs()) for (const { byteLength } of storedTensors(graph)) weights += byteLength;
  return (await writeModel(model)).length - weights;
}

/** The names of nodes and matrices. */
const namesOf = ({ graph }: Model): string[] => {
  const matrices = [...graph.constants].filter(({ shape }) => shape?.length === 2);
  return [...graph.nodeSet, ...matrices].map(({ name }) => name).sort();
};

describe('outline', () => {
  it.each(kinds)(
    'makes functions of the layers of a %s that compute the same, and inline puts them back',
    async (kind) => {
      const before = models[kind](6);
      const { model, result } = await checkPass(outline(), { before, dims, within: 0 });
      expect(result.notes[0]?.text).toMatch(/6 × \w+ layer \(\d+ nodes\): calls of \w+_layer/);
      expect(model.functions.length).toBeGreaterThan(0);
      const back = await applyPasses([inline()], model);
      expect(opCounts(back.model)).toEqual(opCounts(before));
      expect(namesOf(back.model)).toEqual(namesOf(before));
    },
  );

  it.each(kinds)('shrinks the graph of a %s of 24 layers at least threefold', async (kind) => {
    const flat = await applyPasses(parsePasses('simplify', builtIn), models[kind](24), 'cpu', true);
    const kept = await applyPasses([outline()], flat.model);
    expect((await graphBytes(flat.model)) / (await graphBytes(kept.model))).toBeGreaterThan(3);
  });

  it.each(['simplify,fuse', 'simplify,fuse,int8', 'half'])(
    'is one function for all twelve layers, and nothing of them is left outside: %s',
    async (passes) => {
      const flat = await applyPasses(parsePasses(passes, builtIn), models.encoder(12));
      const { model, result } = await checkPass(outline(), { before: flat.model, dims, within: 0 });
      expect(result.notes.map(({ text }) => text)).toEqual([
        expect.stringMatching(/^12 × encoder layer \(\d+ nodes\): calls of encoder_layer$/),
      ]);
      expect(opCounts((await applyPasses([inline()], model)).model)).toEqual(opCounts(flat.model));
    },
  );

  it('comes after the repeats that were left out are stamped', async () => {
    const { model } = await applyPasses(
      [...parsePasses('quarter', builtIn), outline()],
      models.encoder(7),
      'cpu',
      true,
    );
    const calls = model.graph.nodes().filter((node) => model.functionOf(node));
    expect(calls.length % 7).toBe(0);
    const whole = await applyPasses(parsePasses('quarter', builtIn), models.encoder(7));
    expect(opCounts((await applyPasses([inline()], model)).model)).toEqual(opCounts(whole.model));
  });

  it.each([
    ['SimplifiedLayerNormalization', 17],
    ['LayerNormalization', 11],
  ] as const)('states stash_type of %s at opset %d: the runtime crashes on a function without', async (norm, opset) => {
    const before = buildModel({ '': opset }, (g) => {
      let x = g.input('x', 'float32', ['n', 16]);
      for (let i = 0; i < 4; i++) {
        const normed = g.op(norm, [x, g.constant(randomWeights([16], 1, i))]);
        x = g.op('Relu', [g.op('MatMul', [normed, g.constant(randomWeights([16, 16], 0.2, i))])]);
      }
      g.output('y', x, 'float32', ['n', 16]);
    });
    const { model } = await checkPass(outline(), { before, within: 0 });
    expect(model.functions[0]?.graph.nodes()[0]?.int('stash_type')).toBe(1);
    await checkPass(inline(), { before: model, ops: { [norm]: 4, MatMul: 4, Relu: 4 }, within: 0 });
  });

  it('is what keepFunctions asks for', async () => {
    const { model, report } = await optimize(models.encoder(6), 'simplify', { keepFunctions: true, regional: true });
    expect(model.functions.length).toBeGreaterThan(0);
    expect(report.passes.at(-1)?.name).toBe('outline');
    expect(report.gates).toEqual([expect.objectContaining({ name: 'accuracy', passed: true })]);
  });

  it('hands in a weight that all repeats share, and writes a small constant into the function', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const weight = g.constant(randomWeights([16, 16], 0.2), 'tied');
      let x = g.input('x', 'float32', ['n', 16]);
      for (let i = 0; i < 4; i++)
        x = g.op('Tanh', [g.op('Add', [g.op('MatMul', [x, weight]), g.constant('float32', 0.5)])]);
      g.output('y', x, 'float32', ['n', 16]);
    });
    const { model } = await checkPass(outline(), { before, within: 0 });
    expect(model.graph.constants.size).toBe(1);
    expect([...(model.functions[0]?.graph.constants ?? [])].map(({ tensor }) => tensor?.shape)).toEqual([[]]);
  });

  it('names what it makes as the repeats do', async () => {
    const { model } = await applyPasses(parsePasses('simplify,fuse,outline', builtIn), models.encoder(6));
    expect(model.functions[0]?.graph.inputs.slice(0, 3).map(({ name }) => name)).toEqual([
      'x',
      'attention.self.query.weight',
      'attention.self.query.bias',
    ]);
    expect(model.functions[0]?.graph.nodes()[0]?.name).toBe('attention/self/query/MatMul');
    const calls = model.graph.nodes().filter((node) => model.functionOf(node));
    expect(calls.map(({ name, output }) => name || output.name)).toEqual(
      Array.from({ length: 6 }, (_, i) => `/encoder/layer.${i}`),
    );
  });

  it('makes none of what is one call already', async () => {
    const before = buildModel({ '': 17, local: 1 }, (g) => {
      let x = g.input('x', 'float32', ['n', 4]);
      for (let i = 0; i < 6; i++)
        x = g.op('Layer', [x, g.constant(randomWeights([4, 4], 0.5, i))], undefined, { domain: 'local' });
      g.output('y', x, 'float32', ['n', 4]);
    });
    const graph = new Graph(before, 'Layer', new Map([['', 17]]));
    const [x, w] = [graph.input('x'), graph.input('w')];
    const g = new GraphBuilder(graph);
    g.output('y', g.op('Tanh', [g.op('MatMul', [x, w])]));
    const rest = { overload: '', attributes: [], defaults: new Map(), docString: '' };
    before.functions.push({ domain: 'local', name: 'Layer', graph, ...rest });
    await checkMiss(outline(), { before, reason: 'one call already' });
  });

  it('makes none where initializers are inputs', async () => {
    const before = models.encoder(3);
    before.irVersion = 3;
    await checkMiss(outline(), { before, reason: 'IR version 3' });
  });
});
