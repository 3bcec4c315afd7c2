import { expect, it } from 'vitest';
import { fuseAct } from '../../passes/fuse-act.js';
import { fuseNorm } from '../../passes/fuse-norm.js';
import { buildModel } from '../../src/ir/build.js';
import { sweep } from '../../src/ir/whole-model/sweep.js';
import { applyPass } from '../check-pass.js';

it('removes a dead chain and its constants, and leaves ports alone', () => {
  const model = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [2]);
    const unused = g.input('unused', 'float32', [2]);
    const one = g.constant('float32', 1, [], 'one');
    const shared = g.op('Relu', [x]);
    g.op('Exp', [g.op('Add', [shared, one])]);
    g.op('Neg', [unused]);
    g.output('y', shared);
    g.output('c', g.constant('float32', 2, [], 'two'));
  });
  sweep(model);
  expect(model.graph.nodes().map(({ opType }) => opType)).toEqual(['Relu']);
  expect([...model.graph.constants].map(({ name }) => name)).toEqual(['two']);
  expect(model.graph.inputs.map(({ name }) => name)).toEqual(['x', 'unused']);
  const { revision } = model;
  sweep(model);
  expect(model.revision).toBe(revision);
});

it('is done before a pass too: a dead node of the file is no use of what it reads', async () => {
  const before = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [2]);
    const gate = g.op('Sigmoid', [x]);
    g.op('Neg', [gate]);
    g.output('y', g.op('Mul', [x, gate]));
  });
  const { model, passes } = await applyPass(fuseAct(), before);
  expect(model.graph.nodes().map(({ opType }) => opType)).toEqual(['QuickGelu']);
  expect(passes[0]?.ops).toEqual({ 'com.microsoft.QuickGelu': 1, Mul: -1, Neg: -1, Sigmoid: -1 });
  // Where the pass finds nothing, the file is as it was.
  const { model: same } = await applyPass(fuseNorm(), before);
  expect(same.graph.nodes()).toHaveLength(3);
});

it('keeps a node with one output in use', () => {
  const model = buildModel({ '': 17 }, (g) => {
    const split = g.node('Split', [g.input('x', 'float32', [4])], { axis: 0 }, { outputs: 2 });
    g.output('y', split.outputs[1]!);
  });
  sweep(model);
  expect(model.graph.nodes()).toHaveLength(1);
});

it('reaches into bodies, and a dead owner lets go of what its bodies read', () => {
  const model = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [2]);
    const flag = g.input('flag', 'bool', []);
    const captured = g.op('Exp', [x]);
    const onlyForDead = g.op('Log', [x]);
    const branch = (name: string, read: typeof x) =>
      g.body(name, (b) => {
        b.op('Sin', [read]);
        b.output(`${name}_out`, b.op('Neg', [read]));
      });
    g.op('If', [flag], { then_branch: branch('a', onlyForDead), else_branch: branch('b', x) });
    g.output('y', g.op('If', [flag], { then_branch: branch('c', captured), else_branch: branch('d', x) }));
  });
  sweep(model);
  expect(model.graph.nodes().map(({ opType }) => opType)).toEqual(['Exp', 'If']);
  expect([...model.graphs()].slice(1).map((body) => body.nodes().map(({ opType }) => opType))).toEqual([
    ['Neg'],
    ['Neg'],
  ]);
});

it('sweeps functions, and keeps a node that declares no outputs', () => {
  const model = buildModel({ '': 17, custom: 1 }, (g) => {
    const x = g.input('x', 'float32', [2]);
    g.graph.add('Log', [x], { domain: 'custom', outputs: 0 });
    g.output('y', g.op('Relu', [x]));
  });
  sweep(model);
  expect(model.graph.nodes().map(({ opType }) => opType)).toEqual(['Log', 'Relu']);
});
