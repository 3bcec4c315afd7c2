/** Scale and zero point of a block, for eight columns at a time: `passes/precision/block/search.ts`, lane by lane. */

/** Σh·l·t and Σh·l² of the last trial, t a number over the scale and l its level. */
let products: v128 = f32x4.splat(0);
let squares: v128 = f32x4.splat(0);

/** The smallest scale that float32 holds in full precision. */
const SMALLEST: f32 = 1.1754943508222875e-38;

/** The nearest whole number; of two the even one. Limits hold whatever it is. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function within(numbers: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(f32x4.nearest(numbers), low), high);
}

function trial(numbers: usize, count: i32, weights: usize, scale: v128, low: v128, high: v128): void {
  const inverse = f32x4.div(f32x4.splat(1), scale);
  let product = f32x4.splat(0), square = product;
  let at = numbers, weight = weights;
  for (let i = 0; i < count; i++, at += 32, weight += 4) {
    const place = f32x4.mul(v128.load(at), inverse);
    const level = within(place, low, high);
    const weighted = f32x4.mul(level, v128.load32_splat(weight));
    product = f32x4.add(product, f32x4.mul(weighted, place));
    square = f32x4.add(square, f32x4.mul(weighted, level));
  }
  products = product;
  squares = square;
}

/**
 * Writes the scales and zero points, float32, of four columns of a block of `count` numbers, each 32 bytes behind the one before. `ranges` are shares of a
 * block's range.
 */
export function searchFour(
  numbers: usize, count: i32, weights: usize, levels: i32, isSymmetric: bool, isNearest: bool, ranges: usize, tried: i32,
  scales: usize, zeros: usize,
): void {
  let low = f32x4.splat(0), high = low;
  for (let i = 0, at = numbers; i < count; i++, at += 32) {
    const number = v128.load(at);
    low = f32x4.pmin(low, number);
    high = f32x4.pmax(high, number);
  }
  const none = f32x4.splat(0), middle = f32x4.splat(<f32>(levels >> 1)), last = f32x4.splat(<f32>(levels - 1)), smallest = f32x4.splat(SMALLEST);
  const extreme = v128.bitselect(high, low, f32x4.gt(high, f32x4.neg(low)));
  const isActive = f32x4.ge(f32x4.div(f32x4.abs(extreme), f32x4.splat(<f32>levels)), smallest);
  const whole = isSymmetric
    ? f32x4.div(extreme, f32x4.neg(middle))
    : f32x4.sub(f32x4.div(high, last), f32x4.div(low, last));
  let chosen = f32x4.splat(1), point = middle;
  if (v128.any_true(isActive)) {
    let best = none, ratio = none;
    for (let at = 0; at < tried; at++) {
      const share = v128.load32_splat(ranges + (at << 2));
      const scale = f32x4.mul(share, whole);
      let zero = middle;
      if (!isSymmetric) {
        const place = isNearest
          ? f32x4.div(f32x4.neg(low), scale)
          : f32x4.sub(f32x4.splat(<f32>(levels - 1) / 2), f32x4.div(f32x4.add(low, high), f32x4.mul(f32x4.splat(2), scale)));
        zero = within(place, none, last);
      }
      if (isNearest) {
        chosen = v128.bitselect(scale, chosen, isActive);
        point = v128.bitselect(zero, point, isActive);
        break;
      }
      trial(numbers, count, weights, scale, f32x4.neg(zero), f32x4.sub(last, zero));
      const found = f32x4.mul(share, f32x4.div(products, squares));
      const gain = f32x4.mul(f32x4.mul(share, products), found);
      const isBetter = v128.and(f32x4.gt(gain, best), f32x4.ge(f32x4.abs(f32x4.mul(found, whole)), smallest));
      best = v128.bitselect(gain, best, isBetter);
      ratio = v128.bitselect(found, ratio, isBetter);
      point = v128.bitselect(zero, point, isBetter);
    }
    const isFound = v128.and(isActive, f32x4.gt(best, none));
    if (!isNearest && v128.any_true(isFound)) {
      const scale = f32x4.mul(ratio, whole);
      trial(numbers, count, weights, scale, f32x4.neg(point), f32x4.sub(last, point));
      const found = f32x4.mul(ratio, f32x4.div(products, squares));
      const gain = f32x4.mul(f32x4.mul(ratio, products), found);
      const other = f32x4.mul(found, whole);
      const isBetter = v128.and(f32x4.gt(gain, best), f32x4.ge(f32x4.abs(other), smallest));
      chosen = v128.bitselect(v128.bitselect(other, scale, isBetter), chosen, isFound);
    }
    point = v128.bitselect(point, middle, isNearest ? isActive : isFound);
  }
  v128.store(scales, chosen);
  v128.store(zeros, point);
}
