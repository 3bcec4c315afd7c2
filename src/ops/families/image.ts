/** Operators on images and boxes. */

import { maxOf, minOf } from '../../ir/collections/lists.js';
import { axisOf } from '../../ir/dims/axes.js';
import { type Dim, floorDivide, multiplyDims } from '../../ir/dims/dims.js';
import type { Call, Contents, InferRule, PartialDim } from '../call.js';
import { all, rank } from '../demands.js';
import { places, ranks } from '../precision.js';
import type { Rows } from '../row.js';
import { unknownDims } from '../shapes.js';

/** A dim scaled and rounded down; a symbol only by a factor that float32 multiplies exactly: 2, 0.5, 1.25. */
function scaled(dim: PartialDim, scale: PartialDim): PartialDim {
  if (dim === undefined || typeof scale !== 'number') return undefined;
  if (typeof dim === 'number') {
    // The runtime multiplies in float32.
    return Math.floor(Math.fround(Math.fround(dim) * Math.fround(scale)));
  }
  return scale >= 0 && Number.isInteger(scale * FINEST)
    ? floorDivide(multiplyDims(dim, scale * FINEST), FINEST)
    : undefined;
}

/** Scales of so many parts of one, or fewer, are followed. */
const FINEST = 16;

/** With its aspect kept, an image is scaled by the least or the greatest of the scales that the sizes ask for. */
function aspectScale(policy: string, dims: readonly PartialDim[], sizes: readonly PartialDim[]): number | undefined {
  const scales = sizes.map((size, at) => {
    const dim = dims[at];
    return typeof size === 'number' && typeof dim === 'number' && dim > 0 ? Math.fround(size / dim) : Number.NaN;
  });
  const scale = policy === 'not_larger' ? minOf(scales) : maxOf(scales);
  return Number.isFinite(scale) ? scale : undefined;
}

const resize: InferRule = (call) => {
  const shape = call.shape(0);
  if (!shape) return;
  const isOld = call.opset < 11;
  const scalesAt = isOld ? 1 : 2;
  const named = call.ints('axes') ?? shape.map((_, axis) => axis);
  const axes = named.map((axis) => axisOf(axis, shape.length));
  const of = (list: Contents | undefined, axis: number): PartialDim => list?.[axes.indexOf(axis)];
  const isGiven = (index: number) => call.has(index) && call.dim(index, 0) !== 0;
  const policy = call.string('keep_aspect_ratio_policy') ?? 'stretch';
  const sizes = !isOld && isGiven(3);
  const values = call.contents(sizes ? 3 : scalesAt);
  const dims = axes.map((axis) => (axis === undefined ? undefined : shape[axis]));
  const scale = sizes && policy !== 'stretch' && values ? aspectScale(policy, dims, values) : undefined;
  call.set(
    0,
    shape.map((dim, axis) => {
      if (!axes.includes(axis)) return dim;
      const value = of(values, axis);
      if (sizes && policy === 'stretch') return value;
      if (sizes)
        return typeof dim === 'number' && scale !== undefined ? Math.round(Math.fround(dim * scale)) : undefined;
      return scaled(dim, value);
    }),
  );
};

const upsample: InferRule = (call) => {
  const shape = call.shape(0);
  if (!shape) return;
  const [height, width] = [floatOf(call, 'height_scale'), floatOf(call, 'width_scale')];
  const old = height !== undefined && width !== undefined ? [1, 1, height, width] : undefined;
  const scales = call.opset < 7 ? old : call.opset < 9 ? call.floats('scales') : call.contents(1);
  call.set(
    0,
    shape.map((dim, axis) => scaled(dim, scales?.[axis])),
  );
};

function floatOf(call: Call, name: string): number | undefined {
  const attribute = call.attribute(name);
  return attribute?.type === 'float' ? attribute.value : undefined;
}

/** Batch and channels of the input, places of the grid. */
export const gridSample: InferRule = (call) => {
  const grid = call.shape(1);
  call.set(0, grid && [call.dim(0, 0), call.dim(0, 1), ...grid.slice(1, -1)]);
};

const affineGrid: InferRule = (call) => {
  const size = call.contents(1);
  const rank = call.dim(1, 0);
  const dims = size ?? unknownDims(rank);
  call.set(0, dims && [dims[0], ...dims.slice(2), dims.length - 2]);
};

const nonMaxSuppression: InferRule = (call) => call.set(0, [undefined, 3]);

const roiAlign: InferRule = (call) => {
  const boxes: Dim | undefined = call.dim(1, 0);
  call.set(0, [boxes, call.dim(0, 1), call.int('output_height', 1), call.int('output_width', 1)]);
};

const imageDecoder: InferRule = (call) =>
  call.set(0, [undefined, undefined, call.string('pixel_format') === 'Grayscale' ? 1 : 3]);

export const image: Rows = {
  Resize: { infer: resize, precision: { float32Inputs: [1, 2] } },
  Upsample: { infer: upsample, precision: { float32Inputs: [1] } },
  GridSample: { infer: gridSample, precision: { stays: 'coordinates', decides: [places(1)] } },
  AffineGrid: { infer: affineGrid },
  NonMaxSuppression: {
    infer: nonMaxSuppression,
    demands: all(rank(0, 3), rank(1, 3)),
    precision: { stays: 'coordinates', decides: [places(0), ranks(1)] },
  },
  RoiAlign: { infer: roiAlign, precision: { stays: 'coordinates', decides: [places(1)] } },
  ImageDecoder: { infer: imageDecoder },
};
