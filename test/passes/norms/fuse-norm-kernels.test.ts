/** Tests GPU kernels for norms and the ops around them. */
import { describe, expect, it } from 'vitest';
import { fuseNorm } from '../../../passes/fuse-norm.js';
import { float } from '../../../src/ir/attribute.js';
import { buildModel, GraphBuilder } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import { tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { checkMiss, checkPass, opCounts, randomWeights } from '../../check-pass.js';

/** Sums in another order: float32 noise relative to the output's largest magnitude. */
const NOISE = 1e-5;
const D = 6;
const dims = { batch: 2, seq: 3 };

const weight = (g: GraphBuilder, shape: readonly number[] = [D], seed = 5) => g.constant(randomWeights(shape, 1, seed));

describe('residual norms', () => {
  const residual = (opType: string, isRead: boolean) =>
    buildModel({ '': 17 }, (g) => {
      const [x, skip] = ['x', 'skip'].map((name) => g.input(name, 'float32', ['batch', 'seq', D])) as [Value, Value];
      const sum = g.op('Add', [x, skip]);
      const weights = opType === 'LayerNormalization' ? [weight(g), weight(g)] : [weight(g)];
      g.output('y', g.op(opType, [sum, ...weights], { epsilon: float(1e-3) }));
      if (isRead) g.output('sum', g.op('Relu', [sum]));
    });
  const cases: [string, boolean][] = [
    ['LayerNormalization', false],
    ['LayerNormalization', true],
    ['SimplifiedLayerNormalization', false],
    ['SimplifiedLayerNormalization', true],
  ];
  it.each(cases)('%s takes the sum into its kernel on a GPU; the sum is read elsewhere: %s', async (opType, isRead) => {
    const ops = { [`com.microsoft.Skip${opType}`]: 1, ...(isRead && { Relu: 1 }) };
    // The CPU has these kernels too: the numbers are compared there.
    await checkPass(fuseNorm(), { before: residual(opType, isRead), ops, within: NOISE, dims, target: 'cuda' });
  });

  it('stays two kernels on the CPU, where they are faster', async () => {
    const before = residual('LayerNormalization', false);
    await checkPass(fuseNorm(), { before, dims, within: 0, ops: { Add: 1, LayerNormalization: 1 } });
  });
});

describe('group norms', () => {
  const groupNorm = (isActivated: boolean, groups = 2, isRead = false, isAffine = true) =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 8, 'height', 'width']);
      const grouped = g.op('Reshape', [x, g.ints(0, groups, -1)]);
      const [ones, zeros] = [1, 0].map((fill) => g.constant('float32', Array(groups).fill(fill))) as [Value, Value];
      const normed = g.op('InstanceNormalization', [grouped, ones, zeros], { epsilon: float(1e-6) });
      const image = g.op('Reshape', [normed, g.op('Shape', [x])]);
      const affine = () => g.op('Add', [g.op('Mul', [image, weight(g, [8, 1, 1])]), weight(g, [8, 1, 1], 6)]);
      const y = isAffine ? affine() : image;
      g.output('y', isActivated ? g.op('Mul', [y, g.op('Sigmoid', [y])]) : y);
      if (isRead) g.output('z', g.op('Relu', [y]));
    });

  it('are one kernel on CUDA, channels last, with their SiLU', async () => {
    for (const isActivated of [false, true]) {
      const { model } = await checkPass(fuseNorm(), {
        before: groupNorm(isActivated),
        target: 'cuda',
        runs: false,
        within: NOISE,
        ops: { Transpose: 2, 'com.microsoft.GroupNorm': 1 },
      });
      const node = [...model.graph.nodes()].find(({ opType }) => opType === 'GroupNorm');
      expect([node?.int('groups'), node?.int('activation')]).toEqual([2, isActivated ? 1 : 0]);
      expect(node?.float('epsilon')).toBeCloseTo(1e-6, 9);
    }
  });

  it('need no scale and no bias: simplify takes ones and zeros away', async () => {
    await checkPass(fuseNorm(), {
      before: groupNorm(true, 2, false, false),
      target: 'cuda',
      runs: false,
      within: NOISE,
      ops: { Transpose: 2, 'com.microsoft.GroupNorm': 1 },
    });
  });

  it('keep their SiLU apart where the norm is read without it', async () => {
    await checkPass(fuseNorm(), {
      before: groupNorm(true, 2, true),
      target: 'cuda',
      runs: false,
      within: NOISE,
      ops: { Transpose: 2, 'com.microsoft.GroupNorm': 1, Sigmoid: 1, Mul: 1, Relu: 1 },
    });
  });

  it('stay as they are on the CPU', () =>
    checkMiss(fuseNorm(), { before: groupNorm(true), reason: 'the target has no GroupNorm kernel' }));

  it('stay where a group has an odd number of channels', () =>
    checkMiss(fuseNorm(), { before: groupNorm(false, 8), reason: 'an even number of channels', target: 'cuda' }));
});

it('fuse-norm states stash_type in a local function before opset 23: the runtime crashes without', async () => {
  const before = buildModel({ '': 17, local: 1 }, (g) =>
    g.output('y', g.op('norm', [g.input('x', 'float32', [2, 8])], {}, { domain: 'local' }), 'float32', [2, 8]),
  );
  const graph = new Graph(before, 'norm', new Map([['', 17]]));
  const f = new GraphBuilder(graph);
  const x = graph.input('x', tensorType('float32', [2, 8]));
  const mean = f.op('ReduceMean', [f.op('Mul', [x, x])], { axes: [-1] });
  f.output('y', f.op('Div', [x, f.op('Sqrt', [f.op('Add', [mean, f.constant('float32', 1e-6)])])]));
  const rest = { overload: '', attributes: [], defaults: new Map(), docString: '' };
  before.functions.push({ domain: 'local', name: 'norm', graph, ...rest });
  const { model } = await checkPass(fuseNorm(), { before, within: NOISE });
  expect(opCounts(model)).toEqual({ 'local.norm': 1, SimplifiedLayerNormalization: 1 });
});
