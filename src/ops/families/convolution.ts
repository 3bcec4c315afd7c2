/** Convolutions and pools. */
import { addDims, ceilDivide, type Dim, floorDivide, minDim, multiplyDims, subtractDims } from '../../ir/dims/dims.js';
import type { Call, InferRule, PartialDim } from '../call.js';
import { all, convolved, leastRank, sameDim, windowed } from '../demands.js';
import { exact, heavy, layer, places, scales } from '../precision.js';
import { intoKernel, overKernel } from '../products.js';
import type { Rows } from '../row.js';
import { convolutionWeights, transposedConvolutionWeights } from '../weights.js';

const numbers = (call: Call, name: string, rank: number, fallback: number): readonly number[] =>
  call.ints(name) ?? new Array<number>(rank).fill(fallback);

/** Positions of a window along one axis. */
function windows(size: PartialDim, axis: number, kernel: Dim, window: WindowAttributes): PartialDim {
  if (size === undefined) return undefined;
  const { autoPad, isCeil } = window;
  const stride = window.strides[axis] ?? 1;
  const extent = addDims(multiplyDims(subtractDims(kernel, 1), window.dilations[axis] ?? 1), 1);
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') return ceilDivide(size, stride);
  const rank = window.strides.length;
  const begin = autoPad === 'VALID' ? 0 : (window.pads[axis] ?? 0);
  const end = autoPad === 'VALID' ? 0 : (window.pads[axis + rank] ?? 0);
  const room = subtractDims(addDims(size, begin + end), extent);
  if (!isCeil) return addDims(floorDivide(room, stride), 1);
  const count = addDims(ceilDivide(room, stride), 1);
  if (stride === 1) return count;
  // The last window must begin within the input or its left padding.
  return minDim(count, addDims(floorDivide(addDims(size, begin - 1), stride), 1));
}

interface WindowAttributes {
  readonly autoPad: string;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly isCeil: boolean;
}

const windowOf = (call: Call, rank: number): WindowAttributes => ({
  autoPad: call.string('auto_pad') ?? 'NOTSET',
  strides: numbers(call, 'strides', rank, 1),
  dilations: numbers(call, 'dilations', rank, 1),
  pads: numbers(call, 'pads', 2 * rank, 0),
  isCeil: call.int('ceil_mode', 0) !== 0,
});

/** Conv over input 0 with the weights at `weights`, channels second or, in onnxruntime's NHWC forms, last; in some of these they are last in the weights too. */
export const conv =
  (weights = 1, isLast: (call: Call) => boolean = () => false, isTurned = false): InferRule =>
  (call) => {
    const [data, kernel] = [call.shape(0), call.shape(weights)];
    const rank = (data ?? kernel)?.length;
    if (rank === undefined || rank < 2) return;
    const first = isLast(call) ? 1 : 2;
    if (first === 1 && !data) return;
    const window = windowOf(call, rank - 2);
    const sizes = call.ints('kernel_shape') ?? (isTurned ? kernel?.slice(1, -1) : kernel?.slice(2));
    const dims = Array.from({ length: rank - 2 }, (_, axis) => {
      const size = sizes?.[axis];
      return size === undefined ? undefined : windows(data?.[axis + first], axis, size, window);
    });
    call.set(0, first === 1 ? [data?.[0], ...dims, kernel?.[0]] : [data?.[0], kernel?.[0], ...dims]);
  };

