/** Constants in written files: as initializers, inputs or nodes, as they were. */
import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../src/ir/tensors/tensor.js';
import type { ModelMessage } from '../../src/onnx/proto/messages.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { runModel } from '../run-model.js';
import { floats, info, modelBytes, node } from './bytes.js';
import { graphOf, lines, run } from './written.js';

describe('models of IR 3', () => {
  const old = modelBytes(
    { irVersion: 3, opsetImport: [{ domain: '', version: 8 }] },
    { initializer: [floats('w', [2, 2])], input: [info('x'), info('w')], node: [node('Mul', ['x', 'w'], ['y'])] },
  );
  it('list their initializers as inputs, which are constants', async () => {
    const model = await readModel(old);
    expect(model.graph.inputs.map(({ name, isConstant }) => [name, isConstant])).toEqual([
      ['x', false],
      ['w', true],
    ]);
    expect(Buffer.compare(await writeModel(model), old)).toBe(0);
    expect(await run(model)).toEqual({ y: [2, -4] });
  });

  it('get Constant nodes for new constants in bodies too', async () => {
    const model = buildModel(
      { '': 8 },
      (g) => {
        const x = g.input('x', 'float32', [2]);
        const body = (value: number) =>
          g.body('b', (b) => b.output('o', b.op('Add', [x, b.constant('float32', [value, value])])));
        g.output('y', g.op('If', [g.input('c', 'bool', [])], { then_branch: body(1), else_branch: body(2) }));
      },
      3,
    );
    expect(await run(model)).toEqual({ y: [2, -1] });
  });

  it('get Constant nodes for new constants', async () => {
    const model = await readModel(old);
    const { graph } = model;
    const [product] = graph.outputs;
    const added = graph.add('Add', [product, graph.constant(tensorOf('float32', [1, 1]), 'k')]).output;
    graph.output('y', added);
    const message = await graphOf(model);
    expect(message.initializer?.map(({ name }) => name)).toEqual(['w']);
    expect(message.input?.map(({ name }) => name)).toEqual(['x', 'w']);
    expect(lines(message).at(-2)).toBe('Constant() → k');
    expect(await run(model)).toEqual({ y: [3, -3] });
  });
});

it('a tensor of any kind of Constant is written as the attribute it was', async () => {
  const forms = [
    { name: 'value_float', type: 1, f: 1.5 },
    { name: 'value_floats', type: 6, floats: [1, 2] },
    { name: 'value_int', type: 2, i: -7 },
    { name: 'value_ints', type: 7, ints: [1, -1] },
    { name: 'value_string', type: 3, s: Uint8Array.of(104) },
    { name: 'value_strings', type: 8, strings: [Uint8Array.of(104), new Uint8Array(0)] },
    { name: 'value', type: 4, t: floats('name', [1]) },
    { name: 'value_int', type: 1, f: 2 },
  ];
  const constants = forms.map((attribute, i) => node('Constant', [], [`c${i}`], { attribute: [attribute] }));
  const bytes = modelBytes({}, { node: [...constants, node('Relu', ['x'], ['y'])] });
  const model = await readModel(bytes);
  // The last says an int and holds a float: it stays a node, for the runtime to refuse.
  expect(model.graph.constants.size).toBe(7);
  expect([...model.graph.constants].map(({ tensor }) => elementCount((tensor as Tensor).shape))).toEqual([
    1, 2, 1, 2, 1, 2, 1,
  ]);
  expect(Buffer.compare(await writeModel(model), bytes)).toBe(0);
});

describe('constants of one name: the last counts, a Constant node before an initializer', () => {
  const constant = (value: number) =>
    node('Constant', [], ['k'], { name: 'n', attribute: [{ name: 'value_float', type: 1, f: value }] });
  const add = node('Add', ['x', 'k'], ['y']);
  const files: [string, ModelMessage['graph']][] = [
    ['two nodes', { node: [constant(1), add, constant(2)] }],
    ['two initializers', { initializer: [floats('k', [1], []), floats('k', [2], [])], node: [add] }],
    ['one of each', { initializer: [floats('k', [1], [])], node: [constant(2), add] }],
  ];
  it.each(files)('%s', async (_, graph) => {
    const bytes = modelBytes({}, graph);
    const expected = { y: [3, 0] };
    const runtime = await runModel(bytes, { x: tensorOf('float32', [1, -2]) });
    expect([...numbersOf(runtime.y as Tensor)]).toEqual(expected.y);
    const model = await readModel(bytes);
    expect(await run(model)).toEqual(expected);
    for (const passes of ['simplify', 'fp16', 'int8']) {
      const result = await optimize(model, passes, { verify: 'none' });
      expect(await run(result.model)).toEqual(expected);
    }
  });
});
