/** Files that fuzzing found: passes threw, or wrote what the reader refuses. */
import { expect, it } from 'vitest';
import { explain } from '../../src/explain.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { floats, info, modelBytes, node } from '../onnx/bytes.js';
import { runModel } from '../run-model.js';

const int = (name: string, i: number) => ({ name, type: 2, i });

const optional = { name: 'x', type: { optionalType: { elemType: info('').type } } };

const found: readonly (readonly [name: string, passes: string, bytes: Uint8Array])[] = [
  [
    'a mean over an axis beyond the rank',
    'exact',
    modelBytes(
      {},
      {
        input: [info('x', 1, [])],
        initializer: [floats('two', [2], []), floats('eps', [1e-5], [])],
        node: [
          node('ReduceMean', ['x'], ['m'], { attribute: [{ name: 'axes', type: 7, ints: [1] }] }),
          node('Sub', ['x', 'm'], ['d']),
          node('Pow', ['d', 'two'], ['p']),
          node('ReduceMean', ['p'], ['v'], { attribute: [{ name: 'axes', type: 7, ints: [1] }] }),
          node('Add', ['v', 'eps'], ['ve']),
          node('Sqrt', ['ve'], ['s']),
          node('Div', ['d', 's'], ['y']),
        ],
      },
    ),
  ],
  [
    'an optional of a scalar',
    'flatten-outputs',
    modelBytes(
      {},
      {
        node: [node('ReduceSum', ['x'], ['q'], { attribute: [int('keepdims', 0)] }), node('Identity', ['q'], ['y'])],
        output: [{ name: 'y', type: { optionalType: { elemType: { tensorType: { elemType: 1, shape: {} } } } } }],
      },
    ),
  ],
  [
    'an optional of no element type',
    'flatten-outputs',
    modelBytes({}, { output: [{ name: 'y', type: { optionalType: { elemType: { tensorType: { elemType: 0 } } } } }] }),
  ],
  [
    'an operator called as what every object has',
    'exact',
    modelBytes({}, { node: [node('constructor', ['x', 'x'], ['y'])] }),
  ],
  [
    'an optional listed twice',
    'flatten-outputs',
    modelBytes(
      {},
      {
        output: [
          { ...optional, name: 'y' },
          { ...optional, name: 'y' },
        ],
      },
    ),
  ],
  [
    'an optional that goes through under one name',
    'flatten-outputs',
    modelBytes({}, { input: [optional], node: [], output: [optional] }),
  ],
  [
    'parts of other ranks than the whole',
    'fuse-rope',
    modelBytes(
      {},
      {
        input: [info('x', 1, [8])],
        initializer: [floats('w', new Array(16).fill(1), [2, 2, 2, 2])],
        node: [
          node('Neg', ['x'], ['n']),
          node('Concat', ['n', 'w', 'x'], ['c'], { attribute: [int('axis', 0)] }),
          node('Mul', ['c', 'c'], ['s']),
          node('Add', ['s', 'c'], ['y']),
        ],
      },
    ),
  ],
];

it.each(found)('%s: %s gives what is read again', async (_, passes, bytes) => {
  const model = await readModel(bytes);
  await explain(model);
  const { model: result } = await optimize(model, passes, { verify: 'none' });
  await readModel(await writeModel(result));
});

it('an output listed twice is given twice by whatever a pass makes of it', async () => {
  const bytes = modelBytes(
    {},
    { node: [node('Identity', ['x'], ['h']), node('Dropout', ['h'], ['y'])], output: [info('y'), info('y')] },
  );
  const { model } = await optimize(await readModel(bytes), 'exact', { verify: 'none' });
  const feeds = { x: tensorOf('float32', [1, -2], [2]) };
  const [before, after] = [await runModel(bytes, feeds), await runModel(await writeModel(model), feeds)];
  expect(model.graph.outputPorts.map(({ name }) => name)).toEqual(['y', 'y']);
  expect(after.y?.bytes()).toEqual(before.y?.bytes());
});
