/**
 * Tests Ifs with a branch that can only fail: the other is taken, and the report says so. Ifs stay if both branches may
 * run.
 */
import { describe, expect, it } from 'vitest';
import { simplify } from '../../../passes/simplify.js';
import { buildModel, GraphBuilder } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkPass, randomWeights } from '../../check-pass.js';

type Build = (g: GraphBuilder, x: Value) => Value;

/** The then branch first. */
const choose = (g: GraphBuilder, condition: Value, yes: Build, no: Build, x: Value, name = 'choice'): Value => {
  const branch = (label: string, build: Build) => g.body(label, (inner) => inner.output(label, build(inner, x)));
  const bodies = { then_branch: branch(`${name} yes`, yes), else_branch: branch(`${name} no`, no) };
  return g.op('If', [condition], bodies, { name });
};

const flat: Build = (g, x) => g.op('ReduceMax', [x], { axes: [0], keepdims: 0 });
const whole: Build = (g, x) => g.op('Abs', [x]);
const deeper: Build = (g, x) => g.op('Unsqueeze', [x, g.ints(0)]);

/** x of rank 3, or its largest of rank 2, and what reads it. */
const modelOf = (after: Build, yes = whole, no = flat, n: number | string = 'n') =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', [4, n, 6]);
    const chosen = choose(g, g.input('c', 'bool', []), yes, no, x);
    g.output('y', after(g, chosen));
  });

const c = (condition: 0 | 1) => ({ c: tensorOf('bool', [condition], []) });
const weights = (g: GraphBuilder, ...shape: number[]) => g.constant(randomWeights(shape));
const ifsIn = (model: Model) =>
  [...model.graphs()].flatMap(({ nodeSet }) => [...nodeSet]).filter((node) => node.is('If')).length;

const lstm: Build = (g, x) =>
  g.op('LSTM', [x, weights(g, 1, 20, 6), weights(g, 1, 20, 5)], { hidden_size: 5 }, { name: 'reader' });

const reader: Build = (g, x) => g.op('Transpose', [x], { perm: [0, 2, 1] });

/** Reads x in each round. */
function looped(g: GraphBuilder, x: Value, rounds: Value): Value {
  const body = g.body('body', (b) => {
    b.input('i', 'int64', []);
    b.output('still', b.op('Identity', [b.input('going', 'bool', [])]));
    b.output('each', reader(b, x));
  });
  return g.op('Loop', [rounds, undefined], { body });
}

