/** Scale and zero point of a block, for two columns at a time: `passes/precision/block/search.ts`, lane by lane. */

/** Σhwd and Σhd² of the last trial. */
let product: v128 = f64x2.splat(0);
let square: v128 = f64x2.splat(0);

/** The smallest scale that float32 holds in full precision. */
const SMALLEST: f64 = 1.1754943508222875e-38;

/** Math.round: halves go up. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function rounded(numbers: v128): v128 {
  const below = f64x2.floor(numbers);
  const isUp = f64x2.ge(f64x2.sub(numbers, below), f64x2.splat(0.5));
  return f64x2.add(below, v128.and(isUp, f64x2.splat(1)));
}

/** Two numbers of a row of a tile, in doubles. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function pairAt(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}

function trial(numbers: usize, count: i32, weights: usize, scale: v128, low: v128, high: v128): void {
  const inverse = f64x2.div(f64x2.splat(1), scale);
  let products = f64x2.splat(0), squares = products;
  let at = numbers, weight = weights;
  for (let i = 0; i < count; i++, at += 32, weight += 4) {
    const number = pairAt(at);
    let level = f64x2.floor(f64x2.add(f64x2.mul(number, inverse), f64x2.splat(0.5)));
    level = f64x2.pmin(f64x2.pmax(level, low), high);
    const weighted = f64x2.mul(level, f64x2.splat(<f64>load<f32>(weight)));
    products = f64x2.add(products, f64x2.mul(weighted, number));
    squares = f64x2.add(squares, f64x2.mul(weighted, level));
  }
  product = products;
  square = squares;
}

/**
 * Writes the scales and zero points, in doubles, of two columns of a block of `count` numbers, each 32 bytes behind the one before. `ranges` are shares of a
 * block's range, in doubles.
 */
export function searchPair(
  numbers: usize, count: i32, weights: usize, levels: i32, isSymmetric: bool, isNearest: bool, ranges: usize, tried: i32,
  scales: usize, zeros: usize,
): void {
  let low = f64x2.splat(0), high = low;
  for (let i = 0, at = numbers; i < count; i++, at += 32) {
    const number = pairAt(at);
    low = f64x2.pmin(low, number);
    high = f64x2.pmax(high, number);
  }
  const middle = f64x2.splat(<f64>(levels >> 1)), last = f64x2.splat(<f64>(levels - 1));
  const extreme = v128.bitselect(high, low, f64x2.gt(high, f64x2.neg(low)));
  const isActive = f64x2.ge(f64x2.div(f64x2.abs(extreme), f64x2.splat(<f64>levels)), f64x2.splat(SMALLEST));
  let chosen = f64x2.splat(1), point = middle, best = f64x2.splat(0);
  if (v128.any_true(isActive))
    for (let at = 0; at < tried; at++) {
      const share = f64x2.splat(load<f64>(ranges + (at << 3)));
      let zero = middle;
      let scale: v128;
      if (isSymmetric) scale = f64x2.div(f64x2.mul(share, extreme), f64x2.neg(middle));
      else {
        scale = f64x2.div(f64x2.mul(share, f64x2.sub(high, low)), last);
        const place = isNearest
          ? f64x2.div(f64x2.neg(low), scale)
          : f64x2.sub(f64x2.splat(<f64>(levels - 1) / 2), f64x2.div(f64x2.add(low, high), f64x2.mul(f64x2.splat(2), scale)));
        zero = f64x2.pmin(f64x2.pmax(rounded(place), f64x2.splat(0)), last);
      }
      if (isNearest) {
        chosen = v128.bitselect(scale, chosen, isActive);
        point = v128.bitselect(zero, point, isActive);
        break;
      }
      let isLive = isActive;
      for (let turn = 0; turn < 2; turn++) {
        trial(numbers, count, weights, scale, f64x2.neg(zero), f64x2.sub(last, zero));
        const gain = f64x2.div(f64x2.mul(product, product), square);
        scale = f64x2.div(product, square);
        isLive = v128.and(isLive, v128.and(f64x2.ne(square, f64x2.splat(0)), f64x2.ge(f64x2.abs(scale), f64x2.splat(SMALLEST))));
        const isBetter = v128.and(isLive, f64x2.gt(gain, best));
        best = v128.bitselect(gain, best, isBetter);
        chosen = v128.bitselect(scale, chosen, isBetter);
        point = v128.bitselect(zero, point, isBetter);
      }
    }
  v128.store(scales, f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(chosen)));
  v128.store(zeros, point);
}
