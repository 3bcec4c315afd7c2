import { describe, expect, it } from 'vitest';
import { Folding } from '../../../passes/simplify/fold.js';
import { inlineConstantIfs } from '../../../passes/simplify/inline-if.js';
import { simplify } from '../../../passes/simplify.js';
import { buildModel, GraphBuilder } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { bigintsOf, numbersOf, stringsTensor, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { passContext } from '../../../src/run/context.js';
import { applyPass, checkMiss, checkPass, randomWeights } from '../../check-pass.js';
import { declaredModel } from '../../declared-model.js';

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

  it('keeps what the file says of the nodes and constants of a branch', async () => {
    const model = declaredModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2]);
      const branch = g.body('t', (b) => {
        const w = b.constant('float32', [3, 4]);
        const y = b.op('Add', [x, w]);
        const [carried, docString] = ['kept', 'documented'];
        Object.assign(w, { carried, constantNode: { name: 'w', docString, attribute: 'value' } });
        Object.assign(y, { carried });
        Object.assign(y.producer as Node, { carried, docString });
        b.output('r', y);
      });
      const bodies = { then_branch: branch, else_branch: g.body('e', (b) => b.output('r', x)) };
      g.output('y', g.op('If', [g.constant('bool', 1)], bodies), 'float32', [2]);
    });
    inlineConstantIfs(model);
    const [node] = model.graph.nodes();
    expect(node).toMatchObject({ opType: 'Add', carried: 'kept', docString: 'documented' });
    expect(node?.output).toMatchObject({ carried: 'kept' });
    expect(node?.inputs[1]).toMatchObject({ carried: 'kept', constantNode: { docString: 'documented' } });
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
    const { context, skips } = passContext({
      target: 'cpu',
      hasKernel: () => true,
      unfit: () => undefined,
      evaluate: undefined,
    });
    await simplify.definition.run(before, {}, context);
    expect(skips()[0]?.reason).toContain('no runtime');
    await checkMiss(simplify(), { before: declaredModel({ '': 17 }, expandBig), reason: '64 KiB' });
  });

  it('leaves it to the runtime to repeat few numbers', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      const filled = g.op('Reshape', [g.op('ConstantOfShape', [g.ints(64, 32)]), g.ints(1, 64, 32)]);
      g.output('y', g.op('Concat', [g.input('x', 'float32', [1, 4, 32]), filled], { axis: 1 }));
    });
    await checkMiss(simplify(), { before, reason: 'it repeats few numbers' });
  });

  it('says once that the runtime does not start', async () => {
    const before = declaredModel({ '': 17 }, (g) => {
      for (const name of ['a', 'b', 'c'])
        g.output(name, g.op('Add', [g.input(`${name}_in`, 'float32', []), g.op('Exp', [g.constant('float32', 1)])]));
    });
    const evaluate = () => Promise.reject(new Error('/a/path: expected the built child process; found nothing'));
    const { context, skips } = passContext({ target: 'cpu', hasKernel: () => true, unfit: () => undefined, evaluate });
    await simplify.definition.run(before, {}, context);
    expect(skips()).toMatchObject([{ reason: expect.stringContaining('does not start'), count: 1 }]);
  });

  it('evaluates a function by its own operator sets', async () => {
    const build = (): Model => {
      const model = buildModel({ '': 17, local: 1 }, (g) => {
        const x = g.input('x', 'float32', [2, 2, 3]);
        const c = g.op('Softmax', [g.constant(randomWeights([2, 2, 3]))]);
        g.output('y', g.op('Scaled', [g.op('Add', [x, c])], {}, { domain: 'local' }), 'float32', [2, 2, 3]);
      });
      const graph = new Graph(model, 'Scaled', new Map([['', 11]]));
      const f = new GraphBuilder(graph);
      // Under 11 the main graph's Softmax would be one over the last two axes.
      f.output('q', f.op('Mul', [graph.input('p'), f.op('Neg', [f.constant('float32', [1, 2, 3])])]));
      const parts = { domain: 'local', name: 'Scaled', overload: '', attributes: [], docString: '' };
      model.functions.push({ ...parts, graph, defaults: new Map() });
      return model;
    };
    await checkPass(simplify(), { before: build(), ops: { Add: 1, 'local.Scaled': 1, Mul: 1 }, within: 1e-6 });
  });

  it('follows chains longer than a stack is deep', async () => {
    const model = declaredModel({ '': 17 }, (g) => {
      let value = g.constant('float32', 1);
      for (let i = 0; i < 12_000; i++) value = g.op('Neg', [value]);
      g.output('y', g.op('Add', [g.input('x', 'float32', []), value]));
    });
    const { context } = passContext({ target: 'cpu', hasKernel: () => true, unfit: () => undefined, evaluate });
    await new Folding(model, context).round(model);
    expect([...model.graph.outputs].map(({ producer }) => producer?.inputs[1]?.isConstant)).toEqual([true]);
  });
});

/** Gives a 1 for each output: the numbers do not matter. */
const evaluate = async ({ graph }: Model): Promise<Tensor[]> => graph.outputs.map(() => tensorOf('float32', 1));

const expandBig = (g: GraphBuilder) => {
  const big = g.op('ConstantOfShape', [g.ints(200, 200)]);
  g.output('y', g.op('Add', [g.input('x', 'float32', [1]), big]));
};
