/** Floats of 16 bits, each number rounded with what is left over of those before it: `half-encoder.ts` of passes/precision/weights. */
import { areUsual, BFLOAT16, bitsOf, FLOAT16, where } from './halves';
import { upperPair } from './pairs';

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

// @ts-ignore: a decorator of AssemblyScript
@inline
function asFloats(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** Two codes of usual numbers: their upper digits. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function fedDigits(number: v128, before: v128, isWide: bool): v128 {
  return upperDigits(f64x2.add(number, f64x2.mul(f64x2.splat(0.125), before)), isWide);
}

/** The bits of four numbers that have no more digits than the type, in a lane of 32 bits each. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function digitsAsBits(codes: v128, size: v128, isNarrow: bool): v128 {
  const sign = v128.and(i32x4.shr_u(codes, 16), i32x4.splat(0x8000));
  return v128.or(sign, i32x4.shr_u(isNarrow ? i32x4.sub(size, i32x4.splat(0x38000000)) : size, isNarrow ? 13 : 16));
}

/** Eight numbers of neighbouring channels; false, with nothing written, where one is not usual. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function acrossEight(numbers: usize, sums: usize, out: usize, isWide: bool): bool {
  const magnitude = i32x4.splat(0x7fffffff), none = f32x4.splat(0);
  const one = v128.load(numbers), other = v128.load(numbers, 16);
  const s = v128.load(sums), t = v128.load(sums, 16), u = v128.load(sums, 32), v = v128.load(sums, 48);
  const a = f64x2.promote_low_f32x4(one), b = upperPair(one), c = f64x2.promote_low_f32x4(other), d = upperPair(other);
  // Where the digits are a usual number, so is what they are of, or it is rounded to that as well.
  const e = fedDigits(a, s, isWide), f = fedDigits(b, t, isWide), g = fedDigits(c, u, isWide), h = fedDigits(d, v, isWide);
  const codes = asFloats(e, f), last = asFloats(g, h);
  const size = v128.and(codes, magnitude), end = v128.and(last, magnitude);
  const areNumbers = v128.and(f32x4.ne(one, none), f32x4.ne(other, none));
  if (!i32x4.all_true(v128.and(areUsual(size, end, !isWide), areNumbers))) return false;
  v128.store(sums, f64x2.add(s, f64x2.sub(a, e)));
  v128.store(sums, f64x2.add(t, f64x2.sub(b, f)), 16);
  v128.store(sums, f64x2.add(u, f64x2.sub(c, g)), 32);
  v128.store(sums, f64x2.add(v, f64x2.sub(d, h)), 48);
  v128.store(out, i16x8.narrow_i32x4_u(digitsAsBits(codes, size, !isWide), digitsAsBits(last, end, !isWide)));
  return true;
}

/** One number. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function acrossOne(numbers: usize, sums: usize, out: usize, isWide: bool): void {
  const own = f64x2.splat(<f64>load<f32>(numbers)), before = f64x2.splat(load<f64>(sums));
  const isZero = f64x2.eq(own, f64x2.splat(0));
  const code = roundedTo(where(isZero, own, f64x2.add(own, f64x2.mul(f64x2.splat(0.125), before))), isWide);
  const error = f64x2.extract_lane(f64x2.sub(own, code), 0);
  if (Math.abs(error) < Infinity) store<f64>(sums, f64x2.extract_lane(before, 0) + error);
  store<u16>(out, <u16>i32x4.extract_lane(bitsOf(asFloats(code, code), isWide ? BFLOAT16 : FLOAT16), 0));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function across(numbers: usize, count: i32, column: i32, columns: i32, sums: usize, out: usize, isWide: bool): void {
  for (let left = count; left > 0; column = 0) {
    let row = min(columns - column, left), place = sums + (column << 3);
    left -= row;
    while (row > 0) {
      if (row >= 8 && acrossEight(numbers, place, out, isWide)) {
        row -= 8;
        numbers += 32;
        place += 64;
        out += 16;
        continue;
      }
      for (const stop = max(0, row - 8); row > stop; row--, numbers += 4, place += 8, out += 2) acrossOne(numbers, place, out, isWide);
    }
  }
}

/** Rounds numbers of rows of neighbouring channels, the first of channel `column`, each with an eighth of the errors of its channel so far: `sums`, doubles. */
export function halveRows(numbers: usize, count: i32, column: i32, columns: i32, sums: usize, out: usize, isWide: bool): void {
  if (isWide) across(numbers, count, column, columns, sums, out, true);
  else across(numbers, count, column, columns, sums, out, false);
}
