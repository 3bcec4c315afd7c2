/** Rows of a weight that is stored in 8 bits, or 4, two columns at a time: `encode.ts` of passes/precision/weights. */
import { nearest, pairAt, upperPair } from './pairs';

/** Adds the squares of errors and numbers to the two sums of doubles at `totals`, each of two lanes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function addTotals(totals: usize, error: v128, number: v128): void {
  v128.store(totals, f64x2.add(v128.load(totals), f64x2.mul(error, error)));
  v128.store(totals, f64x2.add(v128.load(totals, 16), f64x2.mul(number, number)), 16);
}

/** The largest magnitude of each group of so many neighbours, as float32; NaN or infinity where one is. */
export function largestOfGroups(numbers: usize, groups: i32, size: i32, out: usize): void {
  const magnitude = i32x4.splat(0x7fffffff);
  for (let group = 0; group < groups; group++, out += 4) {
    let most = i32x4.splat(0), i = 0;
    for (; i + 4 <= size; i += 4, numbers += 16) most = i32x4.max_s(most, v128.and(v128.load(numbers), magnitude));
    const two = i32x4.max_s(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
    let largest = max(i32x4.extract_lane(two, 0), i32x4.extract_lane(two, 1));
    for (; i < size; i++, numbers += 4) largest = max(largest, load<i32>(numbers) & 0x7fffffff);
    store<i32>(out, largest);
  }
}

/** The squares of the changes of four rounded numbers, two sums. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function changes(four: v128, code: v128, scale: v128): v128 {
  const low = f64x2.sub(f64x2.promote_low_f32x4(four), f64x2.mul(f64x2.promote_low_f32x4(code), scale));
  const high = f64x2.sub(upperPair(four), f64x2.mul(upperPair(code), scale));
  return f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high));
}

/** 3 · 2^22: a float32 that has this added is rounded to a whole number, which its lower bits then hold. */
const MAGIC: f32 = 12582912, MAGIC_BITS = 0x4b400000;

/** How far four quotients are from the whole numbers, as which they have MAGIC added; one half is in doubt. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function distance(quotient: v128, raised: v128): v128 {
  return f32x4.abs(f32x4.sub(quotient, f32x4.sub(raised, f32x4.splat(MAGIC))));
}

/**
 * Rounds numbers by themselves, those of a block with its scale: number i is of scale (column + i) / block. The sums of squares are for `totals`, where that
 * is not 0. Eight at a time by quotients in float32, where these are in no doubt.
 */
export function roundBlocks(
  numbers: usize, scales: usize, column: i32, count: i32, block: i32, largest: i32, out: usize, totals: usize,
): void {
  const most = f32x4.splat(<f32>largest), least = f32x4.splat(<f32>-largest), none = f64x2.splat(0);
  const highest = f64x2.splat(<f64>largest), lowest = f64x2.splat(<f64>-largest);
  const magic = f32x4.splat(MAGIC), bits = i32x4.splat(MAGIC_BITS), sure = f32x4.splat(0.4998);
  let difference = none, total = none;
  scales += (column / block) << 2;
  let end = min(count, block - column % block);
  for (let i = 0; i < count; end = min(count, end + block), scales += 4) {
    const own = load<f32>(scales), scale = f64x2.splat(<f64>own), inverse = f32x4.splat(1 / own);
    while (i < end) {
      if (i + 8 <= end) {
        const four = v128.load(numbers), rest = v128.load(numbers, 16);
        const first = f32x4.pmax(f32x4.pmin(f32x4.mul(four, inverse), most), least), raised = f32x4.add(first, magic);
        const second = f32x4.pmax(f32x4.pmin(f32x4.mul(rest, inverse), most), least), other = f32x4.add(second, magic);
        const isSure = v128.and(f32x4.lt(distance(first, raised), sure), f32x4.lt(distance(second, other), sure));
        if (i32x4.all_true(isSure)) {
          if (totals) {
            const code = f32x4.sub(raised, magic), last = f32x4.sub(other, magic);
            difference = f64x2.add(difference, f64x2.add(changes(four, code, scale), changes(rest, last, scale)));
            total = f64x2.add(total, f64x2.add(changes(four, none, scale), changes(rest, none, scale)));
          }
          const whole = i16x8.narrow_i32x4_s(i32x4.sub(raised, bits), i32x4.sub(other, bits));
          v128.store64_lane(out, i8x16.narrow_i16x8_s(whole, whole), 0);
          i += 8;
          numbers += 32;
          out += 8;
          continue;
        }
      }
      for (const stop = min(end, i + 8); i < stop; i += 2, numbers += 8, out += 2) {
        const number = pairAt(numbers);
        const code = f64x2.pmax(f64x2.pmin(nearest(number, scale), highest), lowest);
        const error = f64x2.sub(number, f64x2.mul(code, scale));
        difference = f64x2.add(difference, f64x2.mul(error, error));
        total = f64x2.add(total, f64x2.mul(number, number));
        const whole = i32x4.trunc_sat_f64x2_s_zero(code);
        store<i8>(out, <i8>i32x4.extract_lane(whole, 0));
        store<i8>(out, <i8>i32x4.extract_lane(whole, 1), 1);
      }
    }
  }
  if (!totals) return;
  v128.store(totals, difference);
  v128.store(totals, total, 16);
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
