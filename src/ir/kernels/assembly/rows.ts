/**
 * Rows of an int8 weight whose columns are those of the product: `sizes.ts`, `columns.ts` and `bytes.ts` of passes/precision/integer. Rows are whole, an even
 * number of columns wide, and begin with the first of a pair where pairs count (`isPaired`).
 *
 * Four columns of a pair of rows at a time, by an estimate in float32 where it proves what is asked; else two columns of a row in doubles, as in JavaScript.
 */
import { nearest, nearestFour, pairAt, upperPair } from './pairs';

/** More than one by a step of float32 or two, for bounds that stay above what they bound. */
const ABOVE: f32 = 1.0000003;

/** The size of two numbers: of each alone, or of the pair with the number of the row before where `firsts` has one. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function sizeOf(numbers: usize, firsts: usize, alone: f64): v128 {
  const number = pairAt(numbers), own = f64x2.mul(f64x2.abs(number), f64x2.splat(alone));
  return firsts ? f64x2.max(own, f64x2.abs(f64x2.add(pairAt(firsts), number))) : own;
}

/** Four sizes, or more, of the two rows that begin at `numbers`; NaN of NaN. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function boundOf(numbers: usize, stride: usize, alone: v128): v128 {
  const first = v128.load(numbers), own = f32x4.mul(f32x4.abs(first), alone);
  if (!stride) return own;
  const second = v128.load(numbers + stride);
  const pair = f32x4.mul(f32x4.abs(f32x4.add(first, second)), f32x4.splat(ABOVE));
  return f32x4.pmax(pair, f32x4.pmax(own, f32x4.mul(f32x4.abs(second), alone)));
}

/** Raises two float32 sizes to those of a row; NaN makes them infinite. */
function growTwo(numbers: usize, firsts: usize, sizes: usize, alone: f64): void {
  const size = sizeOf(numbers, firsts, alone), before = pairAt(sizes), infinite = f64x2.splat(Infinity);
  const grown = v128.bitselect(size, infinite, f64x2.lt(size, infinite));
  const chosen = f32x4.demote_f64x2_zero(v128.bitselect(before, grown, f64x2.le(size, before)));
  v128.store64_lane(sizes, chosen, 0);
}

/** Raises the float32 sizes of columns to those of rows. */
export function growSizes(numbers: usize, rows: i32, columns: i32, isPaired: bool, sizes: usize, alone: f64): void {
  const width = <usize>columns << 2, bound = f32x4.splat(<f32>alone * ABOVE);
  for (let row = 0; row < rows; row += isPaired ? 2 : 1) {
    const stride: usize = isPaired && row + 1 < rows ? width : 0;
    const end = numbers + width;
    let size = sizes;
    for (; numbers < end; ) {
      const isWhole = numbers + 16 <= end;
      if (isWhole && i32x4.all_true(f32x4.le(boundOf(numbers, stride, bound), v128.load(size)))) {
        numbers += 16;
        size += 16;
        continue;
      }
      growTwo(numbers, 0, size, alone);
      if (stride) growTwo(numbers + stride, numbers, size, alone);
      numbers += 8;
      size += 8;
    }
    numbers += stride;
  }
}

/** Adds what is cut off two numbers to the costs of their columns: of each share but the first, double [columns][8]. */
function cutTwo(
  numbers: usize, firsts: usize, sizes: usize, limits: usize, costs: usize, shares: usize, alone: f64, part: f64,
): void {
  const both = sizeOf(numbers, firsts, alone);
  for (let lane: usize = 0; lane < 2; lane++) {
    const size = lane ? f64x2.extract_lane(both, 1) : f64x2.extract_lane(both, 0);
    if (size <= <f64>load<f32>(limits + (lane << 2))) continue;
    const largest = <f64>load<f32>(sizes + (lane << 2));
    for (let at: usize = 56; at > 0; at -= 8) {
      const excess = size - largest * load<f64>(shares + at);
      if (excess <= 0) break;
      const cost = costs + (lane << 6) + at;
      store<f64>(cost, load<f64>(cost) + part * excess * excess);
    }
  }
}

/** Adds the squares of the errors of two rounded numbers to those of their columns; gives the squares of the numbers. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function squareErrors(number: v128, near: v128, scale: v128, squares: usize): v128 {
  const error = f64x2.sub(number, f64x2.mul(near, scale));
  v128.store(squares, f64x2.add(v128.load(squares), f64x2.mul(error, error)));
  return f64x2.mul(number, number);
}

/** The same of four numbers of a row, and what they are rounded to. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function roundFour(numbers: usize, inverse: v128, scales: usize, squares: usize): v128 {
  const four = v128.load(numbers), scale = v128.load(scales), other = v128.load(scales, 16);
  const near = nearestFour(four, inverse, scale, other);
  const total = squareErrors(f64x2.promote_low_f32x4(four), f64x2.promote_low_f32x4(near), scale, squares);
  return f64x2.add(total, squareErrors(upperPair(four), upperPair(near), other, squares + 16));
}

/**
 * Adds the squares of rounding errors to those of their columns, doubles, and what a smaller scale would cut off to `costs`. `scales` are doubles, `inverses`
 * what float32 has of one by them; below its float32 limit no number is cut. Gives the sum of the squares of all numbers.
 */
export function roundingErrors(
  numbers: usize, rows: i32, columns: i32, isPaired: bool, scales: usize, inverses: usize, squares: usize,
  sizes: usize, limits: usize, costs: usize, shares: usize, alone: f64,
): f64 {
  const width = <usize>columns << 2, bound = f32x4.splat(<f32>alone * ABOVE), part: f64 = isPaired ? 0.5 : 1;
  let total = f64x2.splat(0);
  for (let row = 0; row < rows; row += isPaired ? 2 : 1) {
    const stride: usize = isPaired && row + 1 < rows ? width : 0;
    for (let at: usize = 0; at < width; ) {
      const place = numbers + at, scale = scales + (at << 1), square = squares + (at << 1);
      const isWhole = at + 16 <= width;
      const step: usize = isWhole ? 16 : 8;
      if (isWhole) {
        const inverse = v128.load(inverses + at);
        total = f64x2.add(total, roundFour(place, inverse, scale, square));
        if (stride) total = f64x2.add(total, roundFour(place + stride, inverse, scale, square));
      } else {
        const own = v128.load(scale), number = pairAt(place);
        total = f64x2.add(total, squareErrors(number, nearest(number, own), own, square));
        const below = pairAt(place + stride);
        if (stride) total = f64x2.add(total, squareErrors(below, nearest(below, own), own, square));
      }
      if (!isWhole || !i32x4.all_true(f32x4.le(boundOf(place, stride, bound), v128.load(limits + at))))
        for (let from = at, end = at + step; from < end; from += 8) {
          const to = costs + (from << 4);
          cutTwo(numbers + from, 0, sizes + from, limits + from, to, shares, alone, part);
          if (stride)
            cutTwo(numbers + stride + from, numbers + from, sizes + from, limits + from, to, shares, alone, part);
        }
      at += step;
    }
    numbers += width + stride;
  }
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
}
