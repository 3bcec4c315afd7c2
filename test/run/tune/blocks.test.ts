import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { writeModel } from '../../../src/onnx/write.js';
import { definePass, type Fidelity } from '../../../src/run/pass.js';
import type { RaceOutcome } from '../../../src/run/tune/trial.js';
import { compareTensors, randomFeeds } from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { always, counts, Judge, run, timed } from './judge.js';

/** Builds three repeats with a Relu, three with a Tanh, and a product behind them. */
const towers = () =>
  buildModel({ '': 17 }, (g) => {
    const weight = () =>
      g.constant(
        'float32',
        Array.from({ length: 16 }, (_, i) => Math.sin(i)),
        [4, 4],
      );
    let x = g.input('x', 'float32', ['n', 4]);
    for (const op of ['Relu', 'Relu', 'Relu', 'Tanh', 'Tanh', 'Tanh']) {
      const inner = g.op(op, [g.op('Add', [g.op('MatMul', [x, weight()]), g.constant('float32', [1, 2, 3, 4])])]);
      x = g.op('Add', [g.op(op === 'Relu' ? 'Abs' : 'Neg', [g.op('MatMul', [inner, weight()])]), x]);
    }
    g.output('y', g.op('Softmax', [g.op('MatMul', [x, weight()])]), 'float32', ['n', 4]);
  });

/** A pass that puts a number of identities behind each product. */
const behind = (times: number, others: readonly number[] = [], fidelity: Fidelity = 'exact') =>
  definePass({
    name: 'behind',
    summary: '',
    fidelity,
    needs: ['types'],
    options: z.object({ times: z.number() }),
    variants: () => others.map((one) => ({ times: one })),
    run(model, options, context) {
      for (const graph of model.graphs())
        for (const node of graph.nodes()) {
          if (!node.is('MatMul') || node.output.users.some((user) => user.is('Identity'))) continue;
          const reason = context.leaves(node);
          if (reason) context.skip(reason, node);
          else
            for (let i = 0; i < options.times; i++) {
              const identity = graph.add('Identity', [undefined]);
              graph.replaceUses(node.output, identity.output);
              graph.setInput(identity, 0, node.output);
            }
        }
    },
  })({ times });

