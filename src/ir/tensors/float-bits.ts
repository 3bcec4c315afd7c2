/** Floats as bits: float32, and the layouts of the narrower types. */
import { bitsByKernel, numbersByKernel } from '../kernels/halves.js';
import type { DataType } from '../types.js';

const scratch = new DataView(new ArrayBuffer(8));

/** The bits of a float32. */
export function floatBits(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}
function floatFromBits(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

/** float32 bits → bfloat16 bits, ties to even, beyond the range infinite; NaN stays NaN. */
export function bfloat16Of(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
/** bfloat16 bits ⟶ the number. */
export const fromBfloat16 = (bits: number): number => floatFromBits((bits << 16) >>> 0);

/** A small float's layout: exponent bits, mantissa bits, bias, and what its largest exponent means. */
interface SmallFloat {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** ieee: infinities and NaNs; finite: NaN at all ones only; nuz: NaN is negative zero; none: all finite. */
  readonly special: 'ieee' | 'finite' | 'nuz' | 'none';
  readonly sign: boolean;
}

const smallFloats: Partial<Record<DataType, SmallFloat>> = {
  float16: { exponent: 5, mantissa: 10, bias: 15, special: 'ieee', sign: true },
  float8e4m3fn: { exponent: 4, mantissa: 3, bias: 7, special: 'finite', sign: true },
  float8e4m3fnuz: { exponent: 4, mantissa: 3, bias: 8, special: 'nuz', sign: true },
  float8e5m2: { exponent: 5, mantissa: 2, bias: 15, special: 'ieee', sign: true },
  float8e5m2fnuz: { exponent: 5, mantissa: 2, bias: 16, special: 'nuz', sign: true },
  float6e2m3: { exponent: 2, mantissa: 3, bias: 1, special: 'none', sign: true },
  float6e3m2: { exponent: 3, mantissa: 2, bias: 3, special: 'none', sign: true },
  float4e2m1: { exponent: 2, mantissa: 1, bias: 1, special: 'none', sign: true },
  float8e8m0: { exponent: 8, mantissa: 0, bias: 127, special: 'finite', sign: false },
};

/** The bits of a float type of 16 bits or fewer, but bfloat16, ⟶ the number. */
export function fromSmallFloat(bits: number, type: DataType): number {
  const { exponent: e, mantissa: m, bias, special, sign } = smallFloats[type] as SmallFloat;
  const width = e + m;
  const negative = sign && bits >>> width !== 0;
  const exponent = (bits >>> m) & ((1 << e) - 1);
  const fraction = bits & ((1 << m) - 1);
  const isTop = exponent === (1 << e) - 1;
  if (special === 'nuz' && bits === 1 << width) return Number.NaN;
  if (special === 'ieee' && isTop) return fraction ? Number.NaN : negative ? -Infinity : Infinity;
  if (special === 'finite' && isTop && fraction === (1 << m) - 1) return Number.NaN;
  const subnormal = exponent === 0 && m > 0;
  const value = subnormal
    ? (fraction / (1 << m)) * 2 ** (1 - bias)
    : (1 + fraction / (1 << m)) * 2 ** (exponent - bias);
  return negative ? -value : value;
}

/** float32 → float16 bits, ties to even; beyond 65504 + half a step it is infinite. */
export function toFloat16(value: number): number {
  const bits = floatBits(value);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: the value in steps of 2^-24, rounded to even.
    const steps = Math.abs(value) * 2 ** 24;
    const floor = Math.floor(steps);
    const rest = steps - floor;
    return sign | (rest > 0.5 || (rest === 0.5 && floor & 1) ? floor + 1 : floor);
  }
  const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
  return sign | (rounded >>> 13);
}

/** Bytes of float32 numbers ⟶ those of float16, as `toFloat16` rounds: every weight of a model goes through this loop, which calls nothing for a normal number. */
export function toFloat16Bytes(chunk: Uint8Array): Uint8Array {
  const aligned = chunk.byteOffset % 4 === 0 ? chunk : chunk.slice();
  const numbers = new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  const bits = new Uint16Array(numbers.length);
  if (!bitsByKernel(numbers, 'ieeeFloat16', bits)) float16Bits(numbers, bits);
  return new Uint8Array(bits.buffer);
}

/** The same without kernels. */
export function float16Bits(numbers: Float32Array, bits: Uint16Array): void {
  const wide = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let i = 0; i < bits.length; i++) {
    const one = wide[i] as number;
    const magnitude = one & 0x7fffffff;
    bits[i] =
      magnitude >= 0x38800000 && magnitude < 0x477ff000
        ? ((one >>> 16) & 0x8000) | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
        : toFloat16(numbers[i] as number);
  }
}

/** Bytes of float16 numbers ⟶ those of float32, as `fromSmallFloat` widens them; undefined where there are no kernels for it. */
export function fromFloat16Bytes(chunk: Uint8Array): Uint8Array | undefined {
  const aligned = chunk.byteOffset % 2 === 0 ? chunk : chunk.slice();
  const numbers = new Float32Array(aligned.length / 2);
  const bits = new Uint16Array(aligned.buffer, aligned.byteOffset, numbers.length);
  return numbersByKernel(bits, numbers) ? new Uint8Array(numbers.buffer) : undefined;
}

/** The finite numbers of a small float and their bits, ascending; each number once. */
const finiteNumbers = new Map<DataType, readonly (readonly [number: number, bits: number])[]>();

function finiteNumbersOf(type: DataType): readonly (readonly [number: number, bits: number])[] {
  const known = finiteNumbers.get(type);
  if (known) return known;
  const { exponent, mantissa, sign } = smallFloats[type] as SmallFloat;
  const count = 2 ** (exponent + mantissa + (sign ? 1 : 0));
  const all = Array.from({ length: count }, (_, bits) => [fromSmallFloat(bits, type), bits] as const);
  const finite = all.filter(([number, bits]) => Number.isFinite(number) && !(Object.is(number, -0) && bits > 0));
  finite.sort(([a], [b]) => a - b);
  finiteNumbers.set(type, finite);
  return finite;
}

/** The bits of the nearest number of a float of 8 bits or fewer, ties to even; beyond the range the largest number, as ONNX saturates. NaN where there is one. */
export function toSmallFloat(value: number, type: DataType): number {
  const { exponent, mantissa, special, sign } = smallFloats[type] as SmallFloat;
  const width = exponent + mantissa;
  if (Number.isNaN(value)) return special === 'nuz' ? 1 << width : special === 'none' ? 0 : (1 << width) - 1;
  if (Object.is(value, -0) && sign && special !== 'nuz') return 1 << width;
  const finite = finiteNumbersOf(type);
  let [low, high] = [0, finite.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((finite[middle] as readonly number[])[0]! <= value) low = middle;
    else high = middle;
  }
  const [[a, below], [b, above]] = [finite[low], finite[high]] as [
    readonly [number, number],
    readonly [number, number],
  ];
  if (value - a === b - value) return below % 2 === 0 ? below : above;
  return value - a < b - value ? below : above;
}
