/**
 * Quantizes activations to 8 bits with a scale for each row, where DynamicQuantizeLinear has one for the whole tensor.
 *
 * So rows are independent: outliers in one row do not make the others less precise, and NaN or an infinity stays in its
 * row. The zero point is the same in every row, as onnxruntime's MatMulInteger takes one for all: 128, or 0 for what is never negative.
 */
import type { Graph } from '../../../src/ir/graph.js';
import { type Type, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { Rewriter } from '../../../src/match/rewriter.js';
import { isNeverNegative } from './never-negative.js';

/** The byte that stands for 0, and the bytes above it. */
const forms = { signed: { zero: 128, levels: 127 }, unsigned: { zero: 0, levels: 255 } } as const;

/** Bounds of scales, so that they can be divided by: a row of zeros would give 0, and one with an infinity infinity. */
const [SMALLEST, LARGEST] = [2 ** -126, 2 ** 122];

export interface QuantizedActivation {
  /** Unsigned bytes. */
  readonly value: Value;
  /** One number, or one for each row with an axis of size 1 for its elements. */
  readonly scale: Value;
  readonly zero: Value;
}

/** Quantizes a float32 value along its last axis. */
export function quantizedRows(graph: Graph, float: Value, name: string): QuantizedActivation {
  const { shape } = float;
  const { zero, levels } = forms[isNeverNegative(float) ? 'unsigned' : 'signed'];
  const rows = shape && tensorType('float32', [...shape.slice(0, -1), 1]);
  const whole = float.type;
  const build = new Rewriter(graph, name);
  const add = (opType: string, inputs: readonly Value[], type: Type | undefined, attributes = {}) =>
    build.op(opType, inputs, attributes, { type });
  const number = (value: number) => build.constant('float32', value);

  const sizes = add('Abs', [float], whole);
  const step = add('Div', [build.reduce('ReduceMax', sizes, -1, { type: rows }), number(levels)], rows);
  // A maximum may ignore NaN. A sum of magnitudes is NaN exactly where one of them is.
  const sum = build.reduce('ReduceSum', sizes, -1, { type: rows });
  const hasNaN = add('IsNaN', [sum], rows && tensorType('bool', rows.shape));
  const scale = add('Where', [hasNaN, number(Number.NaN), step], rows);
  const divisor = add('Clip', [step, number(SMALLEST), number(LARGEST)], rows);
  const steps = add('Round', [add('Div', [float, divisor], whole)], whole);
  const shifted = zero === 0 ? steps : add('Add', [steps, number(zero)], whole);
  const clipped = add('Clip', [shifted, number(Math.max(0, zero - levels)), number(zero + levels)], whole);
  const value = add('Cast', [clipped], tensorType('uint8', shape), { to: 2 });
  return { value, scale, zero: build.constant('uint8', zero) };
}
