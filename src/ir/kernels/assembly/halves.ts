/** Floats of 16 bits, four or eight numbers at a time: `half-encoder.ts` and `half-floats.ts` of passes/precision/weights, and `float-bits.ts`. */

/** How numbers become 16 bits. The first two are for what is stored: halves of subnormal steps go up, and what is beyond the range becomes the largest. */
export const FLOAT16: i32 = 0, BFLOAT16: i32 = 1, IEEE_FLOAT16: i32 = 2, SATURATED_BFLOAT16: i32 = 3;

// @ts-ignore: a decorator of AssemblyScript
@inline
export function where(is: v128, one: v128, other: v128): v128 {
  return v128.bitselect(one, other, is);
}

/** The magnitude of Math.round(numbers), as integers. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function steps(numbers: v128): v128 {
  const below = f32x4.floor(numbers);
  const isUp = f32x4.ge(f32x4.sub(numbers, below), f32x4.splat(0.5));
  return i32x4.trunc_sat_f32x4_s(f32x4.abs(f32x4.add(below, v128.and(isUp, f32x4.splat(1)))));
}

/** The bits of four float32 numbers in a lane of 32 bits each. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function bitsOf(wide: v128, type: i32): v128 {
  const size = v128.and(wide, i32x4.splat(0x7fffffff));
  const sign = v128.and(i32x4.shr_u(wide, 16), i32x4.splat(0x8000));
  const infinite = i32x4.splat(0x7f800000);
  const isNaN = i32x4.gt_s(size, infinite);
  if (type == FLOAT16 || type == IEEE_FLOAT16) {
    const odd = v128.and(i32x4.shr_u(size, 13), i32x4.splat(1));
    let bits = i32x4.shr_u(i32x4.add(i32x4.sub(size, i32x4.splat(0x38000000 - 0xfff)), odd), 13);
    // Half and the number, of which all digits behind 2^-24 are rounded away, ties to even.
    const small = type == FLOAT16
      ? steps(f32x4.mul(wide, f32x4.splat(16777216)))
      : i32x4.sub(f32x4.add(size, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
    bits = where(i32x4.lt_s(size, i32x4.splat(0x38800000)), small, bits);
    const beyond = type == FLOAT16
      ? where(i32x4.lt_s(size, infinite), i32x4.splat(0x7bff), i32x4.splat(0x7c00))
      : i32x4.splat(0x7c00);
    bits = where(i32x4.ge_s(size, i32x4.splat(0x477ff000)), beyond, bits);
    return v128.or(sign, where(isNaN, i32x4.splat(0x7e00), bits));
  }
  const odd = v128.and(i32x4.shr_u(size, 16), i32x4.splat(1));
  let bits = i32x4.shr_u(i32x4.add(i32x4.add(size, i32x4.splat(0x7fff)), odd), 16);
  if (type == BFLOAT16) {
    const small = steps(f32x4.mul(f32x4.mul(wide, f32x4.splat(1.2676506002282294e30)), f32x4.splat(8589934592)));
    bits = where(i32x4.lt_s(size, i32x4.splat(0x00800000)), small, bits);
  }
  const isFinite = i32x4.lt_s(size, infinite);
  const isBeyond = v128.and(i32x4.ge_s(size, i32x4.splat(0x7f7f8000)), isFinite);
  bits = where(isBeyond, i32x4.splat(0x7f7f), bits);
  return v128.or(sign, where(isNaN, v128.or(i32x4.shr_u(size, 16), i32x4.splat(0x40)), bits));
}

/** True where eight sizes have all digits of the type and stay within its range when they are rounded. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function areUsual(size: v128, other: v128, isNarrow: bool): v128 {
  const least = isNarrow ? 0x38800000 : 0x00800000, beyond = isNarrow ? 0x477ff000 : 0x7f7f8000;
  const most = i32x4.max_u(i32x4.sub(size, i32x4.splat(least)), i32x4.sub(other, i32x4.splat(least)));
  return i32x4.lt_u(most, i32x4.splat(beyond - least));
}

/** `bitsOf` for usual numbers. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function usualBits(wide: v128, size: v128, isNarrow: bool): v128 {
  const digits = isNarrow ? 13 : 16;
  const odd = v128.and(i32x4.shr_u(size, digits), i32x4.splat(1));
  const shift = i32x4.splat(isNarrow ? 0xfff - 0x38000000 : 0x7fff);
  const sign = v128.and(i32x4.shr_u(wide, 16), i32x4.splat(0x8000));
  return v128.or(sign, i32x4.shr_u(i32x4.add(i32x4.add(size, shift), odd), digits));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function eachBits(numbers: usize, count: i32, out: usize, type: i32): void {
  const isNarrow = type == FLOAT16 || type == IEEE_FLOAT16;
  const magnitude = i32x4.splat(0x7fffffff);
  for (let i = 0; i < count; i += 8, numbers += 32, out += 16) {
    const first = v128.load(numbers), second = v128.load(numbers, 16);
    const one = v128.and(first, magnitude), other = v128.and(second, magnitude);
    const bits = i32x4.all_true(areUsual(one, other, isNarrow))
      ? i16x8.narrow_i32x4_u(usualBits(first, one, isNarrow), usualBits(second, other, isNarrow))
      : i16x8.narrow_i32x4_u(bitsOf(first, type), bitsOf(second, type));
    v128.store(out, bits);
  }
}

/** The bits of so many float32 numbers; whole groups of eight are read and written. */
export function halfBits(numbers: usize, count: i32, out: usize, type: i32): void {
  if (type == FLOAT16) eachBits(numbers, count, out, FLOAT16);
  else if (type == BFLOAT16) eachBits(numbers, count, out, BFLOAT16);
  else if (type == IEEE_FLOAT16) eachBits(numbers, count, out, IEEE_FLOAT16);
  else eachBits(numbers, count, out, SATURATED_BFLOAT16);
}

/** float16 ⟶ float32; NaN becomes the usual one. Whole groups of four are read and written. */
export function widenFloat16(halves: usize, count: i32, out: usize): void {
  for (let i = 0; i < count; i += 4, halves += 8, out += 16) {
    const bits = v128.load_ext<u16>(halves);
    const size = v128.and(bits, i32x4.splat(0x7fff));
    const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
    // Every number of float16, subnormal ones too, is a number of float32 times 2^112.
    const number = f32x4.mul(i32x4.shl(size, 13), f32x4.splat(5.192296858534828e33));
    const infinite = v128.or(sign, i32x4.splat(0x7f800000));
    const usual = where(i32x4.ge_s(size, i32x4.splat(0x7c00)), infinite, v128.or(sign, number));
    v128.store(out, where(i32x4.gt_s(size, i32x4.splat(0x7c00)), i32x4.splat(0x7fc00000), usual));
  }
}
