/** V of a matrix V Vᵀ, upper triangular: `upperTriangle` of `passes/precision/block/feedback.ts`, rows side by side. */
import { rowOf } from './feedback';

/** Two numbers of one row and two of the next, in doubles, by column. */
let left: v128 = f64x2.splat(0);
let right: v128 = f64x2.splat(0);

// @ts-ignore: a decorator of AssemblyScript
@inline
function turned(row: usize, next: usize): void {
  const both = v128.shuffle<f32>(v128.load64_zero(row), v128.load64_zero(next), 0, 4, 1, 5);
  left = f64x2.promote_low_f32x4(both);
  right = f64x2.promote_low_f32x4(v128.shuffle<f64>(both, both, 1, 1));
}

/** In place of the matrix, K × K of float32; what lies below the diagonal is not touched. False where a number is not finite. */
export function upperTriangle(matrix: usize, K: i32, damping: f64): bool {
  const width = K << 2;
  for (let k = K - 1; k >= 0; k--) {
    const row = matrix + <usize>k * width;
    let own = <f64>load<f32>(row + (k << 2)) + damping;
    for (let j = k + 1; j < K; j++) {
      const one = <f64>load<f32>(row + (j << 2));
      own -= one * one;
    }
    // Rounding may leave nothing of a direction that the others explain.
    const least = damping * 1e-3;
    const root = Math.sqrt(own > least ? own : own != own ? own : least);
    if (!(root < Infinity)) return false;
    store<f32>(row + (k << 2), <f32>root);
    let i = 0;
    for (; i + 3 < k; i += 4) {
      const a = matrix + <usize>i * width, b = a + width, c = b + width, d = c + width;
      let first = f64x2(<f64>load<f32>(a + (k << 2)), <f64>load<f32>(b + (k << 2)));
      let second = f64x2(<f64>load<f32>(c + (k << 2)), <f64>load<f32>(d + (k << 2)));
      let j = k + 1;
      for (; j + 1 < K; j += 2) {
        const at = <usize>j << 2;
        const x = f64x2.splat(<f64>load<f32>(row + at)), y = f64x2.splat(<f64>load<f32>(row + at, 4));
        turned(a + at, b + at);
        first = f64x2.sub(f64x2.sub(first, f64x2.mul(left, x)), f64x2.mul(right, y));
        turned(c + at, d + at);
        second = f64x2.sub(f64x2.sub(second, f64x2.mul(left, x)), f64x2.mul(right, y));
      }
      if (j < K) {
        const at = <usize>j << 2;
        const x = f64x2.splat(<f64>load<f32>(row + at));
        first = f64x2.sub(first, f64x2.mul(f64x2(<f64>load<f32>(a + at), <f64>load<f32>(b + at)), x));
        second = f64x2.sub(second, f64x2.mul(f64x2(<f64>load<f32>(c + at), <f64>load<f32>(d + at)), x));
      }
      store<f32>(a + (k << 2), <f32>(f64x2.extract_lane(first, 0) / root));
      store<f32>(b + (k << 2), <f32>(f64x2.extract_lane(first, 1) / root));
      store<f32>(c + (k << 2), <f32>(f64x2.extract_lane(second, 0) / root));
      store<f32>(d + (k << 2), <f32>(f64x2.extract_lane(second, 1) / root));
    }
    for (; i < k; i++) {
      const a = matrix + <usize>i * width;
      let sum = <f64>load<f32>(a + (k << 2));
      for (let j = k + 1; j < K; j++) sum -= <f64>load<f32>(a + (j << 2)) * <f64>load<f32>(row + (j << 2));
      store<f32>(a + (k << 2), <f32>(sum / root));
    }
  }
  return true;
}

/** V[j,k] / V[k,k] for j < k, row k behind row k − 1, and V[k,k]² to `importance`. Sixteen rows at a time, as they are columns of V. */
export function packTriangle(matrix: usize, K: i32, packed: usize, importance: usize): void {
  const width = K << 2;
  for (let from = 0; from < K; from += 16) {
    const to = min(from + 16, K);
    for (let k = from; k < to; k++) {
      const own = <f64>load<f32>(matrix + <usize>k * width + (k << 2));
      store<f32>(importance + (k << 2), <f32>(own * own));
    }
    for (let j = 0; j < to; j++) {
      const row = matrix + <usize>j * width;
      for (let k = max(from, j + 1); k < to; k++)
        store<f32>(
          rowOf(packed, k) + (j << 2),
          <f32>(<f64>load<f32>(row + (k << 2)) / <f64>load<f32>(matrix + <usize>k * width + (k << 2))),
        );
    }
  }
}