describe('simplify: Ifs that what comes after decides', () => {
  it.each<[string, Build, 0 | 1]>([
    ['LSTM', lstm, 1],
    ['Unsqueeze → LSTM', (g, x) => lstm(g, deeper(g, x)), 0],
    [
      'Conv',
      (g, x) =>
        g.op(
          'Conv',
          [g.op('Relu', [x]), weights(g, 3, 6, 1)].map((one, at) =>
            at ? one : g.op('Transpose', [one], { perm: [0, 2, 1] }),
          ),
          {},
        ),
      1,
    ],
    ['Transpose', (g, x) => g.op('Transpose', [x], { perm: [1, 0] }), 0],
    ['Gather on axis 2', (g, x) => g.op('Gather', [x, g.ints(1)], { axis: 2 }), 1],
    ['Squeeze of axis 2', (g, x) => g.op('Squeeze', [g.op('Unsqueeze', [x, g.ints(-1)]), g.ints(2)]), 0],
    ['Tile', (g, x) => g.op('Tile', [x, g.ints(1, 2)]), 0],
    ['Slice on axis 2', (g, x) => g.op('Slice', [x, g.ints(0), g.ints(2), g.ints(2)]), 1],
  ])('%s', async (_, after, condition) => {
    const { model, result } = await checkPass(simplify(), {
      before: modelOf(after),
      within: 0,
      dims: { n: 3 },
      feeds: c(condition),
    });
    expect(ifsIn(model)).toBe(0);
    expect(result.notes.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^decided 1 If: if the other branch were taken, \w+ .*would fail, which expects/),
    ]);
  });

  it('by sizes: columns that are not rows, dims that do not broadcast, elements that do not fit', async () => {
    const half: Build = (g, x) => g.op('Slice', [x, g.ints(0), g.ints(3), g.ints(2)]);
    for (const [after, condition] of [
      [(g, x) => g.op('MatMul', [x, weights(g, 3, 5)]), 0],
      [(g, x) => g.op('Add', [x, weights(g, 6)]), 1],
    ] as const satisfies [Build, 0 | 1][]) {
      const before = modelOf(after, whole, half);
      const { model } = await checkPass(simplify(), { before, within: 1e-6, dims: { n: 3 }, feeds: c(condition) });
      expect(ifsIn(model)).toBe(0);
    }
  });

  it('by Concat, where no input is without elements: those may be of any shape', async () => {
    const half: Build = (g, x) => g.op('Slice', [x, g.ints(0), g.ints(3), g.ints(2)]);
    for (const [after, no, condition] of [
      [(g, x) => g.op('Concat', [x, weights(g, 1, 6)], { axis: 0 }), flat, 0],
      [(g, x) => g.op('Concat', [x, weights(g, 4, 1, 6)], { axis: 1 }), half, 1],
    ] as const satisfies [Build, Build, 0 | 1][])
      for (const n of [3, 'n']) {
        const before = modelOf(after, whole, no, n);
        const { model } = await checkPass(simplify(), { before, within: 0, dims: { n: 3 }, feeds: c(condition) });
        expect(ifsIn(model)).toBe(n === 3 ? 0 : 1);
      }
  });

  it('by what a branch itself would do', async () => {
    const before = modelOf(
      (g, x) => g.op('Exp', [x]),
      whole,
      (g, x) => g.op('Transpose', [x], { perm: [1, 0] }),
    );
    const { model } = await checkPass(simplify(), {
      before,
      ops: { Abs: 1, Exp: 1 },
      within: 0,
      dims: { n: 3 },
      feeds: c(1),
    });
    expect(ifsIn(model)).toBe(0);
  });

  it('by what follows from it alone: the rank asked for later, another If on the same condition', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 'n', 6]);
      const chosen = choose(g, g.input('c', 'bool', []), whole, flat, x, 'first');
      const isFlat = g.op('Equal', [g.op('Size', [g.op('Shape', [chosen])]), g.constant('int64', 2)]);
      // The recurrent cells of exporters have this: a value that is not flat gets one axis more, and the LSTM yet
      // another.
      const cell = choose(g, g.op('Not', [isFlat]), deeper, whole, chosen, 'second');
      g.output('y', lstm(g, deeper(g, cell)));
    });
    const ops = { ReduceMax: 1, Unsqueeze: 1, LSTM: 1, Abs: 1 };
    await checkPass(simplify(), { before, ops, within: 0, dims: { n: 3 }, feeds: c(0) });
    const twice = buildModel({ '': 17 }, (g) => {
      const [x, flag] = [g.input('x', 'float32', [4, 'n', 6]), g.input('c', 'bool', [])];
      g.output('y', lstm(g, choose(g, flag, whole, flat, x)));
      g.output(
        'z',
        choose(g, flag, (b, v) => b.op('Exp', [v]), whole, x),
      );
    });
    await checkPass(simplify(), {
      before: twice,
      ops: { Abs: 1, LSTM: 1, Exp: 1 },
      within: 0,
      dims: { n: 3 },
      feeds: c(1),
    });
  });

  it('in branches, whose results are read outside, and in loops', async () => {
    const nested = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 'n', 6]);
      const [outer, flag] = [g.input('o', 'bool', []), g.input('c', 'bool', [])];
      const yes: Build = (b, v) => choose(b, flag, whole, flat, v, 'inner');
      g.output(
        'y',
        lstm(
          g,
          choose(g, outer, yes, (b, v) => b.op('Exp', [v]), x, 'outer'),
        ),
      );
    });
    const feeds = { ...c(1), o: tensorOf('bool', [1], []) };
    await checkPass(simplify(), {
      before: nested,
      ops: { If: 1, Abs: 1, Exp: 1, LSTM: 1 },
      within: 0,
      dims: { n: 3 },
      feeds,
    });
    const loop = buildModel({ '': 17 }, (g) => {
      const [x, flag] = [g.input('x', 'float32', [4, 'n', 6]), g.input('c', 'bool', [])];
      const body = g.body('body', (b) => {
        b.input('i', 'int64', []);
        const going = b.input('going', 'bool', []);
        const carried = b.input('carried', 'float32', [4, 'n', 6]);
        b.output('still', b.op('Identity', [going]));
        b.output('next', b.op('Transpose', [choose(b, flag, whole, flat, carried)], { perm: [0, 1, 2] }));
      });
      g.output('y', g.op('Loop', [g.input('m', 'int64', []), undefined, x], { body }));
    });
    const rounds = { ...c(1), m: tensorOf('int64', [2], []) };
    await checkPass(simplify(), {
      before: loop,
      ops: { Loop: 1, Identity: 1, Abs: 1 },
      within: 0,
      dims: { n: 3 },
      feeds: rounds,
    });
  });

  it('by what a loop does that goes round for certain', async () => {
    const before = modelOf((g, x) => looped(g, x, g.constant('int64', 2, [])));
    const { model } = await checkPass(simplify(), { before, within: 0, dims: { n: 3 }, feeds: c(1) });
    expect(ifsIn(model)).toBe(0);
  });

  it('in functions, and by what is called with it', async () => {
    const modelWith = (
      define: (g: GraphBuilder, call: (x: Value, flag: Value) => Value) => void,
      body: (b: GraphBuilder, x: Value, flag: Value) => Value,
    ) => {
      const model = buildModel({ '': 17, local: 1 }, (g) =>
        define(g, (x, flag) => g.op('f', [x, flag], {}, { domain: 'local' })),
      );
      const graph = new Graph(model, 'f', new Map([['', 17]]));
      const b = new GraphBuilder(graph);
      b.output('fy', body(b, graph.input('fx'), graph.input('fc')));
      const rest = { overload: '', attributes: [], defaults: new Map(), docString: '' };
      model.functions.push({ domain: 'local', name: 'f', graph, ...rest });
      return model;
    };
    const inside = modelWith(
      (g, call) => g.output('y', call(g.input('x', 'float32', [4, 'n', 6]), g.input('c', 'bool', []))),
      (b, x, flag) => b.op('Transpose', [choose(b, flag, whole, flat, x)], { perm: [0, 2, 1] }),
    );
    const done = await checkPass(simplify(), { before: inside, within: 0, dims: { n: 3 }, feeds: c(1) });
    expect(ifsIn(done.model)).toBe(0);
    const outside = modelWith(
      (g, call) => {
        const [x, flag] = [g.input('x', 'float32', [4, 'n', 6]), g.input('c', 'bool', [])];
        g.output('y', call(choose(g, flag, whole, flat, x), flag));
      },
      (b, x, flag) => b.op('Mul', [b.op('Transpose', [x], { perm: [0, 2, 1] }), b.op('Cast', [flag], { to: 1 })]),
    );
    const calling = await checkPass(simplify(), { before: outside, within: 0, dims: { n: 3 }, feeds: c(1) });
    expect(ifsIn(calling.model)).toBe(0);
  });
});

