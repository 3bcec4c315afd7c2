/**
 * Demands of operators on ranks and sizes. onnxruntime refuses the same at run time, where it could not know the shapes
 * before.
 */
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import { memoryTensor } from '../../src/ir/tensors/tensor.js';
import type { DataType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { writeModel } from '../../src/onnx/write.js';
import { RuntimeProcess } from '../../src/runtime/isolate.js';
import { toTensorData } from '../../src/runtime/tensor-data.js';
import { runModel } from '../run-model.js';

type Attributes = Readonly<Record<string, number | string | number[]>>;

const sizes: Partial<Record<DataType, number>> = { float32: 4, int64: 8, bool: 1, uint8: 1 };

/** Data of these dims, of float32 where nothing else is said; `=0 1` is a constant list of int64, `-` none. */
function dataOf(text: string) {
  const [elem = '', ...rest] = text.split(' ');
  const isNamed = Object.hasOwn(sizes, elem);
  const shape = (isNamed ? rest : text.split(' ').filter((one) => one !== '')).map(Number);
  return { elem: (isNamed ? elem : 'float32') as DataType, shape };
}

/** One node over inputs that say their shapes, or do not. */
const modelOf = (opType: string, inputs: readonly string[], attributes: Attributes, isDeclared: boolean) =>
  buildModel({ '': 17 }, (g) => {
    const value = (text: string, index: number): Value | undefined => {
      if (text === '-') return undefined;
      if (text.startsWith('=')) return g.ints(...text.slice(1).split(' ').map(Number));
      const { elem, shape } = dataOf(text);
      return isDeclared ? g.input(`x${index}`, elem, shape) : g.input(`x${index}`, elem);
    };
    g.output('y', g.op(opType, inputs.map(value), attributes, { outputs: opType === 'TopK' ? 2 : 1 }));
  });

function feedsOf(inputs: readonly string[]) {
  const feeds = inputs.flatMap((text, index) => {
    if (text === '-' || text.startsWith('=')) return [];
    const { elem, shape } = dataOf(text);
    const bytes = shape.reduce((a, b) => a * b, sizes[elem] as number);
    return [[`x${index}`, memoryTensor(elem, shape, new Uint8Array(bytes))] as const];
  });
  return Object.fromEntries(feeds);
}

const lstm = ['1 16 2', '1 16 4'];
/** Of each row: an op, its inputs, attributes, and what was expected of them. */
const rows: readonly [string, readonly string[], Attributes, RegExp][] = [
  ['LSTM', ['5 3 2 1', ...lstm], { hidden_size: 4 }, /input 0 of rank 3/],
  ['LSTM', ['5 3 2', '16 2', '1 16 4'], { hidden_size: 4 }, /input 1 of rank 3/],
  ['LSTM', ['5 3 2', '1 16 2', '16 4'], { hidden_size: 4 }, /input 2 of rank 3/],
  ['LSTM', ['5 3 2', ...lstm, '-', '-', '3 4'], { hidden_size: 4 }, /input 5 of rank 3/],
  ['LSTM', ['5 3 2', ...lstm, '-', '-', '1 3 4', '3 4'], { hidden_size: 4 }, /input 6 of rank 3/],
  ['LSTM', ['5 3 7', ...lstm], { hidden_size: 4 }, /2 at axis 2 of input 0, not 7/],
  ['GRU', ['5 3 2 1', '1 12 2', '1 12 4'], { hidden_size: 4 }, /input 0 of rank 3/],
  ['RNN', ['5 3 2 1', '1 4 2', '1 4 4'], { hidden_size: 4 }, /input 0 of rank 3/],
  ['Conv', ['2 8', '1 3 3'], { kernel_shape: [3] }, /data of rank 3/],
  ['Conv', ['2 8', '1 3 3'], {}, /data and weights of one rank/],
  ['Conv', ['1 2 8', '1 3 3'], {}, /3 channels, not 2/],
  ['ConvInteger', ['uint8 1 3 8 8', 'uint8 1 3 3'], {}, /data and weights of one rank/],
  ['ConvTranspose', ['3 8', '3 1 3'], {}, /data and weights of one rank/],
  ['ConvTranspose', ['1 2 8', '3 1 3'], {}, /3 at axis 1 of input 0, not 2/],
  ['MaxPool', ['1 3 8 8'], { kernel_shape: [2] }, /data of rank 3/],
  ['AveragePool', ['3 8'], { kernel_shape: [2] }, /data of rank 3/],
  ['LpPool', ['1 3 8'], { kernel_shape: [2, 2] }, /data of rank 4/],
  ['GlobalAveragePool', ['3 8'], {}, /input 0 of rank 3 or more/],
  ['GlobalMaxPool', ['3 8'], {}, /input 0 of rank 3 or more/],
  ['BatchNormalization', ['2 3 4', '4', '4', '4', '4'], {}, /4 at axis 1 of input 0, not 3/],
  ['InstanceNormalization', ['2 3', '3', '3'], {}, /input 0 of rank 3 or more/],
  ['LayerNormalization', ['2 3', '3'], { axis: 2 }, /an axis of its inputs, not 2/],
  ['MatMul', ['2 3', '4 3'], {}, /as many columns/],
  ['MatMul', ['', '3'], {}, /matrices or vectors/],
  ['MatMulInteger', ['uint8 2 3', 'uint8 4 3'], {}, /as many columns/],
  ['Gemm', ['2 3 1', '3 2'], {}, /two matrices/],
  ['Gemm', ['2 3', '3'], {}, /two matrices/],
  ['Einsum', ['2 3 4', '3 4'], { equation: 'ij,jl->il' }, /input 0 with an axis for each label of ij/],
  ['Det', ['3'], {}, /input 0 of rank 2 or more/],
  ['Add', ['2 3', '4'], {}, /shapes that broadcast/],
  ['PRelu', ['2 3', '4'], {}, /shapes that broadcast/],
  ['Where', ['bool 2', '3', '1'], {}, /shapes that broadcast/],
  ['Trilu', ['3'], {}, /input 0 of rank 2 or more/],
  ['Softmax', ['2 3'], { axis: 2 }, /an axis of its inputs, not 2/],
  ['CumSum', ['2 3', '=2'], {}, /an axis of its inputs, not 2/],
  ['ReduceMean', ['2 3'], { axes: [-3] }, /an axis of its inputs, not -3/],
  ['ReduceSum', ['2 3', '=2'], {}, /an axis of its inputs, not 2/],
  ['ArgMax', ['2 3'], { axis: 2 }, /an axis of its inputs, not 2/],
  ['Reshape', ['2 3', 'int64 1 2'], {}, /input 1 of rank 1/],
  ['Flatten', ['2 3'], { axis: 3 }, /an axis of its inputs, not 3/],
  ['Transpose', ['2 3'], { perm: [0, 2, 1] }, /rank 3, as perm has/],
  ['Squeeze', ['2 3', '=2'], {}, /an axis of its inputs, not 2/],
  ['Squeeze', ['2 3', '=-1'], {}, /1 at axis -1/],
  ['Unsqueeze', ['2 3', '=-4'], {}, /an axis of its inputs, not -4/],
  ['DepthToSpace', ['4 3 3'], { blocksize: 2 }, /input 0 of rank 4/],
  ['Concat', ['2 3', '2 3 4'], { axis: 0 }, /inputs of one rank/],
  ['Split', ['2 3'], { axis: 2 }, /an axis of its inputs, not 2/],
  ['Expand', ['2 3', '=3 3'], {}, /a shape that broadcasts with \[3, 3\]/],
  ['Tile', ['2 3', '=3 3 1'], {}, /2 numbers in input 1/],
  ['Pad', ['2 3 4', '=0 0 1 1'], {}, /6 numbers in input 1/],
  ['Gather', ['2 3', '=0'], { axis: 2 }, /an axis of its inputs, not 2/],
  ['GatherElements', ['2 3', 'int64 2 3 1'], {}, /inputs 0 and 1 of one rank/],
  ['ScatterElements', ['2 3', 'int64 2 3 1', '2 3 1'], {}, /inputs 0 and 1 of one rank/],
  ['Slice', ['2 3', '=0', '=1', '=2'], {}, /an axis of its inputs, not 2/],
  ['TopK', ['2 3', '=1'], { axis: 2 }, /an axis of its inputs, not 2/],
  ['NonMaxSuppression', ['3 4', '1 1 3'], {}, /input 0 of rank 3/],
  ['EyeLike', ['3'], {}, /input 0 of rank 2/],
];

describe('demands', () => {
  it.each(rows)('%s of %j, %j: refused when it runs', async (opType, inputs, attributes, expected) => {
    const { violations } = inferTypes(modelOf(opType, inputs, attributes, true));
    expect(violations).toEqual([expect.objectContaining({ expected: expect.stringMatching(expected) })]);
    const open = modelOf(opType, inputs, attributes, false);
    expect(inferTypes(open).violations).toEqual([]);
    await expect(runModel(await writeModel(open), feedsOf(inputs))).rejects.toThrow(`running ${opType} node`);
  });

  it.each<[string, readonly string[], Attributes]>([
    // The kernels take these before they look.
    ['Gemm', ['3', '3 2'], {}],
    ['Softmax', ['0 3'], { axis: 2 }],
    ['ReduceMean', ['0 3'], { axes: [2] }],
    ['ArgMax', ['0 3'], { axis: 2 }],
    // Of a scalar any axis may be reduced; what has no elements is joined with anything.
    ['ReduceMax', [''], { axes: [0] }],
    ['ReduceSum', ['', '=0'], {}],
    ['ArgMax', [''], { axis: 1 }],
    ['Concat', ['0 2 3', '2 3'], { axis: 0 }],
  ])('%s of %j, %j runs, and is demanded nothing of', async (opType, inputs, attributes) => {
    expect(inferTypes(modelOf(opType, inputs, attributes, true)).violations).toEqual([]);
    await runModel(await writeModel(modelOf(opType, inputs, attributes, false)), feedsOf(inputs));
  });

  it('are made by the runtime too, of inputs of any rank, with and without elements', async () => {
    const shapes = ['', '0 3', '2 0 3'];
    const believed: string[] = [];
    const runtime = await RuntimeProcess.start();
    for (const [opType, inputs, attributes] of rows)
      for (const [index, text] of inputs.slice(0, 1).entries()) {
        if (text === '-' || text.startsWith('=')) continue;
        const { elem } = dataOf(text);
        for (const shape of shapes) {
          const varied = inputs.with(index, `${elem} ${shape}`);
          const { violations } = inferTypes(modelOf(opType, varied, attributes, true));
          if (violations.length === 0) continue;
          const session = await runtime.load(await writeModel(modelOf(opType, varied, attributes, false)), {
            provider: 'cpu',
          });
          // The runtime's process may end: that is a refusal as well.
          const isRefused = await session
            .run(Object.fromEntries(Object.entries(feedsOf(varied)).map(([name, one]) => [name, toTensorData(one)])))
            .then(
              () => false,
              () => true,
            );
          await session.release().catch(() => undefined);
          if (!isRefused) believed.push(`${opType} of ${JSON.stringify(varied)}: ${violations[0]?.expected}`);
        }
      }
    await runtime.close();
    expect(believed).toEqual([]);
  });
});
