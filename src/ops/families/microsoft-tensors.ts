/** com.microsoft operators on tensors: layout, text, transforms, and those that older exporters wrote before ONNX had them. */

import { axisOf } from '../../ir/dims/axes.js';
import { addDims, floorDivide, multiplyDims, subtractDims } from '../../ir/dims/dims.js';
import type { Shape } from '../../ir/types.js';
import type { Call, InferRule, PartialDim, PartialShape } from '../call.js';
import type { Rows } from '../row.js';
import { broadcastShapes, like } from '../shapes.js';
import { pool } from './convolution.js';
import { range } from './generators.js';
import { gatherND } from './indexing.js';
import { padded } from './joining.js';
import { matMulShape } from './matrix.js';
import { regrouped } from './views.js';

/** The shape with its last `count` dims replaced. */
const ending = (shape: Shape | undefined, count: number, ...dims: PartialDim[]): PartialShape | undefined =>
  shape && shape.length >= count ? [...shape.slice(0, shape.length - count), ...dims] : undefined;

const expandDims: InferRule = (call) => {
  const shape = call.shape(0);
  const given = call.scalar(1);
  const axis = shape && typeof given === 'number' ? axisOf(given, shape.length + 1) : undefined;
  if (!shape) return;
  call.set(
    0,
    axis === undefined ? [...shape, 1].map(() => undefined) : [...shape.slice(0, axis), 1, ...shape.slice(axis)],
  );
};

const pad: InferRule = (call) => {
  const shape = call.shape(0);
  const pads = call.contents(1);
  call.set(0, shape && padded(shape, [...shape.keys()], pads));
};

/** Values that differ, where each value of the input stands among them, how often each is there. */
const unique: InferRule = (call) => {
  const count = call.unknown(0, 0) ?? call.unknown(2, 0);
  call.set(0, [count]);
  call.set(1, call.shape(0));
  call.set(2, [count]);
};

/** Windows along one axis, their elements along a new last one. */
const unfold: InferRule = (call) => {
  const shape = call.shape(0);
  const [size, step] = [call.int('size'), call.int('step', 1)];
  const axis = shape && axisOf(call.int('dim', -1), shape.length);
  if (!shape || size === undefined) return;
  const windows = (dim: Shape[number]) => addDims(floorDivide(subtractDims(dim, size), step), 1);
  call.set(0, [...shape.map((dim, at) => (at === axis ? windows(dim) : dim)), size]);
};

/** Tokens of each text, along a new axis; an empty input stays as it is. */
const tokenizer: InferRule = (call) => {
  const shape = call.shape(0);
  const isFilled = shape?.every((dim) => typeof dim === 'number' && dim > 0);
  call.set(0, isFilled ? [...(shape ?? []), undefined] : undefined);
};

const cropAndResize: InferRule = (call) => {
  const size = call.contents(3);
  call.set(0, [call.dim(1, 0), call.dim(0, 1), size?.[0], size?.[1]]);
};

/** Frequencies of a real signal, then their real and imaginary parts. */
const rfft: InferRule = (call) => {
  const length = call.dim(0, -1);
  call.set(0, ending(call.shape(0), 1, length === undefined ? undefined : addDims(floorDivide(length, 2), 1), 2));
};

const irfft: InferRule = (call) => {
  const bins = call.dim(0, -2);
  call.set(0, ending(call.shape(0), 2, bins === undefined ? undefined : multiplyDims(subtractDims(bins, 1), 2)));
};

const removePadding: InferRule = (call) => {
  const [batch, length] = [call.dim(0, 0), call.dim(0, 1)];
  call.set(0, [undefined, call.dim(0, 2)]);
  call.set(1, [batch, length]);
  call.set(2, [batch === undefined ? undefined : addDims(batch, 1)]);
  call.set(3, [1]);
};

const product = (a: Shape | undefined, b: Shape | undefined, call: Call): PartialShape | undefined => {
  const turned = (shape: Shape | undefined, name: string) =>
    shape && call.int(name, 0) !== 0 && shape.length > 1
      ? ([...shape.slice(0, -2), shape.at(-1), shape.at(-2)] as Shape)
      : shape;
  return matMulShape(turned(a, 'transA'), turned(b, 'transB'));
};

export const microsoftTensors: Rows = {
  CropAndResize: { infer: cropAndResize },
  ExpandDims: { infer: expandDims, moves: { from: [0], how: regrouped } },
  GatherND: { infer: gatherND, moves: { from: [0] } },
  Irfft: { infer: irfft },
  MatMulFpQ4: { infer: (call) => call.set(0, ending(call.shape(0), 1, call.contents(2)?.[1])) },
  MaxpoolWithMask: { infer: pool },
  MulInteger: { infer: (call) => call.set(0, broadcastShapes(call.shape(0), call.shape(2))) },
  Pad: { infer: pad, moves: { from: [0, 2], fill: ({ inputs }) => (inputs[2] ? undefined : 0) } },
  QOrderedMatMul: { infer: (call) => call.set(0, matMulShape(call.shape(0), call.shape(2))) },
  Range: { infer: range },
  RemovePadding: { infer: removePadding },
  RestorePadding: { infer: (call) => call.set(0, [call.dim(1, 0), call.dim(1, 1), call.dim(0, 1)]) },
  Rfft: { infer: rfft },
  SampleOp: { infer: like() },
  SparseToDenseMatMul: { infer: (call) => call.set(0, product(call.shape(0), call.shape(1), call)) },
  Tokenizer: { infer: tokenizer },
  UnfoldTensor: { infer: unfold },
  Unique: { infer: unique, moves: { from: [0], outputs: 1 } },
  WordConvEmbedding: { infer: (call) => call.set(0, ending(call.shape(0), 1, call.dim(1, 0))) },
};
