/** Rows of an int8 weight whose columns are those of the product, two columns at a time: `sizes.ts`, `columns.ts` and `bytes.ts` of passes/precision/integer. */
import { pairAt } from './pairs';

/** The size of two numbers: of each alone, or of the pair with the number of the row before where `firsts` has one. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function sizeOf(number: v128, firsts: usize, alone: v128): v128 {
  const own = f64x2.mul(f64x2.abs(number), alone);
  return firsts ? f64x2.max(own, f64x2.abs(f64x2.add(pairAt(firsts), number))) : own;
}

/** Raises the float32 sizes of columns to those of a row; NaN makes them infinite. Whole pairs are read; zeros change nothing. */
export function growSizes(numbers: usize, firsts: usize, sizes: usize, count: i32, alone: f64): void {
  const part = f64x2.splat(alone), infinite = f64x2.splat(Infinity);
  for (let i = 0; i < count; i += 2, numbers += 8, sizes += 8) {
    const size = sizeOf(pairAt(numbers), firsts, part);
    if (firsts) firsts += 8;
    const isWithin = f64x2.le(size, pairAt(sizes));
    if (i64x2.all_true(isWithin)) continue;
    const grown = v128.bitselect(size, infinite, f64x2.lt(size, infinite));
    const chosen = f32x4.demote_f64x2_zero(v128.bitselect(pairAt(sizes), grown, isWithin));
    store<u64>(sizes, i64x2.extract_lane(chosen, 0));
  }
}

/** Lists the columns of a row, each with its size, that are beyond their float32 limits; gives how many. */
export function sizesBeyond(numbers: usize, firsts: usize, limits: usize, count: i32, alone: f64, list: usize): i32 {
  const part = f64x2.splat(alone);
  let found = 0;
  for (let i = 0; i < count; i += 2, numbers += 8, limits += 8) {
    const size = sizeOf(pairAt(numbers), firsts, part);
    if (firsts) firsts += 8;
    const isWithin = f64x2.le(size, pairAt(limits));
    if (i64x2.all_true(isWithin)) continue;
    for (let lane = 0; lane < 2; lane++) {
      const own = lane ? f64x2.extract_lane(size, 1) : f64x2.extract_lane(size, 0);
      if (i + lane >= count || own <= <f64>load<f32>(limits + (lane << 2))) continue;
      store<f64>(list + (found << 4), <f64>(i + lane));
      store<f64>(list + (found << 4), own, 8);
      found++;
    }
  }
  return found;
}

/** Adds the squares of a row's rounding errors to those of its columns; gives the sum of the squares of its numbers. */
export function roundingErrors(numbers: usize, scales: usize, squares: usize, count: i32): f64 {
  let total = f64x2.splat(0);
  for (let i = 0; i < count; i += 2, numbers += 8, scales += 8, squares += 16) {
    const number = pairAt(numbers), scale = pairAt(scales);
    const near = f64x2.floor(f64x2.add(f64x2.div(number, scale), f64x2.splat(0.5)));
    const error = f64x2.sub(number, f64x2.mul(near, scale));
    v128.store(squares, f64x2.add(v128.load(squares), f64x2.mul(error, error)));
    total = f64x2.add(total, f64x2.mul(number, number));
  }
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
}

/**
 * Rounds a row to bytes with the errors of its columns before it, a 64th of them, and adds to them. Where the row is the second of pairs, `above` is the row
 * before: a pair beyond the limit gives up half each.
 */
