/** Floats of 16 bits, four or eight numbers at a time: `half-encoder.ts` and `half-floats.ts` of passes/precision/weights, and `float-bits.ts`. */

/** How numbers become 16 bits. The first two are for what is stored: halves of subnormal steps go up, and what is beyond the range becomes the largest. */
const FLOAT16: i32 = 0, BFLOAT16: i32 = 1, IEEE_FLOAT16: i32 = 2, SATURATED_BFLOAT16: i32 = 3;

// @ts-ignore: a decorator of AssemblyScript
@inline
function where(is: v128, one: v128, other: v128): v128 {
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
function bitsOf(wide: v128, type: i32): v128 {
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

/** Where numbers have all digits of the type and stay within its range when they are rounded. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function areUsual(size: v128, isNarrow: bool): v128 {
  const least = isNarrow ? 0x38800000 : 0x00800000, beyond = isNarrow ? 0x477ff000 : 0x7f7f8000;
  return i32x4.lt_u(i32x4.sub(size, i32x4.splat(least)), i32x4.splat(beyond - least));
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
    const bits = i32x4.all_true(v128.and(areUsual(one, isNarrow), areUsual(other, isNarrow)))
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

/** The upper digits of two doubles, as many as the type has, rounded. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function upperDigits(target: v128, isWide: bool): v128 {
  const high = f64x2.mul(target, f64x2.splat(isWide ? 35184372088833 : 4398046511105));
  return f64x2.sub(high, f64x2.sub(high, target));
}

/** Two doubles rounded to the type: their upper digits, steps of subnormals, the largest number. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function roundedTo(target: v128, isWide: bool): v128 {
  const least = f64x2.splat(isWide ? 1.1754943508222875e-38 : 0.00006103515625);
  const largest = f64x2.splat(isWide ? 3.3895313892515355e38 : 65504);
  const code = upperDigits(target, isWide);
  const size = f64x2.abs(target);
  const isUsual = v128.and(f64x2.ge(size, least), f64x2.le(size, largest));
  if (i64x2.all_true(isUsual)) return code;
  const sign = v128.and(target, f64x2.splat(-0.0));
  const step = f64x2.splat(isWide ? 9.183549615799121e-41 : 5.960464477539063e-8);
  const places = f64x2.div(target, step);
  const below = f64x2.floor(places);
  const isUp = f64x2.ge(f64x2.sub(places, below), f64x2.splat(0.5));
  const small = v128.or(f64x2.mul(f64x2.add(below, v128.and(isUp, f64x2.splat(1))), step), sign);
  const isFinite = f64x2.lt(size, f64x2.splat(Infinity));
  const beyond = where(isFinite, v128.or(largest, sign), target);
  return where(f64x2.lt(size, least), small, where(isUsual, code, beyond));
}

/** Rounds two numbers with the errors before them, which it changes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function fedBack(number: v128, sums: usize, isWide: bool): v128 {
  const before = v128.load(sums);
  const isZero = f64x2.eq(number, f64x2.splat(0));
  const code = roundedTo(where(isZero, number, f64x2.add(number, f64x2.mul(f64x2.splat(0.125), before))), isWide);
  const error = f64x2.sub(number, code);
  const isFinite = f64x2.lt(f64x2.abs(error), f64x2.splat(Infinity));
  v128.store(sums, where(isFinite, f64x2.add(before, error), before));
  return code;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function asFloats(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function across(numbers: usize, sums: usize, count: i32, out: usize, isWide: bool): void {
  const share = f64x2.splat(0.125), magnitude = i32x4.splat(0x7fffffff);
  for (let i = 0; i < count; i += 4, numbers += 16, sums += 32, out += 8) {
    const four = v128.load(numbers), before = v128.load(sums), behind = v128.load(sums, 16);
    const low = f64x2.promote_low_f32x4(four), high = f64x2.promote_low_f32x4(v128.shuffle<f64>(four, four, 1, 1));
    // Where the digits are a usual number, so is what they are of, or it is rounded to that as well.
    const first = upperDigits(f64x2.add(low, f64x2.mul(share, before)), isWide);
    const second = upperDigits(f64x2.add(high, f64x2.mul(share, behind)), isWide);
    const codes = asFloats(first, second);
    const size = v128.and(codes, magnitude);
    let bits: v128;
    if (i32x4.all_true(v128.and(areUsual(size, !isWide), f32x4.ne(four, f32x4.splat(0))))) {
      v128.store(sums, f64x2.add(before, f64x2.sub(low, first)));
      v128.store(sums, f64x2.add(behind, f64x2.sub(high, second)), 16);
      bits = usualBits(codes, size, !isWide);
    } else bits = bitsOf(asFloats(fedBack(low, sums, isWide), fedBack(high, sums + 16, isWide)), isWide ? BFLOAT16 : FLOAT16);
    store<u64>(out, i64x2.extract_lane(i16x8.narrow_i32x4_u(bits, bits), 0));
  }
}

/** Rounds numbers of neighbouring channels, one of each, `sums` the errors of each so far. Whole groups of four are read and written; zeros change nothing. */
export function halveAcross(numbers: usize, sums: usize, count: i32, out: usize, isWide: bool): void {
  if (isWide) across(numbers, sums, count, out, true);
  else across(numbers, sums, count, out, false);
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

/** The largest bits of a finite magnitude among so many float32 numbers; whole groups of four are read. */
export function largestBits(numbers: usize, count: i32): i32 {
  let most = i32x4.splat(0);
  for (let i = 0; i < count; i += 4, numbers += 16) {
    const size = v128.and(v128.load(numbers), i32x4.splat(0x7fffffff));
    most = i32x4.max_s(most, v128.and(size, i32x4.lt_s(size, i32x4.splat(0x7f800000))));
  }
  const two = i32x4.max_s(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  return max(i32x4.extract_lane(two, 0), i32x4.extract_lane(two, 1));
}