describe('simplify: Ifs that stay', () => {
  const stays = async (before: Model, count = 1): Promise<void> => {
    const { model, passes } = await applyPass(simplify(), before);
    expect(ifsIn(model)).toBe(count);
    expect(passes[0]?.notes).toEqual([]);
  };

  it.each<[string, Build]>([
    ['both branches fit', (g, x) => g.op('Softmax', [x], { axis: -1 })],
    [
      'the kernel takes a vector for a row',
      (g, x) => g.op('Gemm', [g.op('ReduceMax', [x], { axes: [0], keepdims: 0 }), weights(g, 6, 2)]),
    ],
    ['it gives an output, whatever is declared', whole],
    ['what is empty is reduced along any axis', (g, x) => g.op('ReduceMax', [x], { axes: [2] })],
    ['sizes may be equal', (g, x) => g.op('Add', [x, g.op('Abs', [g.input('other', 'float32', ['m', 6])])])],
    ['both branches fail', (g, x) => g.op('Transpose', [x], { perm: [0, 1, 2, 3] })],
  ])('%s', (_, after) => stays(modelOf(after)));

  it('what demands is in a branch, or in a loop that may not run, or read by nothing', async () => {
    await stays(
      modelOf((g, x) => choose(g, g.input('d', 'bool', []), reader, whole, x, 'other')),
      2,
    );
    await stays(modelOf((g, x) => looped(g, x, g.input('m', 'int64', []))));
    await stays(
      modelOf((g, x) => {
        reader(g, x);
        return whole(g, x);
      }),
    );
  });

  it('of which the demand lies before it', async () => {
    await stays(
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32');
        const ranked = g.op('Transpose', [x], { perm: [0, 2, 1] });
        g.output('y', choose(g, g.input('c', 'bool', []), whole, flat, ranked));
      }),
    );
  });
});