export function roundBytes(numbers: usize, scales: usize, errors: usize, count: i32, out: usize, above: usize, limit: i32): void {
  const largest = f64x2.splat(127), least = f64x2.splat(-127);
  for (let i = 0; i < count; i += 2, numbers += 8, scales += 8, errors += 16, out += 2) {
    const exact = f64x2.div(pairAt(numbers), pairAt(scales));
    const before = v128.load(errors);
    let byte = f64x2.floor(f64x2.add(f64x2.add(exact, f64x2.mul(f64x2.splat(0.015625), before)), f64x2.splat(0.5)));
    byte = f64x2.pmax(f64x2.pmin(byte, largest), least);
    let moved = f64x2.splat(0);
    if (above) {
      const sum = f64x2.abs(f64x2.add(byte, f64x2(<f64>load<i8>(above), <f64>load<i8>(above, 1))));
      if (v128.any_true(f64x2.gt(sum, f64x2.splat(<f64>limit))))
        for (let lane = 0; lane < 2; lane++) {
          const excess = <i32>(lane ? f64x2.extract_lane(sum, 1) : f64x2.extract_lane(sum, 0)) - limit;
          if (excess <= 0) continue;
          // Both have the same sign, and each gives up half.
          const own = lane ? f64x2.extract_lane(byte, 1) : f64x2.extract_lane(byte, 0);
          const sign = own > 0 ? 1 : -1;
          const half = sign * (excess >> 1);
          store<i8>(above + lane, <i8>(<i32>load<i8>(above + lane) - half));
          const rest = own - <f64>(sign * excess - half);
          byte = lane ? f64x2.replace_lane(byte, 1, rest) : f64x2.replace_lane(byte, 0, rest);
          moved = lane ? f64x2.replace_lane(moved, 1, <f64>half) : f64x2.replace_lane(moved, 0, <f64>half);
        }
      above += 2;
    }
    v128.store(errors, f64x2.sub(f64x2.add(f64x2.add(before, moved), exact), byte));
    const whole = i32x4.trunc_sat_f64x2_s_zero(byte);
    store<i8>(out, <i8>i32x4.extract_lane(whole, 0));
    store<i8>(out, <i8>i32x4.extract_lane(whole, 1), 1);
  }
}

/** Adds the squares of errors and numbers to the two sums of doubles at `totals`, each of two lanes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function addTotals(totals: usize, error: v128, number: v128): void {
  v128.store(totals, f64x2.add(v128.load(totals), f64x2.mul(error, error)));
  v128.store(totals, f64x2.add(v128.load(totals, 16), f64x2.mul(number, number)), 16);
}

/** Rounds numbers by themselves, those of a block with its scale: number i is of scale (column + i) / block. */
export function roundBlocks(
  numbers: usize, scales: usize, column: i32, count: i32, block: i32, largest: i32, out: usize, totals: usize,
): void {
  const most = f64x2.splat(<f64>largest), least = f64x2.splat(<f64>-largest);
  for (let i = 0; i < count; ) {
    const end = min(count, i + block - (column + i) % block);
    const scale = f64x2.splat(<f64>load<f32>(scales + (((column + i) / block) << 2)));
    let difference = f64x2.splat(0), total = difference;
    for (; i < end; i += 2, numbers += 8, out += 2) {
      const number = pairAt(numbers);
      const near = f64x2.floor(f64x2.add(f64x2.div(number, scale), f64x2.splat(0.5)));
      const code = f64x2.pmax(f64x2.pmin(near, most), least);
      const error = f64x2.sub(number, f64x2.mul(code, scale));
      difference = f64x2.add(difference, f64x2.mul(error, error));
      total = f64x2.add(total, f64x2.mul(number, number));
      const whole = i32x4.trunc_sat_f64x2_s_zero(code);
      store<i8>(out, <i8>i32x4.extract_lane(whole, 0));
      store<i8>(out, <i8>i32x4.extract_lane(whole, 1), 1);
    }
    v128.store(totals, f64x2.add(v128.load(totals), difference));
    v128.store(totals, f64x2.add(v128.load(totals, 16), total), 16);
  }
}

/** Rounds numbers of neighbouring channels, one of each, after a share of the errors of each so far. Zero stays zero. */
export function roundAcross(
  numbers: usize, scales: usize, errors: usize, count: i32, share: f64, largest: i32, out: usize, totals: usize,
): void {
  const most = f64x2.splat(<f64>largest), least = f64x2.splat(<f64>-largest), part = f64x2.splat(share);
  for (let i = 0; i < count; i += 2, numbers += 8, scales += 8, errors += 16, out += 2) {
    const number = pairAt(numbers), scale = pairAt(scales), before = v128.load(errors);
    const isZero = f64x2.eq(number, f64x2.splat(0));
    const target = v128.bitselect(number, f64x2.add(number, f64x2.mul(part, before)), isZero);
    const near = f64x2.floor(f64x2.add(f64x2.div(target, scale), f64x2.splat(0.5)));
    const code = f64x2.pmax(f64x2.pmin(near, most), least);
    const error = f64x2.sub(number, f64x2.mul(code, scale));
    v128.store(errors, f64x2.add(before, error));
    addTotals(totals, error, number);
    const whole = i32x4.trunc_sat_f64x2_s_zero(code);
    store<i8>(out, <i8>i32x4.extract_lane(whole, 0));
    store<i8>(out, <i8>i32x4.extract_lane(whole, 1), 1);
  }
}
