/**
 * Nodes that break their operators' schemas: the reader refuses only those that the runtime refuses, and reads those
 * that it runs.
 */
import { describe, expect, it } from 'vitest';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import type { AttributeMessage, ModelMessage, NodeMessage } from '../../src/onnx/proto/messages.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { runModel } from '../run-model.js';
import { floats, info, int64s, modelBytes, node, utf8 } from './bytes.js';
import { messageOf } from './malformed.js';

const ints = (name: string, ...values: number[]): AttributeMessage => ({ name, type: 7, ints: values });
const int = (name: string, i: number): AttributeMessage => ({ name, type: 2, i });
const float = (name: string, f: number): AttributeMessage => ({ name, type: 1, f });
const text = (name: string, word: string): AttributeMessage => ({ name, type: 3, s: utf8(word) });

/** y = Relu(x) for x of float32[2, 3, 4], and a node beside it whose outputs nobody reads. */
const beside = (
  opType: string,
  input: readonly string[],
  attribute: readonly AttributeMessage[],
  more: NodeMessage = {},
): Uint8Array =>
  modelBytes(
    {
      opsetImport: [
        { domain: '', version: 17 },
        { domain: 'com.microsoft', version: 1 },
      ],
    },
    {
      input: [info('x', 1, [2, 3, 4])],
      initializer: [
        floats('w', new Array(18).fill(1), [2, 3, 3]),
        int64s('k', [1]),
        floats('scale', [1, 1, 1, 1]),
        int64s('k0', [1], []),
        { name: 'c', dataType: 9, int32Data: [1] },
      ],
      node: [node('Relu', ['x'], ['y']), node(opType, input, ['d'], { attribute: [...attribute], ...more })],
      output: [info('y', 1, [2, 3, 4])],
    },
  );

/** Runs a model whose `x` is as `shape` says. */
const run = (bytes: Uint8Array, shape: readonly number[] = [2, 3, 4]) =>
  runModel(bytes, { x: tensorOf('float32', new Array(24).fill(0.5).slice(0, shape[1] ? 24 : 2), shape) });

/** Graphs of so many inputs and outputs. */
const branch = (inputs: number, outputs: number) => ({
  name: 'b',
  input: [info('i', 7, []), info('n', 9, []), info('v', 1, [2, 3, 4])].slice(0, inputs),
  node: Array.from({ length: outputs }, (_, i) => node('Relu', ['x'], [`o${i}`])),
  output: Array.from({ length: outputs }, (_, i) => info(`o${i}`, 1, [2, 3, 4])),
});
const withBody = (opType: string, input: readonly string[], ...bodies: ReturnType<typeof branch>[]): Uint8Array =>
  beside(
    opType,
    input,
    bodies.map((g, i) => ({ name: opType === 'If' ? (i ? 'else_branch' : 'then_branch') : 'body', type: 5, g })),
  );

type Refused = readonly [name: string, bytes: Uint8Array, message: string];

