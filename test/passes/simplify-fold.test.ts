import { describe, expect, it } from 'vitest';
import { simplify } from '../../passes/simplify.js';
import type { GraphBuilder } from '../../src/ir/build.js';
import { bigintsOf, castTensor, numbersOf, stringsTensor, tensorOf } from '../../src/ir/numbers.js';
import type { Tensor } from '../../src/ir/tensor.js';
import type { Value } from '../../src/ir/value.js';
import { passContext } from '../../src/run/context.js';
import { applyPass, checkMiss, checkPass, randomWeights } from '../check-pass.js';
import { declaredModel } from '../declared-model.js';

const onlyConstant = (values: Iterable<Value>): Tensor => {
  const [value] = [...values];
  if (!value?.tensor) throw new Error('no constant');
  return value.tensor;
};

describe('simplify: constant folding', () => {
  it('evaluates what is constant in one go', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3, 2]);
      const w = g.op('Transpose', [g.op('Mul', [g.constant(randomWeights([2, 3])), g.constant('float32', 2)])]);
      g.output('y', g.op('Add', [x, w]));
    });
    const { model } = await checkPass(simplify(), { before, ops: { Add: 1 }, within: 0 });
    expect(model.graph.constants.size).toBe(1);
  });

  it('keeps int64 whole, wraps int32, and folds strings', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const n = g.input('n', 'int64', []);
      const big = g.op('Add', [g.constant('int64', 2 ** 53), g.constant('int64', 1)]);
      g.output('y', g.op('Add', [n, big]));
    });
    const { model } = await checkPass(simplify(), { before, ops: { Add: 1 }, within: 0 });
    expect(bigintsOf(onlyConstant(model.graph.constants))).toEqual([2n ** 53n + 1n]);
    const wraps = declaredModel({ '': 17 }, (g) => {
      const n = g.input('n', 'int32', []);
      const product = g.op('Mul', [g.constant('int32', 2 ** 30), g.constant('int32', 6)]);
      g.output('y', g.op('Add', [n, product]));
    });
    const wrapped = await checkPass(simplify(), { before: wraps, ops: { Add: 1 }, within: 0 });
    expect([...numbersOf(onlyConstant(wrapped.model.graph.constants))]).toEqual([-(2 ** 31)]);
    const strings = declaredModel({ '': 17 }, (g) => {
      const n = g.input('n', 'int64', [1]);
      const words = g.op('Reshape', [g.constant(stringsTensor(['a', 'ü'], [1, 2])), g.ints(2)]);
      g.output('y', g.op('Gather', [words, n]));
    });
    await checkPass(simplify(), { before: strings, ops: { Gather: 1 }, within: 0 });
  });

  it('folds a nested part of a body, and an If whose condition is constant', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2]);
      const y = g.op('Exp', [x]);
      const condition = g.op('Less', [g.constant('float32', 1), g.constant('float32', 2)]);
      const inner = (op: string) => (b: GraphBuilder) => {
        const w = b.op('Neg', [b.constant('float32', [3, 4])]);
        b.output('r', b.op(op, [y, w]));
      };
      const nested = (b: GraphBuilder) => {
        const flag = b.op('Greater', [b.op('ReduceSum', [y], { keepdims: 0 }), b.constant('float32', 0)]);
        const bodies = { then_branch: b.body('a', inner('Mul')), else_branch: b.body('b', inner('Sub')) };
        b.output('r', b.op('If', [flag], bodies));
      };
      const bodies = { then_branch: g.body('t', nested), else_branch: g.body('e', inner('Add')) };
      g.output('y', g.op('If', [condition], bodies), 'float32', [2]);
    });
    const ops = { Exp: 1, ReduceSum: 1, Greater: 1, If: 1, Mul: 1, Sub: 1 };
    await checkPass(simplify(), { before, ops, within: 0 });
  });

  it('folds no random numbers and no input with a default', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2]);
      const w = g.input('w', 'float32', [2]);
      w.defaultTensor = tensorOf('float32', [1, 2]);
      g.output('y', g.op('Add', [x, g.op('Exp', [w])]));
    });
    await checkPass(simplify(), { before, ops: { Add: 1, Exp: 1 }, within: 0 });
    const random = declaredModel({ '': 17 }, (g) => {
      const like = g.op('RandomUniformLike', [g.constant('float32', [1, 2])]);
      g.output('y', g.op('Add', [g.input('x', 'float32', [2]), g.op('Exp', [like])]));
    });
    await checkPass(simplify(), {
      before: random,
      ops: { Add: 1, Exp: 1, RandomUniformLike: 1 },
      within: 0,
      runs: false,
    });
  });

  it('does not make the file grow, and says so', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const big = g.op('Expand', [g.constant('float32', 1.5), g.ints(300, 300)]);
      g.output('y', g.op('Add', [g.input('x', 'float32', [1]), g.op('Exp', [big])]));
    });
    const { result } = await checkPass(simplify(), { before, within: 0 });
    expect(result.skips.map(({ reason }) => reason).join()).toContain('64 KiB');
    expect(result.bytes.after).toBeLessThan(100);
  });

  it('leaves weights as they are stored', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 32]);
      const half = g.constant(castTensor(randomWeights([32, 32]), 'float16'));
      const int8 = g.constant('int8', new Array(2048).fill(3), [32, 64]);
      const a = g.op('MatMul', [x, g.op('Cast', [half], { to: 1 })]);
      g.output('y', g.op('MatMul', [a, g.op('DequantizeLinear', [int8, g.constant('float32', 0.5)])]));
    });
    await checkPass(simplify(), { before, ops: { MatMul: 2, Cast: 1, DequantizeLinear: 1 }, within: 0 });
  });

  it('a tied weight is not stored twice', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const w = g.constant(randomWeights([200, 128]));
      const embedded = g.op('Gather', [w, g.input('ids', 'int64', ['n'])]);
      g.output('y', g.op('MatMul', [embedded, g.op('Transpose', [w], { perm: [1, 0] })]));
    });
    await checkPass(simplify(), { before, ops: { Gather: 1, MatMul: 1, Transpose: 1 }, within: 0 });
  });

  it('finds the node that the runtime refuses, folds the others, and says why', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2]);
      const bad = g.op('Gather', [g.constant('float32', [1, 2]), g.ints(7)]);
      const good = g.op('Neg', [g.constant('float32', [1, 2])]);
      g.output('y', g.op('Add', [g.op('Add', [x, good]), bad]));
    });
    const { model, passes } = await applyPass(simplify(), before);
    expect([...model.graph.nodeSet].map(({ opType }) => opType).sort()).toEqual(['Add', 'Add', 'Gather']);
    expect(passes[0]?.skips[0]?.reason).toMatch(/not folded: /);
  });

  it('says that it cannot fold where there is no runtime', async () => {
    const before = declaredModel({ '': 17 }, (g) => g.output('y', g.op('Neg', [g.input('x', 'float32', [2])])));
    const { context, skips } = passContext({ target: 'cpu', hasKernel: () => true, evaluate: undefined });
    await simplify.definition.run(before, {}, context);
    expect(skips()[0]?.reason).toContain('no runtime');
    await checkMiss(simplify(), { before: declaredModel({ '': 17 }, expandBig), reason: '64 KiB' });
  });
});

const expandBig = (g: GraphBuilder) => {
  const big = g.op('ConstantOfShape', [g.ints(200, 200)]);
  g.output('y', g.op('Add', [g.input('x', 'float32', [1]), big]));
};
