/** Quantizing and back. */
import { dataTypeOfCode } from '../../ir/types.js';
import type { InferRule } from '../call.js';
import { scales } from '../precision.js';
import type { Rows } from '../row.js';

/** The element type is the zero point's, then the attribute's, then uint8. */
export const quantizeLinear: InferRule = (call) => {
  const asked = call.int('output_dtype', 0);
  call.set(0, call.shape(0), call.elem(2) ?? (asked ? dataTypeOfCode(asked) : call.has(2) ? undefined : 'uint8'));
};

export const dequantizeLinear: InferRule = (call) => {
  const asked = call.int('output_dtype', 0);
  call.set(0, call.shape(0), asked ? dataTypeOfCode(asked) : call.elem(1));
};

const dynamicQuantizeLinear: InferRule = (call) => {
  call.set(0, call.shape(0));
  call.set(1, []);
  call.set(2, []);
};

export const quantization: Rows = {
  QuantizeLinear: { infer: quantizeLinear, precision: scales },
  DequantizeLinear: { infer: dequantizeLinear, precision: scales },
  DynamicQuantizeLinear: { infer: dynamicQuantizeLinear },
};