const refused: readonly Refused[] = [
  [
    'floats for ints',
    beside('Transpose', ['x'], [{ name: 'perm', type: 6, floats: [0, 1, 2] }]),
    'Transpose "d", attribute "perm": expected a list of ints; found a list of floats',
  ],
  [
    'an int for a float',
    beside('LeakyRelu', ['x'], [int('alpha', 1)]),
    'LeakyRelu "d", attribute "alpha": expected a float; found an int',
  ],
  [
    'an int for a float, of an operator of the runtime',
    beside('FusedMatMul', ['x', 'x'], [int('alpha', 1)], { domain: 'com.microsoft' }),
    'FusedMatMul "d", attribute "alpha": expected a float; found an int',
  ],
  [
    'no attribute that must be there',
    beside('Cast', ['x'], []),
    'Cast "d": expected the attribute "to"; found none of that name',
  ],
  [
    'an attribute twice',
    beside('Softmax', ['x'], [int('axis', 0), int('axis', 1)]),
    'Softmax "d": expected one attribute of each name; found a second "axis"',
  ],
  ['no input', beside('Relu', [], []), 'Relu "d": expected input 0, "X"; found none'],
  [
    'an empty name for an input that must be there',
    beside('Conv', ['x', ''], []),
    'Conv "d": expected input 1, "W"; found none',
  ],
  ['more inputs than there are', beside('Relu', ['x', 'x'], []), 'Relu "d": expected at most 1 input; found 2'],
  [
    'more outputs than there are',
    beside('Relu', ['x'], [], { output: ['d', 'e'] }),
    'Relu "d": expected at most 1 output; found 2',
  ],
  ['no output', beside('Relu', ['x'], [], { output: [] }), 'Relu: expected output 0, "Y"; found none'],
  [
    'an empty name for an output',
    beside('TopK', ['x', 'k'], [], { output: ['', 'd'] }),
    'TopK "d": expected output 0, "Values"; found none',
  ],
  [
    'an axis twice',
    beside('Transpose', ['x'], [ints('perm', 0, 0, 2)]),
    'Transpose "d", attribute "perm": expected each axis from 0 to 2 once; found [0,0,2]',
  ],
  [
    'an axis beyond the rank',
    beside('Transpose', ['x'], [ints('perm', 0, 1, 9)]),
    'Transpose "d", attribute "perm": expected each axis from 0 to 2 once; found [0,1,9]',
  ],
  [
    'an axis beyond 2^53',
    beside('Transpose', ['x'], [{ name: 'perm', type: 7, ints: [0, 1, { low: 1, high: 2 ** 21 }] }]),
    'Transpose "d", attribute "perm": expected each axis from 0 to 2 once; found [0,1,9007199254740993]',
  ],
  [
    'no element type',
    beside('Cast', ['x'], [int('to', 0)]),
    'Cast "d", attribute "to": expected the number of an element type; found 0',
  ],
  [
    'an element type of nobody',
    beside('Cast', ['x'], [int('to', 99)]),
    'Cast "d", attribute "to": expected the number of an element type; found 99',
  ],
  [
    'a stride of 0',
    beside('Conv', ['x', 'w'], [ints('strides', 0)]),
    'Conv "d", attribute "strides": expected numbers above 0; found 0',
  ],
  [
    'a negative window',
    beside('MaxPool', ['x'], [ints('kernel_shape', -1)]),
    'MaxPool "d", attribute "kernel_shape": expected numbers above 0; found -1',
  ],
  [
    'a dilation of 0',
    beside('Conv', ['x', 'w'], [ints('dilations', 0)]),
    'Conv "d", attribute "dilations": expected numbers above 0; found 0',
  ],
  [
    'an unknown padding',
    beside('Conv', ['x', 'w'], [text('auto_pad', 'same_upper')]),
    'Conv "d", attribute "auto_pad": expected one of NOTSET, SAME_UPPER, SAME_LOWER, VALID; found "same_upper"',
  ],
  [
    'blocks of nothing',
    beside('DepthToSpace', ['x'], [int('blocksize', -2)]),
    'DepthToSpace "d", attribute "blocksize": expected a number above 0; found -2',
  ],
  [
    'no heads',
    beside('MultiHeadAttention', ['x', 'x', 'x'], [int('num_heads', 0)], { domain: 'com.microsoft' }),
    'MultiHeadAttention "d", attribute "num_heads": expected a number above 0; found 0',
  ],
  [
    'an attribute that the operator does not have',
    beside('Relu', ['x'], [int('foo', 1)]),
    'Relu "d": expected attributes that the operator has; found "foo"',
  ],
  ['nothing to concatenate', beside('Concat', [], [int('axis', 0)]), 'Concat "d": expected an input; found none'],
  [
    'a branch with an input',
    withBody('If', ['c'], branch(1, 1), branch(0, 1)),
    'If "d", graph "b": expected 0 inputs; found 1',
  ],
  [
    'branches that give more than the node',
    withBody('If', ['c'], branch(0, 2), branch(0, 2)),
    'If "d", graph "b": expected 1 outputs; found 2',
  ],
  [
    'a loop whose body takes less',
    withBody('Loop', ['k0', '', 'x'], branch(2, 2)),
    'Loop "d", graph "b": expected 3 inputs; found 2',
  ],
];

describe('a node that is not as its operator says', () => {
  it.each(refused)('%s: refused, as the runtime does', async (_, bytes, message) => {
    expect(await messageOf(bytes)).toBe(message);
    await expect(run(bytes)).rejects.toThrow();
  });
});

const f = (opType: string, more: NodeMessage = {}) => ({
  name: 'f',
  domain: 'd',
  input: ['a'],
  output: ['b'],
  node: [node(opType, ['a'], ['b'], more)],
  opsetImport: [{ domain: '', version: 17 }],
});
const withFunctions = (functions: ModelMessage['functions'], ...calls: NodeMessage[]): Uint8Array =>
  modelBytes(
    {
      functions,
      opsetImport: [
        { domain: '', version: 17 },
        { domain: 'd', version: 1 },
      ],
    },
    calls.length ? { node: calls } : {},
  );

describe('a call', () => {
  const leaky = (given: AttributeMessage) =>
    withFunctions(
      [{ ...f('LeakyRelu', { attribute: [{ name: 'alpha', type: 1, refAttrName: 'slope' }] }), attribute: ['slope'] }],
      node('f', ['x'], ['y'], { domain: 'd', attribute: [given] }),
    );

  it('that gives an attribute of another type than the function takes is refused, as the runtime does', async () => {
    const bytes = leaky({ name: 'slope', type: 7, ints: [1] });
    expect(await messageOf(bytes)).toBe(
      'f "y", attribute "slope": expected a float, as function "f" takes it; found a list of ints',
    );
    await expect(run(bytes, [2])).rejects.toThrow();
    await run(leaky({ name: 'slope', type: 1, f: 0.5 }), [2]);
  });

  it('that leaves out what the function needs is refused, as the runtime does', async () => {
    const bytes = withFunctions([f('Neg')], node('f', [], ['y'], { domain: 'd' }));
    expect(await messageOf(bytes)).toBe('f "y": expected input 0, "a", which function "f" needs; found none');
    await expect(run(bytes, [2])).rejects.toThrow();
    const unused = { ...f('Neg'), input: ['a', 'c'] };
    await run(withFunctions([unused], node('f', ['x'], ['y'], { domain: 'd' })), [2]);
  });

  it('that hands over more than the function has is refused, as the runtime does', async () => {
    const bytes = withFunctions([f('Neg')], node('f', ['x', 'x'], ['y'], { domain: 'd' }));
    expect(await messageOf(bytes)).toBe('f "y": expected at most the 1 inputs of function "f"; found 2');
    await expect(run(bytes, [2])).rejects.toThrow();
  });
});

