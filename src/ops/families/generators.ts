/** Operators that make tensors from sizes, attributes or chance. */
import { addDims, ceilDivide, floorDivide, maxDim, productOf, subtractDims } from '../../ir/dims/dims.js';
import { bigintsOf, numbersOf } from '../../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { type DataType, dataTypeOfCode, dataTypes, isFloat } from '../../ir/types.js';
import type { Call, InferRule } from '../call.js';
import { fillContents, MOST } from '../contents.js';
import { rank } from '../demands.js';
import { exact } from '../precision.js';
import type { Rows } from '../row.js';
import { numericShape, unknownDims } from '../shapes.js';

const dtype = (call: Call, name: string, otherwise: DataType | undefined): DataType | undefined => {
  const code = call.int(name);
  return code === undefined || code === 0 ? otherwise : dataTypeOfCode(code);
};

const first = (tensor: Tensor): number | undefined => {
  if (tensor.strings || elementCount(tensor.shape) < 1) return undefined;
  return dataTypes[tensor.type].kind === 'float' ? numbersOf(tensor)[0] : Number(bigintsOf(tensor)[0]);
};

/** A node that the reader did not fold: outside the format's own Constant, built by hand. */
const constant: InferRule = (call) => {
  const attribute = [...call.node.attributes.keys()].map((name) => call.attribute(name)).find((one) => one);
  switch (attribute?.type) {
    case 'tensor':
    case 'sparse_tensor': {
      const { type, shape } = attribute.value;
      return call.set(0, shape, type);
    }
    case 'float':
    case 'floats':
      return call.set(0, attribute.type === 'float' ? [] : [attribute.value.length], 'float32');
    case 'string':
    case 'strings':
      return call.set(0, attribute.type === 'string' ? [] : [attribute.value.length], 'string');
    case 'int':
      call.set(0, [], 'int64');
      return call.setContents(0, [Number(attribute.value)]);
    case 'ints':
      call.set(0, [attribute.value.length], 'int64');
      return call.setContents(0, attribute.value.map(Number));
  }
};

const constantOfShape: InferRule = (call) => {
  const count = call.dim(0, 0);
  const shape = call.contents(0) ?? unknownDims(count);
  const tensor = call.tensor('value');
  call.set(0, shape, tensor?.type ?? 'float32');
  const value = tensor ? first(tensor) : 0;
  const target = numericShape(shape);
  call.setContents(0, target && value !== undefined ? fillContents(target, () => value) : undefined);
};

export const range: InferRule = (call) => {
  const [start, limit] = [call.scalar(0), call.scalar(1)];
  const delta = call.has(2) ? call.scalar(2) : 1;
  const elem = call.elem(0);
  if (start === undefined || limit === undefined || delta === undefined || delta === 0) return call.set(0, [undefined]);
  if (typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number') {
    // The runtime counts in double precision, whatever the type.
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    call.set(0, [count]);
    const isExact = !isFloat(elem) && count <= MOST;
    return call.setContents(0, isExact ? Array.from({ length: count }, (_, i) => start + i * delta) : undefined);
  }
  call.setContents(0, undefined);
  if (typeof delta !== 'number' || !Number.isInteger(delta)) return call.set(0, [undefined]);
  const room = delta > 0 ? subtractDims(limit, start) : subtractDims(start, limit);
  call.set(0, [maxDim(ceilDivide(room, Math.abs(delta)), 0)]);
};

const shapeOf: InferRule = (call) => {
  const shape = call.shape(0);
  if (!shape) {
    call.set(0, [undefined]);
    return call.setContents(0, undefined);
  }
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length);
  const dims = shape.slice(clamp(call.int('start', 0)), clamp(call.int('end', shape.length)));
  call.set(0, [dims.length]);
  call.setContents(0, dims);
};

const size: InferRule = (call) => {
  const shape = call.shape(0);
  call.set(0, []);
  call.setContents(0, shape && [productOf(shape)]);
};

const eyeLike: InferRule = (call) => call.set(0, call.shape(0), dtype(call, 'dtype', call.elem(0)));

const random: InferRule = (call) => call.set(0, call.ints('shape'), dtype(call, 'dtype', 'float32'));
const randomLike: InferRule = (call) => call.set(0, call.shape(0), dtype(call, 'dtype', call.elem(0)));

const multinomial: InferRule = (call) =>
  call.set(0, [call.dim(0, 0), call.int('sample_size', 1)], dtype(call, 'dtype', 'int32'));

const window: InferRule = (call) => call.set(0, [call.scalar(0)], dtype(call, 'output_datatype', 'float32'));

const melWeightMatrix: InferRule = (call) => {
  const length = call.scalar(1);
  const bins = length === undefined ? undefined : addDims(floorDivide(length, 2), 1);
  call.set(0, [bins, call.scalar(0)], dtype(call, 'output_datatype', 'float32'));
};

export const generators: Rows = {
  Constant: { infer: constant },
  ConstantOfShape: { infer: constantOfShape, precision: exact },
  Range: { infer: range, precision: { stays: 'coordinates' } },
  Shape: { infer: shapeOf },
  Size: { infer: size },
  EyeLike: { infer: eyeLike, demands: rank(0, 2), precision: exact },
  RandomNormal: { infer: random, draws: true },
  RandomUniform: { infer: random, draws: true },
  RandomNormalLike: { infer: randomLike, draws: true },
  RandomUniformLike: { infer: randomLike, draws: true },
  Bernoulli: { infer: randomLike, draws: true },
  Multinomial: { infer: multinomial, draws: true },
  BlackmanWindow: { infer: window },
  HammingWindow: { infer: window },
  HannWindow: { infer: window },
  MelWeightMatrix: { infer: melWeightMatrix },
};
