import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decoder } from '../../fixtures/decoder.js';
import { encoder } from '../../fixtures/encoder.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import type { Target } from '../../src/ir/targets/targets.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { writeModel } from '../../src/onnx/write.js';
import { parsePasses } from '../../src/run/parse.js';
import { definePass, type Pass } from '../../src/run/pass.js';
import { builtIn } from '../../src/settings/plugins.js';
import { applyPasses, compareTensors, opCounts, randomFeeds, randomWeights } from '../check-pass.js';
import { runModel } from '../run-model.js';

const sizes = { hidden: 32, heads: 2, intermediate: 48, vocabulary: 50, seed: 0 };
const models = {
  encoder: (layers: number) => encoder({ ...sizes, layers, positions: 32, norm: 'decomposed' }),
  // Each layer has inputs and outputs of its own: its cache.
  decoder: (layers: number) => decoder({ ...sizes, layers, kvHeads: 1 }),
};
const dims = { batch: 2, sequence: 5, past_sequence: 3, total_sequence: 8 };

const passesOf = (list: string): Pass[] => parsePasses(list, builtIn);

/** Compiles with and without `regional` and demands the same nodes, interface and numbers. */
async function compileBothWays(before: Model, list: string, target: Target = 'cpu') {
  const whole = await applyPasses(passesOf(list || 'inline'), before, target, false);
  const once = await applyPasses(passesOf(list || 'inline'), before, target, true);
  expect(opCounts(once.model)).toEqual(opCounts(whole.model));
  const ports = ({ graph }: Model) => [graph.inputs, graph.outputPorts].map((list) => list.map(({ name }) => name));
  expect(ports(once.model)).toEqual(ports(whole.model));
  expect(once.after.bytes).toBe(whole.after.bytes);
  if (target === 'cpu') {
    const feeds = randomFeeds(before, dims);
    const [a, b] = [await writeModel(once.model), await writeModel(whole.model)];
    compareTensors(await runModel(a, feeds), await runModel(b, feeds), 0);
  }
  return { whole, once };
}

const byPlace = (a: { at: string }, b: { at: string }): number => (a.at < b.at ? -1 : 1);

