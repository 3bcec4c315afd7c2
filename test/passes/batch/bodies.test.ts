/** A batch that is opened goes through functions and bodies: each row as by itself, or the node is named where it cannot. */
import { describe, expect, it } from 'vitest';
import { symbolicBatch } from '../../../passes/symbolic-batch.js';
import { buildModel, GraphBuilder } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkMiss } from '../../check-pass.js';
import { checkRows } from './rows.js';

type Made = (g: GraphBuilder, x: Value) => Value;

/** x: float32[1, 3, 4], through what is told, to y. */
const of = (f: Made): Model =>
  buildModel({ '': 17, local: 1 }, (g) => g.output('y', f(g, g.input('x', 'float32', [1, 3, 4]))));

/** Reshape to [1, 12], each row by itself times 2, and back. */
const baked: Made = (g, x) =>
  g.op('Reshape', [g.op('Mul', [g.op('Reshape', [x, g.ints(1, 12)]), g.constant('float32', 2)]), g.ints(1, 3, 4)]);

const twice = (): Model => {
  const model = of((g, x) => g.op('Twice', [g.op('Twice', [x], {}, { domain: 'local' })], {}, { domain: 'local' }));
  const graph = new Graph(model, 'Twice', new Map(model.opsets));
  const x = graph.input('x');
  const g = new GraphBuilder(graph);
  g.output('y', baked(g, x));
  const about = { domain: 'local', name: 'Twice', overload: '', attributes: [], defaults: new Map(), docString: '' };
  model.functions.push({ ...about, graph });
  return model;
};

const branches = (then: Made, otherwise: Made): Made => {
  return (g, x) => {
    const body = (name: string, f: Made) => g.body(name, (b) => b.output('out', f(b, x)));
    const isLarge = g.op('Greater', [g.op('Size', [x]), g.constant('int64', 100)]);
    return g.op('If', [isLarge], { then_branch: body('then', then), else_branch: body('else', otherwise) });
  };
};

const loop = (initial: Made, step: Made): Made => {
  return (g, x) => {
    const body = g.body('body', (b) => {
      b.input('i', 'int64', []);
      const on = b.input('on', 'bool', []);
      const state = b.input('state', 'float32');
      const next = step(b, state);
      b.output('on_out', b.op('Identity', [on]));
      b.output('next', next);
      b.output('all', b.op('Relu', [next]));
    });
    const node = g.node('Loop', [g.constant('int64', 3), undefined, initial(g, x)], { body }, { outputs: 2 });
    const [last, all] = node.outputs as [Value, Value];
    return g.op('Add', [last, g.op('ReduceMean', [all], { axes: [0], keepdims: 0 })]);
  };
};

const scan = (axis: number, initial: Made): Made => {
  return (g, x) => {
    const body = g.body('body', (b) => {
      const [state, row] = [b.input('state', 'float32'), b.input('row', 'float32')];
      const sum = b.op('Add', [state, row]);
      b.output('sum', sum);
      b.output('so_far', b.op('Tanh', [sum]));
    });
    const attributes = { body, num_scan_inputs: 1, scan_input_axes: [axis], scan_output_axes: [axis] };
    return g.node('Scan', [initial(g, x), x], attributes, { outputs: 2 }).outputs[1] as Value;
  };
};

const one: Made = (g) =>
  g.constant(
    'float32',
    Array.from({ length: 12 }, (_, i) => i),
    [1, 3, 4],
  );

const inIf = (made: Made): Made => branches(halved, made);

const halved: Made = (g, x) => g.op('Mul', [x, g.constant('float32', 0.5)]);

describe('a batch goes through', () => {
  it.each<[string, Model]>([
    ['functions', twice()],
    ['both branches of an If', of(branches(baked, halved))],
    ['the states and the outputs of a Loop', of(loop((_, x) => x, halved))],
    ['a Scan along another axis', of(scan(1, (g, x) => g.op('ReduceMax', [x], { axes: [1], keepdims: 0 })))],
    ['a state of a Loop that begins with one row', of((g, x) => loop(one, (b, sum) => b.op('Add', [sum, x]))(g, x))],
    [
      'a state of a Loop in an If that begins with one row',
      of((g, x) => inIf(loop(one, (b, sum) => b.op('Add', [sum, x])))(g, x)),
    ],
    ['a state of a Scan that begins with one row', of(scan(1, (g) => g.constant('float32', [1, 2, 3, 4], [1, 4])))],
  ])('%s', async (_, before) => {
    const { model } = await applyPass(symbolicBatch(), before);
    await checkRows(before, model);
  });

  it('and says that a state has a row for each', async () => {
    const { passes } = await applyPass(
      symbolicBatch(),
      of(scan(1, (g) => g.constant('float32', [1, 2, 3, 4], [1, 4]))),
    );
    expect(passes[0]?.notes.map(({ text }) => text)).toContain(
      'a state that begins with one row begins with one for each of batch',
    );
  });

  it('and says that functions are inlined', async () => {
    const { model, passes } = await applyPass(symbolicBatch(), twice());
    expect(model.functions).toEqual([]);
    const texts = passes[0]?.notes.map(({ text }) => text);
    expect(texts).toContain('functions are inlined, 2 calls: each is mended by itself');
    expect(texts?.filter((text) => text === 'sizes [1,12] are [0,12]')).toHaveLength(2);
  });
});

it.each<[string, string, Made]>([
  [
    'a branch that gives one row',
    'one branch gives a batch, and another one row',
    branches(halved, (g) => g.constant('float32', new Array(12).fill(1), [1, 3, 4])),
  ],
  [
    'a condition of all rows',
    'the batch ends here',
    (g, x) => {
      const sum = g.op('ReduceSum', [x], { keepdims: 0 });
      return g.op('If', [g.op('Greater', [sum, g.constant('float32', 0)])], {
        then_branch: g.body('then', (b) => b.output('out', halved(b, x))),
        else_branch: g.body('else', (b) => b.output('out', b.op('Relu', [x]))),
      });
    },
  ],
  [
    'a row that is taken out inside',
    'the batch ends here',
    branches(halved, (g, x) => g.op('Gather', [x, g.constant('int64', [0], [1])])),
  ],
  [
    'a state that one row takes the place of',
    'begins with other rows',
    loop(
      (_, x) => x,
      (b) => b.constant('float32', new Array(12).fill(0), [1, 3, 4]),
    ),
  ],
  [
    'a Loop that goes on while the first row is small',
    'it goes on by numbers of the batch',
    (g, x) => {
      const body = g.body('body', (b) => {
        b.input('i', 'int64', []);
        b.input('on', 'bool', [1]);
        const next = b.op('Add', [b.input('state', 'float32'), b.constant('float32', 1)]);
        const largest = b.op('ReduceMax', [next], { axes: [1, 2], keepdims: 0 });
        b.output('on_out', b.op('Less', [largest, b.constant('float32', 10)]));
        b.output('next', next);
      });
      return g.op('Loop', [g.constant('int64', 20), undefined, x], { body });
    },
  ],
  ['a Scan along the batch', 'row by row', scan(0, (g) => g.constant('float32', new Array(12).fill(0), [3, 4]))],
])('%s is named', async (_, reason, f) => checkMiss(symbolicBatch(), { before: of(f), reason }));
