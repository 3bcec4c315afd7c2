/** Fourier transforms. */

import { axisOf } from '../../ir/dims/axes.js';
import { addDims, type Dim, floorDivide, multiplyDims, subtractDims } from '../../ir/dims/dims.js';
import type { InferRule, PartialDim } from '../call.js';
import type { Rows } from '../row.js';

/** Frequencies of a real signal, the mirrored ones left out. */
const half = (length: PartialDim): PartialDim =>
  length === undefined ? undefined : addDims(floorDivide(length, 2), 1);

const dft: InferRule = (call) => {
  const shape = call.shape(0);
  if (!shape) return;
  const named = call.opset < 20 ? call.int('axis', 1) : call.has(2) ? call.scalar(2) : -2;
  if (typeof named !== 'number')
    return call.set(
      0,
      shape.map(() => undefined),
    );
  const axis = axisOf(named, shape.length);
  const isOneSided = call.int('onesided', 0) !== 0;
  const isInverse = call.int('inverse', 0) !== 0;
  const size = axis === undefined ? undefined : shape[axis];
  // Back from one side: a real signal.
  const isReal = isOneSided && isInverse;
  const whole = isReal && size !== undefined ? multiplyDims(subtractDims(size, 1), 2) : size;
  const given = call.has(1) ? call.scalar(1) : whole;
  const length = isOneSided && !isInverse ? half(given) : given;
  call.set(
    0,
    shape.map((dim, at) => (at === axis ? length : at === shape.length - 1 ? (isReal ? 1 : 2) : dim)),
  );
};

const stft: InferRule = (call) => {
  const [batch, length] = [call.dim(0, 0), call.dim(0, 1)];
  const step = call.scalar(1);
  const frame: PartialDim = call.has(3) ? call.scalar(3) : call.dim(2, 0);
  const frames =
    length === undefined || frame === undefined || typeof step !== 'number'
      ? undefined
      : addDims(floorDivide(subtractDims(length, frame as Dim), step), 1);
  call.set(0, [batch, frames, call.int('onesided', 1) !== 0 ? half(frame) : frame, 2]);
};

export const signal: Rows = {
  DFT: { infer: dft, precision: { stays: 'spectrum' } },
  STFT: { infer: stft, precision: { stays: 'spectrum' } },
};