const convTranspose: InferRule = (call) => {
  const [data, kernel] = [call.shape(0), call.shape(1)];
  const rank = (data ?? kernel)?.length;
  if (rank === undefined || rank < 2) return;
  const spatial = rank - 2;
  const { autoPad, strides, dilations, pads } = windowOf(call, spatial);
  const extra = numbers(call, 'output_padding', spatial, 0);
  const given = call.ints('output_shape');
  const sizes = call.ints('kernel_shape') ?? kernel?.slice(2);
  const dims = Array.from({ length: spatial }, (_, axis): PartialDim => {
    // Some exporters give batch and channels too.
    if (given) return given.at(axis - spatial);
    const [size, width, stride] = [data?.[axis + 2], sizes?.[axis], strides[axis] ?? 1];
    if (size === undefined || width === undefined) return undefined;
    const extent = addDims(multiplyDims(subtractDims(width, 1), dilations[axis] ?? 1), 1);
    if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
      // A kernel that is narrower than the stride leaves the last places out: nothing is padded.
      const last = minDim(addDims(extent, extra[axis] ?? 0), stride);
      return addDims(multiplyDims(subtractDims(size, 1), stride), last);
    }
    const padding = autoPad === 'VALID' ? 0 : (pads[axis] ?? 0) + (pads[axis + spatial] ?? 0);
    return subtractDims(
      addDims(multiplyDims(subtractDims(size, 1), stride), addDims(extent, extra[axis] ?? 0)),
      padding,
    );
  });
  const channels = kernel?.[1];
  call.set(0, [data?.[0], channels === undefined ? undefined : multiplyDims(channels, call.int('group', 1)), ...dims]);
};

/** A pool over input 0; indices, where it gives them, have its shape. */
export const pool: InferRule = (call) => pooled(call, call.int('channels_last', 0) !== 0);
export const poolChannelsLast: InferRule = (call) => pooled(call, true);

function pooled(call: Call, isLast: boolean): void {
  const data = call.shape(0);
  const kernel = call.ints('kernel_shape');
  if (!data || !kernel) return;
  const window = windowOf(call, kernel.length);
  const first = isLast ? 1 : 2;
  const dims = kernel.map((size, axis) => windows(data[axis + first], axis, size, window));
  const shape = isLast ? [data[0], ...dims, data.at(-1)] : [data[0], data[1], ...dims];
  call.set(0, shape);
  call.set(1, shape);
}

export const globalPool: InferRule = (call) => {
  const isLast = call.int('channels_last', 0) !== 0;
  call.set(
    0,
    call.shape(0)?.map((dim, axis, { length }) => (axis === 0 || axis === (isLast ? length - 1 : 1) ? dim : 1)),
  );
};

const maxUnpool: InferRule = (call) => {
  const data = call.shape(0);
  const kernel = call.ints('kernel_shape');
  if (!data || !kernel) return;
  if (call.has(2)) return call.set(0, call.contents(2) ?? data.map(() => undefined));
  const { strides, pads } = windowOf(call, kernel.length);
  const dims = kernel.map((size, axis) => {
    const padding = (pads[axis] ?? 0) + (pads[axis + kernel.length] ?? 0);
    return addDims(multiplyDims(subtractDims(data[axis + 2] as Dim, 1), strides[axis] ?? 1), size - padding);
  });
  call.set(0, [data[0], data[1], ...dims]);
};

const maxRoiPool: InferRule = (call) =>
  call.set(0, [call.dim(1, 0), call.dim(0, 1), ...(call.ints('pooled_shape') ?? [undefined, undefined])]);

const deformConv = conv();

export const convolution: Rows = {
  Conv: {
    infer: conv(),
    demands: convolved(),
    precision: layer,
    weights: convolutionWeights(),
    products: overKernel(),
  },
  ConvInteger: { infer: conv(), demands: convolved(), products: overKernel() },
  QLinearConv: { infer: conv(3), demands: convolved(3), precision: scales, products: overKernel(3) },
  DeformConv: { infer: deformConv, weights: convolutionWeights(), products: overKernel() },
  ConvTranspose: {
    infer: convTranspose,
    demands: all(windowed(1), sameDim(0, 1, 1, 0)),
    precision: heavy,
    weights: transposedConvolutionWeights,
    products: intoKernel,
  },
  MaxPool: { infer: pool, demands: windowed(), precision: exact },
  AveragePool: { infer: pool, demands: windowed() },
  LpPool: { infer: pool, demands: windowed() },
  GlobalAveragePool: { infer: globalPool, demands: leastRank(0, 3) },
  GlobalMaxPool: { infer: globalPool, demands: leastRank(0, 3), precision: exact },
  GlobalLpPool: { infer: globalPool, demands: leastRank(0, 3) },
  MaxUnpool: { infer: maxUnpool, precision: exact },
  MaxRoiPool: { infer: maxRoiPool, precision: { decides: [places(1)] } },
};
