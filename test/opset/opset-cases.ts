/** Each op that later operator sets changed, in its old form. */
import { float } from '../../src/ir/attribute.js';
import type { GraphBuilder } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import { randomWeights } from '../check-pass.js';

export const image = (g: GraphBuilder) => g.input('x', 'float32', ['batch', 3, 4, 6]);
const image2 = (g: GraphBuilder) => g.input('x2', 'float32', ['batch', 3, 4, 6]);
const attribute = (value: number[]) => ({ type: 'floats' as const, value });

/** The op's old form, at the opset it comes from; the newest opset for which the runtime has a kernel. */
export const cases: [string, number, (g: GraphBuilder) => Value, newest?: number][] = [
  ['Slice by attributes', 9, (g) => g.op('Slice', [image(g)], { starts: [1, 0], ends: [3, 2], axes: [2, 1] })],
  [
    'Slice to the end',
    9,
    (g) =>
      g.op('Slice', [image(g)], {
        starts: { type: 'ints', value: [1n] },
        ends: { type: 'ints', value: [2n ** 63n - 1n] },
        axes: [3],
      }),
  ],
  ['TopK by attribute', 9, (g) => g.op('TopK', [image(g)], { k: 2, axis: 3 }, { outputs: 2 })],
  ['Clip by attributes', 9, (g) => g.op('Clip', [image(g)], { min: float(-0.5), max: float(0.5) })],
  ['Clip with a maximum alone', 9, (g) => g.op('Clip', [image(g)], { max: float(0.5) })],
  ['Pad by attributes', 9, (g) => g.op('Pad', [image(g)], { pads: [0, 0, 1, 2, 0, 0, 3, 0], value: float(1.5) })],
  ['Upsample', 9, (g) => g.op('Upsample', [image(g), g.constant('float32', [1, 1, 2, 3])], { mode: 'nearest' })],
  [
    'Upsample by attribute, linear',
    7,
    (g) => g.op('Upsample', [image(g)], { mode: 'linear', scales: attribute([1, 1, 2, 2]) }),
  ],
  [
    'Resize before 11',
    10,
    (g) => g.op('Resize', [image(g), g.constant('float32', [1, 1, 1.5, 0.5])], { mode: 'linear' }),
  ],
  [
    'Resize that shrinks, nearest',
    10,
    (g) => g.op('Resize', [image(g), g.constant('float32', [1, 1, 0.6, 0.6])], { mode: 'nearest' }),
  ],
  [
    'Resize that enlarges, nearest',
    10,
    (g) => g.op('Resize', [image(g), g.constant('float32', [1, 1, 1.7, 1])], { mode: 'nearest' }),
  ],
  ['Dropout', 9, (g) => g.op('Dropout', [image(g)], { ratio: float(0.3) })],
  ['Softmax over several axes', 9, (g) => g.op('Softmax', [image(g)], { axis: 2 })],
  ['Softmax by default', 11, (g) => g.op('Softmax', [image(g)])],
  ['LogSoftmax over the last axis', 12, (g) => g.op('LogSoftmax', [image(g)], { axis: 3 })],
  [
    'Squeeze and Unsqueeze',
    11,
    (g) => g.op('Squeeze', [g.op('Unsqueeze', [image(g)], { axes: [0, 3] })], { axes: [0] }),
  ],
  ['Split', 11, (g) => g.op('Split', [image(g)], { axis: 3, split: [2, 4] }, { outputs: 2 })],
  [
    "the runtime's own LayerNormalization",
    11,
    (g) => g.op('LayerNormalization', [image(g), g.constant(randomWeights([6]))], { axis: -1, epsilon: float(0.1) }),
  ],
  ['ReduceSum', 11, (g) => g.op('ReduceSum', [image(g)], { axes: [1, 3], keepdims: 0 })],
  [
    'Resize to sizes, by an empty list of scales',
    11,
    (g) =>
      g.op('Resize', [image(g), g.constant('float32', []), g.constant('float32', []), g.ints(2, 3, 8, 9)], {
        mode: 'linear',
      }),
  ],
  ['Hardmax over several axes', 11, (g) => g.op('Hardmax', [image(g)], { axis: 1 })],
  ['Dropout with a mask that nothing reads', 11, (g) => g.op('Dropout', [image(g)], {}, { outputs: 2 })],
  ['ReduceMean', 13, (g) => g.op('ReduceMean', [image(g)], { axes: [-1] })],
  ['ReduceMax over all', 13, (g) => g.op('ReduceMax', [image(g)], { keepdims: 0 })],
  ['ReduceLogSumExp', 11, (g) => g.op('ReduceLogSumExp', [image(g)], { axes: [0, 2] })],
  ['Split into equal parts', 13, (g) => g.op('Split', [image(g)], { axis: 3 }, { outputs: 3 })],
  [
    'RoiAlign',
    10,
    (g) =>
      g.op(
        'RoiAlign',
        [image(g), g.constant('float32', [0, 0, 5, 3, 1, 0, 4, 2], [2, 4]), g.constant('int64', [0, 1])],
        { output_height: 2, output_width: 2 },
      ),
    21,
  ],
  [
    'GridSample',
    16,
    (g) =>
      g.op('GridSample', [image(g), g.constant('float32', [-1, 0, 0.5, 0.3, 0.9, 1, 0, 0], [2, 2, 1, 2])], {
        mode: 'bicubic',
        padding_mode: 'border',
      }),
  ],
  ['DFT along its default axis', 17, (g) => g.op('DFT', [g.op('Unsqueeze', [image(g), g.ints(-1)])], { onesided: 1 })],
  ['DFT along another', 17, (g) => g.op('DFT', [g.op('Unsqueeze', [image(g), g.ints(-1)])], { axis: 3 })],
  [
    'GroupNormalization by groups',
    18,
    (g) => {
      const x = g.op('Concat', [image(g), image2(g)], { axis: 1 });
      const perGroup = (...values: number[]) => g.constant('float32', values);
      return g.op('GroupNormalization', [x, perGroup(1, -2, 0.5), perGroup(0, 1, 2)], { num_groups: 3 });
    },
  ],
  [
    'Pool with ceil_mode',
    10,
    (g) => g.op('AveragePool', [image(g)], { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 }),
  ],
  ['LSTM', 7, (g) => recurrent(g, 'LSTM', 4)],
  ['GRU', 7, (g) => recurrent(g, 'GRU', 3)],
];

/** One direction, 5 numbers a step, 4 hidden. */
function recurrent(g: GraphBuilder, op: string, gates: number): Value {
  const weights = (columns: number, seed: number) => g.constant(randomWeights([1, gates * 4, columns], 0.5, seed));
  return g.op(op, [g.input('x', 'float32', [6, 'batch', 5]), weights(5, 3), weights(4, 4)], { hidden_size: 4 });
}
