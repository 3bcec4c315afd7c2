/**
 * stored weight ⟶ Reshape(Mul(Cast(stored), scales)): plain ops of constants, which onnxruntime computes once, at load.
 *
 * Why this way: onnxruntime 1.30 folds Cast (from float16, bfloat16, int8 and int4 too), Sub, Mul and Reshape of constants before it asks any provider, so
 * that what runs is the float32 model. It does not fold DequantizeLinear, which costs every run or becomes a MatMulNBits.
 */
import { GraphBuilder } from '../../../src/ir/build.js';
import type { Graph } from '../../../src/ir/graph.js';
import { castTensor, numbersOf, reshaped, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { derivedTensor, elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes, equalShapes, type Shape, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';

/** A weight in fewer bits: numbers, the scales of its groups, and perhaps the number that stands for zero in each group. */
export interface Quantized {
  readonly kind: 'quantized';
  /** int8, uint8, int4 or uint4; of the weight's shape, or with axes cut in blocks. */
  readonly numbers: Tensor;
  /** float32 or float16; the shape broadcasts to that of the numbers. */
  readonly scales: Tensor;
  /** The numbers that stand for zero, with the numbers' type and the scales' shape. */
  readonly zeros?: Tensor;
}

/** A weight as the file stores it. */
export type StoredWeight = { readonly kind: 'float'; readonly tensor: Tensor } | Quantized;

/** The constants of a stored weight: numbers, scales, zeros. */
export type Parts = readonly [numbers: Value, scales?: Value, zeros?: Value];

export function partsOf(graph: Graph, stored: StoredWeight, name: string): Parts {
  if (stored.kind === 'float') return [graph.constant(stored.tensor, name)];
  const { numbers, scales, zeros } = stored;
  const parts = [graph.constant(numbers, name), graph.constant(scales, `${name}_scale`)] as const;
  return zeros ? [...parts, graph.constant(zeros, `${name}_zero`)] : parts;
}

/** (numbers − zeros) · scales, computed in float32; of another shape than the weight where axes were cut. */
export function decoded(graph: Graph, parts: Parts, shape: Shape | undefined, elem: DataType): Value {
  const [numbers, scales, zeros] = parts;
  const build = new GraphBuilder(graph);
  // These nodes have no names, because a name takes more bytes than the node.
  const cast = (value: Value, to: DataType): Value =>
    value.elem === to
      ? value
      : build.op('Cast', [value], { to: dataTypes[to].code }, { type: tensorType(to, value.shape) });
  const float = (value: Value): Value => cast(value, 'float32');
  if (!scales) return cast(numbers, elem);
  let value = float(numbers);
  const type = value.type as NonNullable<Value['type']>;
  if (zeros) value = build.op('Sub', [value, float(zeros)], {}, { type });
  value = build.op('Mul', [value, float(scales)], {}, { type });
  if (shape && !equalShapes(value.shape, shape)) {
    // A Reshape to 0 keeps a dim: those before the cut stay in their places.
    const dims = shape.map((dim) => (typeof dim === 'number' ? dim : 0));
    value = build.op('Reshape', [value, build.ints(dims)], {}, { type: tensorType('float32', shape) });
  }
  return cast(value, elem);
}

/** The floats that a stored weight stands for, of the weight's shape. */
export function decodedTensor(stored: StoredWeight, shape: readonly number[]): Tensor {
  if (stored.kind === 'float') return castTensor(reshaped(stored.tensor, shape), 'float32');
  const { numbers, scales, zeros } = stored;
  return derivedTensor('float32', shape, () => {
    const [codes, steps] = [numbersOf(numbers), numbersOf(scales)];
    const middles = zeros && numbersOf(zeros);
    const floats = new Float32Array(codes.length);
    eachGroup(numbers.shape, scales.shape, (at, group) => {
      floats[at] = ((codes[at] as number) - (middles?.[group] ?? 0)) * (steps[group] as number);
    });
    return tensorOf('float32', floats, shape).chunks();
  });
}

/** Visits each place of a shape with that of its scale, whose shape broadcasts to it. */
function eachGroup(
  shape: readonly number[],
  scales: readonly number[],
  visit: (at: number, group: number) => void,
): void {
  const strides = scales.map((dim, axis) => (dim === 1 ? 0 : elementCount(scales.slice(axis + 1))));
  let at = 0;
  const walk = (axis: number, group: number): void => {
    const dim = shape[axis];
    if (dim === undefined) visit(at++, group);
    else for (let i = 0; i < dim; i++) walk(axis + 1, group + i * (strides[axis] as number));
  };
  walk(0, 0);
}

/** Bytes of all that is stored. */
export const bytesOf = (stored: StoredWeight): number =>
  stored.kind === 'float'
    ? stored.tensor.byteLength
    : stored.numbers.byteLength + stored.scales.byteLength + (stored.zeros?.byteLength ?? 0);
