/** Makes the least changes of inputs and weights: runs on them show how much a model amplifies a rounding. */

import type { Model } from '../../ir/model.js';
import { derive } from '../../ir/tensors/bank.js';
import { setTensor } from '../../ir/tensors/constants.js';
import { bfloat16Of, floatBits, fromBfloat16, fromSmallFloat, toFloat16 } from '../../ir/tensors/float-bits.js';
import { numbersOf, tensorOf } from '../../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import type { DataType } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import type { TensorData, Tensors } from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import { Random } from '../inputs/random.js';

/** One unit in the last place of a number of size 1. Most models that take float64 compute in float32. */
const ulps: Partial<Record<DataType, number>> = {
  float32: 2 ** -23,
  float64: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

/**
 * The float inputs with each element moved by one unit in the last place, up or down; undefined where no element moves.
 */
export function perturbed(feeds: Tensors, seed: number): Tensors | undefined {
  let isMoved = false;
  const entries = Object.entries(feeds).map(([name, given]) => {
    const moved = movedInput(given, Random.of(seed, name));
    if (moved) isMoved = true;
    return [name, moved ?? given] as const;
  });
  return isMoved ? Object.fromEntries(entries) : undefined;
}

/** Undefined for integers, for zeros alone, and for masks: masks are compared with numbers, and have no last place. */
function movedInput(given: TensorData, random: Random): TensorData | undefined {
  const ulp = ulps[given.type];
  if (ulp === undefined) return undefined;
  const numbers = numbersOf(fromTensorData(given));
  if (isMask(numbers)) return undefined;
  return toTensorData(tensorOf(given.type, moved(numbers, ulp, random), given.shape));
}

/** True for at most two different numbers, all whole or infinite: 0 and 1, 0 and -10000. */
function isMask(numbers: Float64Array): boolean {
  const kinds = new Set<number>();
  for (const x of numbers) {
    kinds.add(x);
    if (kinds.size > 2 || (Number.isFinite(x) && !Number.isInteger(x))) return false;
  }
  return true;
}

const moved = (numbers: Float64Array, ulp: number, random: Random): Float64Array =>
  numbers.map((x) => (random.next() < 0.5 ? x - x * ulp : x + x * ulp));

/**
 * Matrices of fewer elements are settings. So are vectors, such as scales and tables of frequencies; biases add no
 * evidence.
 */
const SETTINGS = 16;

/** Weights of more bytes are not moved: writing them again takes too long for the evidence. */
const MOST = 64 * 2 ** 20;

/**
 * The model with its embedding tables moved by one unit in the last place; without tables, with all its float32 weights
 * moved. It serves models whose inputs are all integers. Undefined where there are no such weights, or more than 64 MiB
 * of them.
 */
export function perturbedWeights(model: Model, seed = 0): Model | undefined {
  const copy = cloneModel(model);
  const weights = weightsOf(copy);
  const tables = weights.filter(isTable);
  const chosen = tables.length ? tables : weights;
  const bytes = chosen.reduce((sum, { tensor }) => sum + (tensor?.byteLength ?? 0), 0);
  if (!chosen.length || bytes > MOST) return undefined;
  for (const [index, value] of chosen.entries())
    mapWeight(value, () => {
      const random = new Random(seed + index);
      return (x) => (random.next() < 0.5 ? x - x * 2 ** -23 : x + x * 2 ** -23);
    });
  return copy;
}

/** The model with its float32 matrices rounded to a 16-bit type and back. Numbers beyond that type's range stay. */
export function roundedWeights(model: Model, type: 'bfloat16' | 'float16'): Model {
  const copy = cloneModel(model);
  const round =
    type === 'bfloat16'
      ? (x: number) => fromBfloat16(bfloat16Of(floatBits(x)))
      : (x: number) => fromSmallFloat(toFloat16(x), 'float16');
  for (const value of weightsOf(copy))
    mapWeight(value, () => (x) => {
      const rounded = round(x);
      return Number.isFinite(rounded) ? rounded : x;
    });
  return copy;
}

function weightsOf(model: Model): Value[] {
  const found: Value[] = [];
  for (const graph of model.graphs())
    for (const value of [...graph.constants, ...graph.inputs])
      if (value.tensor?.type === 'float32' && isMatrix(value.tensor.shape)) found.push(value);
  return found;
}

const isMatrix = (shape: readonly number[]): boolean =>
  shape.filter((dim) => dim > 1).length >= 2 && elementCount(shape) > SETTINGS;

const isTable = (value: Value): boolean =>
  [...value.uses].some(({ node, index }) => {
    if (node.is('Gather')) return index === 0;
    return node.is('EmbedLayerNormalization', 'com.microsoft') && index >= 2 && index <= 4;
  });

/** Derives a float32 weight by a function of its elements, in order; `start` is called before each reading. */
function mapWeight(value: Value, start: () => (x: number) => number): void {
  const tensor = value.tensor as Tensor;
  const mapped = derive([tensor], 'float32', tensor.shape, function* (source) {
    const map = start();
    for (const chunk of (source as Tensor).chunks()) {
      const numbers = new Float32Array(chunk.slice().buffer);
      for (let i = 0; i < numbers.length; i++) numbers[i] = map(numbers[i]!);
      yield new Uint8Array(numbers.buffer);
    }
  });
  setTensor(value, mapped);
}