describe('blocks of several kinds', () => {
  const isRelu = (model: Model) => counts(model, 'Relu') > 0;
  const identities = (model: Model) => counts(model, 'Identity');

  it('are decided each by itself, and what is in none as the pass decides', async () => {
    const judge = new Judge((without) => timed(isRelu(without) ? 0.5 : 2));
    const { model, passes } = await run(towers(), [behind(1)], judge);
    expect(identities(model)).toBe(3 * 2 + 1);
    for (const node of model.graph.nodes()) if (node.is('Relu')) expect(node.inputs[0]?.producer?.opType).toBe('Add');
    expect(passes[0]?.tuning?.map(({ instances, kept }) => [instances, kept])).toEqual([
      [3, false],
      [3, true],
    ]);
    expect(passes[0]?.skips).toMatchObject([{ count: 6 }]);
    expect(judge.races.map(([without, changed]) => identities(changed) - identities(without))).toEqual([2, 2]);
  });

  it('take the variants that are fastest on each', async () => {
    const judge = new Judge((without, changed) => timed(identities(changed) === (isRelu(without) ? 6 : 4) ? 3 : 2));
    const { model, passes } = await run(towers(), [behind(1, [2, 3])], judge);
    expect(identities(model)).toBe(3 * 2 * 3 + 3 * 2 * 2 + 1);
    const kept = passes[0]?.tuning?.filter((row) => row.kept);
    expect(kept?.map(({ variant }) => variant)).toEqual(['behind:times=3', 'behind:times=2']);
    expect(passes[0]?.skips).toEqual([]);
    const feeds = randomFeeds(model, { n: 3 });
    compareTensors(
      await runModel(await writeModel(model), feeds),
      await runModel(await writeModel(towers()), feeds),
      0,
    );
  });

  it('give a lossy pass no place where it is not faster', async () => {
    const same: RaceOutcome = { ...timed(1.001), significant: false } as RaceOutcome;
    const made = async (fidelity: Fidelity) =>
      identities((await run(towers(), [behind(1, [], fidelity)], new Judge(() => same))).model);
    expect(await made('exact')).toBe(13);
    // Nodes outside of blocks are left as well: the price would buy nothing.
    expect(await made('lossy')).toBe(0);
  });

  it('give a lossy pass what is in no block where one of them gains', async () => {
    const judge = new Judge((without) => timed(isRelu(without) ? 0.5 : 2));
    const { model, passes } = await run(towers(), [behind(1, [], 'lossy')], judge);
    expect(identities(model)).toBe(3 * 2 + 1);
    const slower = await run(towers(), [behind(1, [], 'lossy')], always(0.5));
    expect(identities(slower.model)).toBe(0);
    expect(slower.passes[0]?.skips.map(({ reason, count }) => [reason, count])).toContainEqual([
      'behind is left out of every block that was measured',
      1,
    ]);
    expect(passes[0]?.skips).toMatchObject([{ count: 6 }]);
  });

  it('are as the pass decides where nothing can be measured', async () => {
    const { model, passes } = await run(
      towers(),
      [behind(1, [], 'lossy')],
      new Judge(() => ({ kind: 'unknown', reason: 'no inputs' })),
    );
    expect(identities(model)).toBe(13);
    expect(passes[0]?.tuning?.every(({ kept, reason, speed }) => kept && reason === 'no inputs' && !speed)).toBe(true);
  });

  it('are functions too, and what calls them', async () => {
    const outlined = await run(towers(), 'outline', undefined);
    expect(outlined.model.functions).toHaveLength(2);
    const judge = new Judge((without) =>
      timed([...without.graphs()].some((g) => g.nodes().some((n) => n.is('Relu'))) ? 0.5 : 2),
    );
    const { model } = await run(outlined.model, [behind(1)], judge);
    const perFunction = model.functions.map(({ graph }) => graph.nodes().filter((node) => node.is('Identity')).length);
    expect(perFunction.sort()).toEqual([0, 2]);
  });
});

describe('a model without repeats', () => {
  const single = () =>
    buildModel({ '': 17 }, (g) => {
      const w = g.constant(
        'float32',
        Array.from({ length: 16 }, (_, i) => i),
        [4, 4],
      );
      const x = g.op('Sigmoid', [g.op('Tanh', [g.op('MatMul', [g.input('x', 'float32', ['n', 4]), w])])]);
      g.output('y', g.op('Neg', [g.op('Softmax', [x])]), 'float32', ['n', 4]);
    });

  it('is measured whole', async () => {
    for (const [ratio, status] of [
      [2, 'applied'],
      [0.5, 'unchanged'],
    ] as const) {
      const judge = always(ratio);
      const { passes } = await run(single(), [behind(1)], judge);
      expect(passes[0]).toMatchObject({
        status,
        tuning: [{ block: 'model', instances: 1, nodes: 5, kept: ratio > 1 }],
      });
      expect(judge.races).toHaveLength(1);
    }
  });

  it('of few nodes is not measured', async () => {
    const small = buildModel({ '': 17 }, (g) => {
      const w = g.constant('float32', [1, 2, 3, 4], [2, 2]);
      g.output('y', g.op('MatMul', [g.input('x', 'float32', ['n', 2]), w]), 'float32', ['n', 2]);
    });
    const judge = always(0.5);
    const { passes } = await run(small, [behind(1)], judge);
    expect(passes[0]).toMatchObject({
      status: 'applied',
      tuning: [{ kept: true, reason: 'not measured, it has fewer than 5 nodes' }],
    });
    expect(judge.races).toEqual([]);
  });
});
