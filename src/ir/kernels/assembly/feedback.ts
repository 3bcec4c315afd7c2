/**
 * What the numbers of eight columns take over of the errors of those before them. Lanes are columns, so every sum is of the same numbers in the same order
 * as in JavaScript, in float32: the results are the same bit for bit. Eight errors of a row are neighbours, 32 bytes.
 */

/** Σ_{from ≤ j < to} row[j]·errors[j] of one row for all columns, to `out`. */
export function carryRow(row: usize, errors: usize, from: i32, to: i32, out: usize): void {
  let a = f32x4.splat(0), b = a;
  let at = errors + (from << 5), number = row + (from << 2);
  for (let j = from; j < to; j++, at += 32, number += 4) {
    const x = v128.load32_splat(number);
    a = f32x4.add(a, f32x4.mul(x, v128.load(at)));
    b = f32x4.add(b, f32x4.mul(x, v128.load(at, 16)));
  }
  v128.store(out, a);
  v128.store(out, b, 16);
}

/** The same of four rows, from 0: each error is loaded once for all. */
export function carryFour(first: usize, second: usize, third: usize, fourth: usize, errors: usize, to: i32, out: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  let at = errors;
  const end = <usize>to << 2;
  for (let place: usize = 0; place < end; place += 4, at += 32) {
    const left = v128.load(at), right = v128.load(at, 16);
    let x = v128.load32_splat(first + place);
    a = f32x4.add(a, f32x4.mul(x, left));
    b = f32x4.add(b, f32x4.mul(x, right));
    x = v128.load32_splat(second + place);
    c = f32x4.add(c, f32x4.mul(x, left));
    d = f32x4.add(d, f32x4.mul(x, right));
    x = v128.load32_splat(third + place);
    e = f32x4.add(e, f32x4.mul(x, left));
    f = f32x4.add(f, f32x4.mul(x, right));
    x = v128.load32_splat(fourth + place);
    g = f32x4.add(g, f32x4.mul(x, left));
    h = f32x4.add(h, f32x4.mul(x, right));
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
}

/** The bytes from the beginning of a packed triangle to row k. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function rowOf(triangle: usize, k: i32): usize {
  return triangle + ((<usize>k * <usize>(k - 1)) << 1);
}

/** Σ importance[k]·(errors[k] + carried)² of each column, to `out`, by a triangle. */
export function triangleEnergy(triangle: usize, importance: usize, errors: usize, count: i32, out: usize, carried: usize): void {
  v128.store(out, f32x4.splat(0));
  v128.store(out, f32x4.splat(0), 16);
  for (let k = 0; k < count; k += 4) {
    const rows = min(count - k, 4);
    if (rows == 4) carryFour(rowOf(triangle, k), rowOf(triangle, k + 1), rowOf(triangle, k + 2), rowOf(triangle, k + 3), errors, k, carried);
    else for (let row = 0; row < rows; row++) carryRow(rowOf(triangle, k + row), errors, 0, k, carried + (row << 5));
    for (let row = k; row < k + rows; row++) {
      const near = carried + 128;
      carryRow(rowOf(triangle, row), errors, k, row, near);
      const own = v128.load32_splat(importance + (row << 2));
      for (let lane: usize = 0; lane < 32; lane += 16) {
        const taken = f32x4.add(v128.load(carried + ((row - k) << 5) + lane), v128.load(near + lane));
        const change = f32x4.add(v128.load(errors + (row << 5) + lane), taken);
        v128.store(out + lane, f32x4.add(v128.load(out + lane), f32x4.mul(own, f32x4.mul(change, change))));
      }
    }
  }
}
