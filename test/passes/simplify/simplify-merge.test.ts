import { describe, expect, it } from 'vitest';
import { simplify } from '../../../passes/simplify.js';
import { checkPass, randomWeights } from '../../check-pass.js';
import { declaredModel } from '../../declared-model.js';

describe('simplify: duplicates', () => {
  it('makes one of equal constants, across bodies, and keeps those that differ in shape or sign of zero', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 2]);
      const c = g.input('c', 'bool', []);
      const weights = () => g.constant(randomWeights([2, 2]));
      const a = g.op('MatMul', [x, weights()]);
      const b = g.op('MatMul', [a, weights()]);
      const body = g.body('t', (t) => t.output('r', t.op('Sub', [b, t.constant(randomWeights([2, 2]))])));
      const other = g.body('e', (e) => e.output('r', e.op('Sub', [b, e.constant(randomWeights([1, 2, 2]))])));
      g.output('y', g.op('If', [c], { then_branch: body, else_branch: other }), 'float32');
      g.output('z', g.op('Div', [g.op('Div', [x, g.constant('float32', 0)]), g.constant('float32', -0)]));
    });
    const { model } = await checkPass(simplify(), { before, ops: { MatMul: 2, Sub: 2, If: 1, Div: 2 }, within: 0 });
    const counts = [...model.graphs()].map((graph) => graph.constants.size);
    expect(counts).toEqual([3, 0, 1]);
  });

  it('stores the weights once that both branches of an If hold, as a merged decoder does, and small numbers where they were', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 32]);
      const c = g.input('c', 'bool', []);
      const branch = (name: string, shift: number, seed: number) =>
        g.body(name, (b) => {
          const shared = b.op('MatMul', [x, b.constant(randomWeights([32, 32]))]);
          const own = b.op('MatMul', [shared, b.constant(randomWeights([32, 32], 1, seed))]);
          b.output(
            'r',
            b.op('Add', [b.op('Mul', [own, b.constant('float32', [2, 3], [2, 1])]), b.constant('float32', shift)]),
          );
        });
      const branches = { then_branch: branch('t', 1, 7), else_branch: branch('e', -1, 8) };
      g.output('y', g.op('If', [c], branches), 'float32');
    });
    const { model, result } = await checkPass(simplify(), {
      before,
      ops: { MatMul: 4, Mul: 2, Add: 2, If: 1 },
      within: 0,
    });
    const counts = [...model.graphs()].map(
      ({ constants }) => [...constants].filter(({ tensor }) => tensor?.byteLength === 4096).length,
    );
    expect(counts).toEqual([1, 1, 1]);
    expect(result.bytes.before - result.bytes.after).toBe(4096);
  });

  it('computes the same once, with swapped inputs and in bodies too', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2]);
      const w = g.input('w', 'float32', [2]);
      const c = g.input('c', 'bool', []);
      const a = g.op('Exp', [g.op('Add', [x, w])]);
      const b = g.op('Exp', [g.op('Add', [w, x])]);
      const branch = (op: string) => g.body(op, (t) => t.output('r', t.op(op, [t.op('Exp', [t.op('Add', [x, w])])])));
      g.output('y', g.op('Sub', [a, g.op('Tanh', [b])]));
      g.output('z', g.op('If', [c], { then_branch: branch('Abs'), else_branch: branch('Neg') }), 'float32', [2]);
    });
    await checkPass(simplify(), { before, ops: { Add: 1, Exp: 1, Tanh: 1, Sub: 1, If: 1, Abs: 1, Neg: 1 }, within: 0 });
  });

  it('keeps both names of two outputs that are equal', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2]);
      g.output('y', g.op('Exp', [x]));
      g.output('z', g.op('Exp', [x]));
      g.output('same', g.op('Identity', [x]));
    });
    const { model } = await checkPass(simplify(), { before, within: 0 });
    expect(model.graph.outputPorts.map(({ name }) => name)).toEqual(['y', 'z', 'same']);
  });

  it('never merges random nodes, swapped subtractions, or a Split into another number of parts', async () => {
    const before = declaredModel({ '': 13 }, (g) => {
      const x = g.input('x', 'float32', [4]);
      const noise = () => g.op('RandomNormal', [], { shape: [4] });
      g.output('y', g.op('Add', [noise(), noise()]));
      g.output('z', g.op('Mul', [g.op('Sub', [x, noise()]), g.op('Exp', [x])]));
      const halves = g.node('Split', [x], {}, { outputs: 2 });
      const quarters = g.node('Split', [x], {}, { outputs: 4 });
      g.output('h', halves.outputs[0] ?? x);
      g.output('q', quarters.outputs[0] ?? x);
    });
    const ops = { RandomNormal: 3, Add: 1, Sub: 1, Mul: 1, Exp: 1, Split: 2 };
    await checkPass(simplify(), { before, ops, within: 0, runs: false });
  });

  it('merges what onnxruntime adds, but not what draws random numbers', async () => {
    const domain = 'com.microsoft';
    const before = declaredModel({ '': 17, [domain]: 1 }, (g) => {
      const x = g.input('x', 'float32', [4]);
      const inputs = [g.constant('float32', 0.5), g.constant('bool', 1)];
      for (const name of ['a', 'b']) {
        g.output(`${name}_bitmask`, g.op('Abs', [g.op('BitmaskDropout', [x, ...inputs], {}, { domain })]));
        const bias = [x, g.constant('float32', [1, 2, 3, 4]), undefined, ...inputs];
        g.output(`${name}_bias`, g.op('Abs', [g.op('BiasDropout', bias, {}, { domain })]));
        g.output(`${name}_gelu`, g.op('Abs', [g.op('QuickGelu', [x], {}, { domain })]));
      }
    });
    const kept = { [`${domain}.BitmaskDropout`]: 2, [`${domain}.BiasDropout`]: 2 };
    const ops = { ...kept, [`${domain}.QuickGelu`]: 1, Abs: 5 };
    await checkPass(simplify(), { before, ops, within: 0, runs: false });
  });
});
