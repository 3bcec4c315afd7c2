/** Quantizes eight columns of a weight in blocks: `passes/precision/block/quantizer.ts`, lane by lane. */
import { carryFour, carryRow, rowOf } from './feedback';
import { searchFour, within } from './search';

/** Kinds of feedback. */
const NONE: i32 = 0, MEAN: i32 = 1, TRIANGLE: i32 = 2;

/**
 * numbers: float32 [blocks · block][8], zeros behind row `K`. importance: float32 [K], ones where nothing is known. first, second: the triangle; or means and
 * shares. errors: float32 [K][8]; sums: float32 [K + 1][8]. Made are codes, bytes [blocks · block][8], and scales and zero points, float32 [blocks][8].
 * scratch: 64 · block bytes.
 */
export function quantizeColumns(
  K: i32, block: i32, levels: i32, isSymmetric: bool, isNearest: bool, ranges: usize, tried: i32,
  numbers: usize, importance: usize, kind: i32, first: usize, second: usize, errors: usize, sums: usize,
  codes: usize, scales: usize, zeros: usize, scratch: usize,
): void {
  const carried = scratch, shifted = scratch + (block << 5);
  const none = f32x4.splat(0), last = f32x4.splat(<f32>(levels - 1));
  v128.store(sums, none);
  v128.store(sums, none, 16);
  for (let start = 0, at = 0; start < K; start += block, at++) {
    const end = min(start + block, K);
    let source = numbers + (start << 5);
    if (kind != NONE && start > 0) {
      carryBlock(kind, first, second, errors, sums, start, end, carried);
      for (let place: usize = 0, size = <usize>(end - start) << 5; place < size; place += 16) {
        const number = v128.load(source + place);
        const moved = f32x4.add(number, v128.load(carried + place));
        v128.store(shifted + place, v128.and(moved, f32x4.ne(number, none)));
      }
      source = shifted;
    }
    const scale = scales + (at << 5), zero = zeros + (at << 5);
    for (let half: usize = 0; half < 32; half += 16)
      searchFour(
        source + half, end - start, importance + (start << 2), levels, isSymmetric, isNearest, ranges, tried, scale + half, zero + half,
      );
    for (let k = start; k < end; k++) {
      if (kind == TRIANGLE) carryRow(rowOf(first, k), errors, start, k, carried);
      for (let half: usize = 0; half < 32; half += 16) {
        const exact = v128.load(numbers + (k << 5) + half);
        let more = none;
        if (kind == TRIANGLE) more = v128.load(carried + half);
        else if (kind == MEAN)
          more = f32x4.mul(
            v128.load32_splat(second + (k << 2)),
            f32x4.sub(v128.load(sums + (k << 5) + half), v128.load(sums + (start << 5) + half)),
          );
        let target = f32x4.add(v128.load(source + ((k - start) << 5) + half), more);
        target = v128.and(target, f32x4.ne(exact, none));
        const step = v128.load(scale + half), point = v128.load(zero + half);
        const inverse = f32x4.div(f32x4.splat(1), step);
        const level = within(f32x4.mul(target, inverse), f32x4.neg(point), f32x4.sub(last, point));
        const error = f32x4.sub(exact, f32x4.mul(level, step));
        v128.store(errors + (k << 5) + half, error);
        if (kind == MEAN)
          v128.store(
            sums + ((k + 1) << 5) + half,
            f32x4.add(v128.load(sums + (k << 5) + half), f32x4.mul(v128.load32_splat(first + (k << 2)), error)),
          );
        const code = i32x4.trunc_sat_f32x4_u(f32x4.add(level, point));
        const bytes = v128.shuffle<u8>(code, code, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
        store<u32>(codes + (k << 3) + (half >> 2), <u32>i32x4.extract_lane(bytes, 0));
      }
    }
    // What pads the last block is zero.
    for (let k = end; k < start + block; k++)
      for (let lane = 0; lane < 8; lane++) store<u8>(codes + (k << 3) + lane, <u8>load<f32>(zero + (lane << 2)));
  }
}

/** What each number of a block takes over of the blocks before it, float32 [block][8]. */
function carryBlock(kind: i32, first: usize, second: usize, errors: usize, sums: usize, start: i32, end: i32, carried: usize): void {
  if (kind == TRIANGLE) {
    let k = start;
    for (; k + 3 < end; k += 4)
      carryFour(rowOf(first, k), rowOf(first, k + 1), rowOf(first, k + 2), rowOf(first, k + 3), errors, start, carried + ((k - start) << 5));
    for (; k < end; k++) carryRow(rowOf(first, k), errors, 0, start, carried + ((k - start) << 5));
    return;
  }
  for (let k = start; k < end; k++) {
    const share = v128.load32_splat(second + (k << 2));
    for (let half: usize = 0; half < 32; half += 16)
      v128.store(
        carried + ((k - start) << 5) + half,
        f32x4.mul(share, f32x4.sub(v128.load(sums + (start << 5) + half), v128.load(sums + half))),
      );
  }
}

/** Eight columns of `rows` numbers, one after another ⟶ [rows][8]. */
export function turnColumns(columns: usize, rows: i32, out: usize): void {
  const stride = <usize>rows << 2;
  for (let lane: usize = 0; lane < 8; lane += 4) {
    const first = columns + lane * stride, second = first + stride, third = second + stride, fourth = third + stride;
    let to = out + (lane << 2);
    // Rows are whole blocks, of 16 numbers at least.
    for (let at: usize = 0; at < stride; at += 16, to += 128) {
      const a = v128.load(first + at), b = v128.load(second + at), c = v128.load(third + at), d = v128.load(fourth + at);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7), cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f64>(ab, cd, 0, 2));
      v128.store(to, v128.shuffle<f64>(ab, cd, 1, 3), 32);
      v128.store(to, v128.shuffle<f64>(abHigh, cdHigh, 0, 2), 64);
      v128.store(to, v128.shuffle<f64>(abHigh, cdHigh, 1, 3), 96);
    }
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
