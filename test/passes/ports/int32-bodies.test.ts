/** ports:int32 in bodies and functions: the same numbers as in int64 for every int32 input, computed in int32 where nothing can overflow. */
import { expect, it } from 'vitest';
import { ports } from '../../../passes/ports.js';
import { buildModel, GraphBuilder } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import { bigintsOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { checkPass } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

type Made = (g: GraphBuilder, ids: Value) => Value;

/** ids: int64[n], through what is told, to y, whose numbers are cut to −9…9: an output that fits int32. */
const of = (f: Made): Model =>
  buildModel({ '': 17, local: 1 }, (g) => {
    const found = f(g, g.input('ids', 'int64', ['n']));
    const least = g.op('Max', [found, g.constant('int64', -9)]);
    g.output('y', g.op('Min', [least, g.constant('int64', 9)]), 'int64', ['n']);
  });

const number = (g: GraphBuilder, value: number): Value => g.constant('int64', value);

/** tokens, which begin as `initial`, through a step in each of four rounds; how many rounds there were is added. */
const loop =
  (step: (g: GraphBuilder, tokens: Value, round: Value) => Value): Made =>
  (g, ids) => {
    const body = g.body('body', (b) => {
      const round = b.input('round', 'int64', []);
      const on = b.input('on', 'bool', []);
      const [tokens, count] = [b.input('tokens', 'int64', ['n']), b.input('count', 'int64', [])];
      b.output('on_out', b.op('Identity', [on]));
      b.output('next', step(b, tokens, round));
      b.output('counted', b.op('Add', [count, number(b, 1)]));
    });
    const inputs = [number(g, 4), undefined, ids, number(g, 0)];
    const [last, count] = g.node('Loop', inputs, { body }, { outputs: 2 }).outputs as [Value, Value];
    return g.op('Sub', [g.op('Max', [g.op('Min', [last, number(g, 5)]), number(g, -5)]), count]);
  };

const branches: Made = (g, ids) => {
  const isLong = g.op('Greater', [g.op('Size', [ids]), number(g, 100)]);
  return g.op('If', [isLong], {
    then_branch: g.body('then', (b) => b.output('out', b.op('Max', [ids, number(b, 3)]))),
    else_branch: g.body('else', (b) => b.output('out', b.op('Min', [ids, number(b, 7)]))),
  });
};

const scan: Made = (g, ids) => {
  const body = g.body('body', (b) => {
    const [state, row] = [b.input('state', 'int64', []), b.input('row', 'int64', [])];
    const largest = b.op('Max', [state, row]);
    b.output('next', largest);
    b.output('so_far', b.op('Identity', [largest]));
  });
  return g.node('Scan', [number(g, -4), ids], { body, num_scan_inputs: 1 }, { outputs: 2 }).outputs[1] as Value;
};

const twice = (): Model => {
  const call: Made = (g, ids) => g.op('AtMost', [ids], {}, { domain: 'local' });
  const model = of((g, ids) => call(g, call(g, ids)));
  const graph = new Graph(model, 'AtMost', new Map(model.opsets));
  const ids = graph.input('ids');
  const g = new GraphBuilder(graph);
  g.output('y', g.op('Where', [g.op('Greater', [ids, number(g, 5)]), number(g, 5), ids]));
  const about = { domain: 'local', name: 'AtMost', overload: '', attributes: [], defaults: new Map(), docString: '' };
  model.functions.push({ ...about, graph });
  return model;
};

/** What computes in int64 still, by op. */
const wide = (model: Model): string[] =>
  [...model.graphs()].flatMap(({ nodeSet }) =>
    [...nodeSet].flatMap(({ opType, inputs }) =>
      opType !== 'Cast' && inputs.some((value) => value?.elem === 'int64' && !value.tensor) ? [opType] : [],
    ),
  );

const ids = [2147483647, -2147483648, 4, -4, 0, 12];

it.each<[string, Model, string[]]>([
  ['a Loop, its rounds and counts', of(loop((g, x, round) => g.op('Max', [x, round]))), []],
  [
    'a state that could overflow within a round',
    of(loop((g, x) => g.op('Sign', [g.op('Add', [x, x])]))),
    ['Add', 'Sign'],
  ],
  [
    'a state that grows until it overflows',
    of(loop((g, x) => g.op('Add', [x, number(g, 1)]))),
    ['Loop', 'Min', 'Max', 'Sub', 'Max', 'Min', 'Add'],
  ],
  ['both branches of an If', of(branches), ['Size', 'Greater']],
  ['a Scan', of(scan), []],
  ['functions', twice(), []],
])('%s', async (_, before, left) => {
  const { model } = await checkPass(ports({ int32: true }), { before, within: 0, keepsInterface: false });
  expect(model.graph.inputs.map(({ elem }) => elem)).toEqual(['int32']);
  expect(model.graph.outputs.map(({ elem }) => elem)).toEqual(['int32']);
  expect(wide(model)).toEqual(left);
  const run = async (of: Model, type: 'int32' | 'int64') =>
    (await runModel(await writeModel(of), { ids: tensorOf(type, ids, [ids.length]) })).y as never;
  expect(bigintsOf(await run(model, 'int32'))).toEqual(bigintsOf(await run(before, 'int64')));
});
