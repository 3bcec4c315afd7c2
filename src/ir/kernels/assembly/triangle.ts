/** V of a matrix V Vᵀ, upper triangular: `upperTriangle` of `passes/precision/block/feedback.ts`, rows side by side. */
import { carryFour, carryRow, rowOf } from './feedback';

/** Columns that are computed together, from the last ones on: what those behind them give to each row is summed once for all of them. */
const PANEL: i32 = 8;

/**
 * In place of the matrix, K × K of float32; what lies below the diagonal is not touched. scratch: 64 · K bytes. False where a number is not
 * finite.
 */
export function upperTriangle(matrix: usize, K: i32, damping: f64, scratch: usize): bool {
  const width = K << 2;
  const panel = scratch, sums = scratch + (K << 5);
  for (let end = K; end > 0; end -= PANEL) {
    const begin = max(end - PANEL, 0), behind = K - end;
    // The panel's rows behind it, as columns.
    memory.fill(panel, 0, behind << 5);
    for (let k = begin; k < end; k++) {
      const row = matrix + <usize>k * width + (end << 2);
      for (let j = 0; j < behind; j++) store<f32>(panel + (j << 5) + ((k - begin) << 2), load<f32>(row + (j << 2)));
    }
    let i = 0;
    for (; i + 3 < end; i += 4) {
      const row = matrix + <usize>i * width + (end << 2);
      carryFour(row, row + width, row + 2 * width, row + 3 * width, panel, behind, sums + (i << 5));
    }
    for (; i < end; i++) carryRow(matrix + <usize>i * width + (end << 2), panel, 0, behind, sums + (i << 5));
    for (let k = end - 1; k >= begin; k--) {
      const row = matrix + <usize>k * width, lane = (k - begin) << 2;
      let own = <f64>load<f32>(row + (k << 2)) - <f64>load<f32>(sums + (k << 5) + lane) + damping;
      for (let j = k + 1; j < end; j++) {
        const one = <f64>load<f32>(row + (j << 2));
        own -= one * one;
      }
      // Rounding may leave nothing of a direction that the others explain.
      const least = damping * 1e-3;
      const root = Math.sqrt(own > least ? own : own != own ? own : least);
      if (!(root < Infinity)) return false;
      store<f32>(row + (k << 2), <f32>root);
      for (let other = 0, at = matrix; other < k; other++, at += width) {
        let sum = <f64>load<f32>(at + (k << 2)) - <f64>load<f32>(sums + (other << 5) + lane);
        for (let j = k + 1; j < end; j++) sum -= <f64>load<f32>(at + (j << 2)) * <f64>load<f32>(row + (j << 2));
        store<f32>(at + (k << 2), <f32>(sum / root));
      }
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