const accepted: readonly (readonly [name: string, bytes: Uint8Array, shape?: readonly number[]])[] = [
  ['an attribute that begins with __', beside('Relu', ['x'], [int('__proto__', 1)])],
  ['an unknown attribute of LayerNormalization', beside('LayerNormalization', ['x', 'scale'], [int('foo', 1)])],
  ['a truth of 2^40', beside('ReduceMean', ['x'], [int('keepdims', 2 ** 40)])],
  ['an end of 2^63 - 1', beside('Shape', ['x'], [{ name: 'end', type: 2, i: { low: -1, high: 0x7fffffff } }])],
  ['no number at all', beside('LeakyRelu', ['x'], [float('alpha', Number.NaN)])],
  ['a string without a value', beside('Conv', ['x', 'w'], [{ name: 'auto_pad', type: 3 }])],
  ['attributes beside the value of a Constant', beside('Constant', [], [int('value_int', 1), float('value_float', 2)])],
  [
    'an attribute that a function does not have',
    withFunctions([f('Neg')], node('f', ['x'], ['y'], { domain: 'd', attribute: [int('foo', 1)] })),
    [2],
  ],
  [
    'a function that nothing calls and whose node has no input of that name',
    withFunctions([{ ...f('Neg'), input: ['z'] }]),
    [2],
  ],
  ['a function that nothing calls and whose node is misused', withFunctions([f('Cast')]), [2]],
];

describe('what the runtime runs all the same', () => {
  it.each(accepted.map(([name, bytes, shape = [2, 3, 4]]) => [name, bytes, shape] as const))(
    '%s: is read',
    async (_, bytes, shape) => {
      expect(await messageOf(bytes)).toBe('read without an error');
      await run(bytes, shape);
    },
  );

  it('of two functions with one name, the last: and both are written', async () => {
    const bytes = withFunctions([f('Neg'), f('Exp')], node('f', ['x'], ['y'], { domain: 'd' }));
    const model = await readModel(bytes);
    expect(model.functions.map(({ graph }) => graph.nodes()[0]?.opType)).toEqual(['Exp']);
  });

  it('an operator, where a function has its name', async () => {
    const bytes = withFunctions([{ ...f('Neg'), name: 'Relu', domain: '' }]);
    expect((await readModel(bytes)).functions).toEqual([]);
  });
});

it('what passes write at opset 1 is read', async () => {
  const bytes = modelBytes(
    { opsetImport: [{ domain: '', version: 1 }] },
    {
      input: [info('x', 1, [4, 4])],
      initializer: [floats('m', new Array(16).fill(0.5), [4, 4])],
      node: [node('MatMul', ['x', 'm'], ['y'])],
      output: [info('y', 1, [4, 4])],
    },
  );
  const { model } = await optimize(await readModel(bytes), 'fp16:compute=true', { verify: 'none' });
  const casts = model.graph.nodes().filter((one) => one.is('Cast'));
  expect(casts.map((one) => [one.string('to'), one.output.elem])).toEqual([
    ['FLOAT16', 'float16'],
    ['FLOAT', 'float32'],
  ]);
  expect(await messageOf(await writeModel(model))).toBe('read without an error');
});

it('numbers beyond 2^53 of an operator that nobody knows are carried, and seen as the last of their side', async () => {
  const largest = { low: -1, high: 0x7fffffff };
  const attribute = [
    { name: 'i', type: 2, i: largest },
    { name: 'is', type: 7, ints: [largest, { low: 1, high: -(2 ** 31) }] },
  ];
  const bytes = modelBytes(
    {
      opsetImport: [
        { domain: '', version: 17 },
        { domain: 'my', version: 1 },
      ],
    },
    { node: [node('Custom', ['x'], ['y'], { domain: 'my', attribute })] },
  );
  const { model } = await optimize(await readModel(bytes), 'exact', { verify: 'none' });
  const [custom] = (await readModel(await writeModel(model))).graph.nodes();
  expect(custom?.attributes.get('i')).toMatchObject({ value: 2n ** 63n - 1n });
  expect(custom?.attributes.get('is')).toMatchObject({ value: [2n ** 63n - 1n, 1n - 2n ** 63n] });
  expect(custom?.ints('is')).toEqual([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
});
