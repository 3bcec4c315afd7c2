/** Quantizes eight columns of a weight in blocks: `passes/precision/block/quantizer.ts`, lane by lane. */
import { carryPair, carryRow, rowOf } from './feedback';
import { pairAt, searchPair } from './search';

/** Kinds of feedback. */
const NONE: i32 = 0, MEAN: i32 = 1, TRIANGLE: i32 = 2;

/**
 * numbers: float32 [blocks · block][8], zeros behind row `K`. importance: float32 [K], ones where nothing is known. first, second: the triangle; or means and
 * shares. errors: doubles [K][8], rounded to float32; sums: doubles [K + 1][8]. Made are codes, bytes [blocks · block][8], and scales and zero points,
 * doubles [blocks][8]. scratch: 64 · (block + 2) + 32 · block bytes.
 */
export function quantizeColumns(
  K: i32, block: i32, levels: i32, isSymmetric: bool, isNearest: bool, ranges: usize, tried: i32,
  numbers: usize, importance: usize, kind: i32, first: usize, second: usize, errors: usize, sums: usize,
  codes: usize, scales: usize, zeros: usize, scratch: usize,
): void {
  const shifted = scratch + 64 * (block + 2), carried = scratch;
  for (let lane: usize = 0; lane < 64; lane += 16) v128.store(sums + lane, f64x2.splat(0));
  const last = f64x2.splat(<f64>(levels - 1));
  for (let start = 0, at = 0; start < K; start += block, at++) {
    const end = min(start + block, K);
    let source = numbers + (start << 5);
    if (kind != NONE && start > 0) {
      carryBlock(kind, first, second, errors, sums, start, end, carried);
      for (let k = start; k < end; k++)
        for (let lane = 0; lane < 8; lane++) {
          const number = load<f32>(numbers + (k << 5) + (lane << 2));
          const moved = <f32>(<f64>number + load<f64>(carried + ((k - start) << 6) + (lane << 3)));
          store<f32>(shifted + ((k - start) << 5) + (lane << 2), number != 0 ? moved : 0);
        }
      source = shifted;
    }
    const scale = scales + (at << 6), zero = zeros + (at << 6);
    for (let pair: usize = 0; pair < 4; pair++)
      searchPair(
        source + (pair << 3), end - start, importance + (start << 2), levels, isSymmetric, isNearest, ranges, tried,
        scale + (pair << 4), zero + (pair << 4),
      );
    for (let k = start; k < end; k++) {
      if (kind == TRIANGLE) carryRow(rowOf(first, k), errors, start, k, carried);
      for (let pair: usize = 0; pair < 4; pair++) {
        const place = pair << 4, column = pair << 3;
        const exact = pairAt(numbers + (k << 5) + column);
        let more = f64x2.splat(0);
        if (kind == TRIANGLE) more = v128.load(carried + place);
        else if (kind == MEAN)
          more = f64x2.mul(
            f64x2.splat(<f64>load<f32>(second + (k << 2))),
            f64x2.sub(v128.load(sums + (k << 6) + place), v128.load(sums + (start << 6) + place)),
          );
        let target = f64x2.add(pairAt(source + ((k - start) << 5) + column), more);
        target = v128.and(target, f64x2.ne(exact, f64x2.splat(0)));
        const step = v128.load(scale + place), point = v128.load(zero + place);
        const inverse = f64x2.div(f64x2.splat(1), step);
        let code = f64x2.add(f64x2.floor(f64x2.add(f64x2.mul(target, inverse), f64x2.splat(0.5))), point);
        code = f64x2.pmin(f64x2.pmax(code, f64x2.splat(0)), last);
        const error = f64x2.sub(exact, f64x2.mul(f64x2.sub(code, point), step));
        v128.store(errors + (k << 6) + place, f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(error)));
        if (kind == MEAN)
          v128.store(
            sums + ((k + 1) << 6) + place,
            f64x2.add(v128.load(sums + (k << 6) + place), f64x2.mul(f64x2.splat(<f64>load<f32>(first + (k << 2))), error)),
          );
        const whole = i32x4.trunc_sat_f64x2_u_zero(code);
        store<u8>(codes + (k << 3) + (pair << 1), <u8>i32x4.extract_lane(whole, 0));
        store<u8>(codes + (k << 3) + (pair << 1), <u8>i32x4.extract_lane(whole, 1), 1);
      }
    }
    // What pads the last block is zero.
    for (let k = end; k < start + block; k++)
      for (let lane = 0; lane < 8; lane++) store<u8>(codes + (k << 3) + lane, <u8>load<f64>(zero + (lane << 3)));
  }
}

/** What each number of a block takes over of the blocks before it, doubles [block][8]. */
function carryBlock(kind: i32, first: usize, second: usize, errors: usize, sums: usize, start: i32, end: i32, carried: usize): void {
  if (kind == TRIANGLE) {
    let k = start;
    for (; k + 1 < end; k += 2) carryPair(rowOf(first, k), rowOf(first, k + 1), errors, start, carried + ((k - start) << 6));
    if (k < end) carryRow(rowOf(first, k), errors, 0, start, carried + ((k - start) << 6));
    return;
  }
  for (let k = start; k < end; k++) {
    const share = f64x2.splat(<f64>load<f32>(second + (k << 2)));
    for (let place: usize = 0; place < 64; place += 16)
      v128.store(
        carried + ((k - start) << 6) + place,
        f64x2.mul(share, f64x2.sub(v128.load(sums + (start << 6) + place), v128.load(sums + place))),
      );
  }
}

/** Codes of eight columns, bytes [rows][8] ⟶ each column's numbers in a row, of 8 or 4 bits, the first in the lower half of a byte. */
export function packCodes(codes: usize, rows: i32, bits: i32, out: usize): void {
  for (let column = 0; column < 8; column++) {
    let at = codes + column;
    if (bits == 8) for (let k = 0; k < rows; k++, at += 8, out++) store<u8>(out, load<u8>(at));
    else for (let k = 0; k < rows; k += 2, at += 16, out++) store<u8>(out, load<u8>(at) | (load<u8>(at, 8) << 4));
  }
}