describe('regional', () => {
  // test/region/precision.test.ts holds the files of other lists against each other, byte for byte.
  const lists = ['', 'half', 'exact,int8'];

  const compiled = new Map<string, ReturnType<typeof compileBothWays>>();
  /** Seven layers, compiled in both ways once for all cases that read the result. */
  const both = (kind: keyof typeof models, list: string): ReturnType<typeof compileBothWays> => {
    const key = `${kind} ${list}`;
    const found = compiled.get(key) ?? compileBothWays(models[kind](7), list);
    compiled.set(key, found);
    return found;
  };
  const kinds = Object.keys(models) as (keyof typeof models)[];

  it.each(lists.flatMap((list) => kinds.map((kind) => [kind, list] as const)))(
    'gives of a %s what compiling all of it gives: %s',
    async (kind, list) => {
      const { once } = await both(kind, list);
      expect(once.repeats).toMatchObject([{ count: 7, once: 2, block: expect.stringMatching(/^\w+ layer$/) }]);
    },
  );

  it.each([
    ['cuda', 'encoder', 'half'],
    ['webgpu', 'decoder', 'quarter,fp16'],
  ] as const)('does so on %s', async (target, kind, list) => {
    await compileBothWays(models[kind](7), list, target);
  });

  it('counts in every pass the nodes and bytes of all repeats', async () => {
    const { whole, once } = await both('encoder', 'exact,int8');
    const counted = once.passes.map(({ name, ops, nodes, bytes }) => ({ name, ops, nodes, bytes }));
    expect(counted).toEqual(whole.passes.map(({ name, ops, nodes, bytes }) => ({ name, ops, nodes, bytes })));
  });

  it.each(kinds.flatMap((kind) => ['exact,int8', 'half'].map((list) => [kind, list] as const)))(
    'says of every repeat what became of it: %s, %s',
    async (kind, list) => {
      const { whole, once } = await both(kind, list);
      const said = (results: typeof whole.passes) =>
        results.map(({ name, notes, skips, sites }) => ({
          name,
          notes: notes.map(({ text }) => text),
          skips: skips.map(({ reason, count, places }) => ({ reason, count, places: [...places].sort() })),
          sites: sites?.map(({ at, kind, fused, reason }) => ({ at, kind, fused, reason })).sort(byPlace),
        }));
      expect(said(once.passes)).toEqual(said(whole.passes));
    },
  );

  it('names what it stamps out as the repeats were named', async () => {
    const { once, whole } = await both('encoder', 'exact,int8');
    const names = (model: Model) =>
      model.graph
        .nodes()
        .map((node) => node.name)
        .sort();
    expect(names(once.model)).toEqual(names(whole.model));
  });

  it.each(['', 'simplify', 'int8', 'half'])('keeps weights shared that all repeats share: %s', async (list) => {
    const tied = buildModel({ '': 17 }, (g) => {
      const weight = g.constant(randomWeights([32, 32], 0.2), 'weight');
      const [scale, bias] = [g.constant(randomWeights([32]), 'scale'), g.constant(randomWeights([32], 1, 5), 'bias')];
      let x = g.input('x', 'float32', ['batch', 'sequence', 32]);
      for (let i = 0; i < 7; i++) {
        const y = g.op('Tanh', [g.op('Add', [g.op('MatMul', [x, weight]), bias])]);
        x = g.op('LayerNormalization', [g.op('Add', [x, y]), scale, bias]);
      }
      g.output('y', x, 'float32', ['batch', 'sequence', 32]);
    });
    const { once } = await compileBothWays(tied, list);
    expect(once.repeats).toMatchObject([{ count: 7, once: 2 }]);
  });

  it('compiles a chain of four each by itself, and says so', async () => {
    const { repeats } = await applyPasses(passesOf('simplify'), models.encoder(4), 'cpu', true);
    expect(repeats).toMatchObject([{ count: 4, once: 0, reason: 'there are 4, and one stands for others from 5 on' }]);
  });

  it('is the way of deep models, and of no others unless it is asked for', async () => {
    const onceIn = async (layers: number, regional?: boolean) =>
      (await applyPasses(passesOf('simplify'), models.encoder(layers), 'cpu', regional)).repeats.map(
        ({ once }) => once,
      );
    expect(await onceIn(16)).toEqual([11]);
    expect(await onceIn(16, false)).toEqual([]);
    expect(await onceIn(7)).toEqual([]);
    expect(await onceIn(7, true)).toEqual([2]);
  });

  it('compiles apart what differs: a weight that is left in float in one layer', async () => {
    const before = models.encoder(12);
    const weight = [...before.graph.constants].find(({ name }) => name === 'encoder.layer.6.output.dense.weight');
    if (!weight?.tensor) throw new Error('no such weight');
    const numbers = numbersOf(weight.tensor).fill(1e-5);
    // One outlier in each column leaves nothing of the others.
    for (let column = 0; column < 32; column++) numbers[column] = 1e3;
    weight.tensor = tensorOf('float32', numbers, weight.tensor.shape);
    const { once, whole } = await compileBothWays(before, 'int8:max-weight-error=0.0000001');
    const skips = ({ passes }: typeof once) =>
      passes.at(-1)?.skips.map(({ reason, count, places }) => [reason, count, [...places].sort()]);
    expect(skips(once)).toEqual(skips(whole));
  });

  it('compiles all where a pass reads numbers that are not the same for all repeats', async () => {
    const nosy = definePass({
      name: 'nosy',
      summary: 'Scales by the first number of a weight.',
      fidelity: 'lossy',
      options: z.object({}),
      run(model) {
        for (const node of model.graph.nodes()) {
          const tensor = node.is('MatMul') ? constantTensor(node.inputs[1]) : undefined;
          if (tensor) node.name = `${node.name}_${numbersOf(tensor)[0]}`;
        }
      },
    });
    const before = models.encoder(7);
    const whole = await applyPasses([nosy()], before, 'cpu', false);
    const once = await applyPasses([nosy()], before, 'cpu', true);
    expect(printModel(once.model)).toBe(printModel(whole.model));
    expect(once.repeats[0]?.reason).toContain('nosy has each compiled by itself');
  });

  it('compiles all where a pass treats one repeat as no other', async () => {
    const picky = definePass({
      name: 'picky',
      summary: 'Changes the third layer.',
      fidelity: 'exact',
      options: z.object({}),
      run(model) {
        for (const node of model.graph.nodes())
          if (node.name.includes('layer.2/') && node.is('Erf')) {
            const neg = model.graph.add('Neg', [node.output]);
            for (const use of [...node.output.uses])
              if (use.node !== neg) model.graph.setInput(use.node, use.index, neg.output);
          }
      },
    });
    const before = models.encoder(7);
    const whole = await applyPasses([picky()], before, 'cpu', false);
    const once = await applyPasses([picky()], before, 'cpu', true);
    expect(once.repeats[0]?.reason).toContain('picky has each compiled by itself');
    expect(opCounts(once.model)).toEqual(opCounts(whole.model));
  });
});
