/** The floats of 16 bits: their ranges, rounding to them, and their bits. */

import { bitsByKernel } from '../../../src/ir/kernels/halves.js';

/**
 * The floats of 16 bits: the least power of two that has all digits, the step below it, the largest number, and the power of two behind that. Of a double
 * times `split` the upper digits are those of the number, rounded (Veltkamp).
 */
export const halfFloats = {
  float16: { least: 2 ** -14, step: 2 ** -24, largest: 65504, beyond: 2 ** 16, split: 2 ** 42 + 1 },
  bfloat16: {
    least: 2 ** -126,
    step: 2 ** -133,
    largest: 2 ** 128 * (1 - 2 ** -8),
    beyond: 2 ** 128,
    split: 2 ** 45 + 1,
  },
} as const;

export type HalfFloat = keyof typeof halfFloats;

/** Rounds to the nearest number of the type; what is beyond its range becomes its largest, infinities and NaN stay. */
export function roundedTo(type: HalfFloat, number: number): number {
  const { least, step, largest, split } = halfFloats[type];
  const size = Math.abs(number);
  if (size < least) return Math.round(number / step) * step;
  if (size > largest) return size < Number.POSITIVE_INFINITY ? Math.sign(number) * largest : number;
  const high = number * split;
  return high - (high - number);
}

/** The bits of numbers, rounded as `roundedTo` does, in an array that may be given. */
export function halfBits(
  numbers: Float32Array,
  type: HalfFloat,
  made: Uint16Array = new Uint16Array(numbers.length),
): Uint8Array {
  const bits = made.subarray(0, numbers.length);
  if (!bitsByKernel(numbers, type, bits)) halfBitsInScript(numbers, type, bits);
  return new Uint8Array(bits.buffer, bits.byteOffset, 2 * bits.length);
}

/** The same without kernels. */
export function halfBitsInScript(numbers: Float32Array, type: HalfFloat, bits: Uint16Array): void {
  const wide = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  (type === 'float16' ? float16Bits : bfloat16Bits)(numbers, wide, bits);
}

/** As float32's bits: the least number of float16 with all digits, half a step below the power of two behind its largest, and infinity. */
const [LEAST, BEYOND, INFINITE] = [0x38800000, 0x477ff000, 0x7f800000];

function float16Bits(numbers: Float32Array, wide: Int32Array, bits: Uint16Array): void {
  for (let i = 0; i < bits.length; i++) {
    const one = wide[i] as number;
    const size = one & 0x7fffffff;
    const sign = (one >>> 16) & 0x8000;
    if (size >= LEAST && size < BEYOND) bits[i] = sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
    else if (size < LEAST) bits[i] = sign | Math.abs(Math.round((numbers[i] as number) * 2 ** 24));
    else bits[i] = sign | (size < INFINITE ? 0x7bff : size > INFINITE ? 0x7e00 : 0x7c00);
  }
}

function bfloat16Bits(numbers: Float32Array, wide: Int32Array, bits: Uint16Array): void {
  for (let i = 0; i < bits.length; i++) {
    const one = wide[i] as number;
    const size = one & 0x7fffffff;
    const sign = (one >>> 16) & 0x8000;
    if (size >= 0x00800000 && size < 0x7f7f8000) bits[i] = sign | ((size + 0x7fff + ((size >>> 16) & 1)) >>> 16);
    else if (size < 0x00800000) bits[i] = sign | Math.abs(Math.round((numbers[i] as number) * 2 ** 133));
    else bits[i] = sign | (size < INFINITE ? 0x7f7f : size > INFINITE ? (size >>> 16) | 0x40 : 0x7f80);
  }
}
