/**
 * What the numbers of eight columns take over of the errors of those before them. Lanes are columns, so every sum is of the same numbers in the same order
 * as in JavaScript, in doubles: the results are the same bit for bit. Eight errors of a row are neighbours, 64 bytes.
 */

/** Σ_{from ≤ j < to} row[j]·errors[j] of one row for all columns, to `out`. */
export function carryRow(row: usize, errors: usize, from: i32, to: i32, out: usize): void {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  let at = errors + (from << 6), number = row + (from << 2);
  for (let j = from; j < to; j++, at += 64, number += 4) {
    const x = f64x2.splat(<f64>load<f32>(number));
    a = f64x2.add(a, f64x2.mul(x, v128.load(at)));
    b = f64x2.add(b, f64x2.mul(x, v128.load(at, 16)));
    c = f64x2.add(c, f64x2.mul(x, v128.load(at, 32)));
    d = f64x2.add(d, f64x2.mul(x, v128.load(at, 48)));
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
}

/** The same of two rows, from 0: each error is loaded once for both. */
export function carryPair(row: usize, next: usize, errors: usize, to: i32, out: usize): void {
  let a = f64x2.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  let at = errors, number = row, other = next;
  for (let j = 0; j < to; j++, at += 64, number += 4, other += 4) {
    const x = f64x2.splat(<f64>load<f32>(number)), y = f64x2.splat(<f64>load<f32>(other));
    let error = v128.load(at);
    a = f64x2.add(a, f64x2.mul(x, error));
    e = f64x2.add(e, f64x2.mul(y, error));
    error = v128.load(at, 16);
    b = f64x2.add(b, f64x2.mul(x, error));
    f = f64x2.add(f, f64x2.mul(y, error));
    error = v128.load(at, 32);
    c = f64x2.add(c, f64x2.mul(x, error));
    g = f64x2.add(g, f64x2.mul(y, error));
    error = v128.load(at, 48);
    d = f64x2.add(d, f64x2.mul(x, error));
    h = f64x2.add(h, f64x2.mul(y, error));
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
  for (let lane: usize = 0; lane < 64; lane += 16) v128.store(out + lane, f64x2.splat(0));
  for (let k = 0; k < count; k++) {
    carryRow(rowOf(triangle, k), errors, 0, k, carried);
    const own = f64x2.splat(<f64>load<f32>(importance + (k << 2)));
    for (let lane: usize = 0; lane < 64; lane += 16) {
      const change = f64x2.add(v128.load(errors + (k << 6) + lane), v128.load(carried + lane));
      v128.store(out + lane, f64x2.add(v128.load(out + lane), f64x2.mul(own, f64x2.mul(change, change))));
    }
  }
}
