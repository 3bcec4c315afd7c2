/**
 * Error feedback (GPTQ): each number of a column is rounded knowing the errors of those before it, such that the products with the
 * activations change least, not the weight.
 *
 * With the mean of x·xᵀ = V Vᵀ, V upper triangular, the change of the products is ‖Vᵀ(w − q)‖, and its row k is
 * V[k,k] (w_k − q_k + Σ_{j<k} V[j,k] / V[k,k] (w_j − q_j)): number k is rounded with the sum added. The usual form inverts the matrix and
 * updates the rest of the weight at each step; this one needs the triangle alone, reads it row by row, and takes one column at a time.
 */

import { type Kernels, kernels } from '../../../src/ir/kernels/module.js';

/** The knowledge of activations by which a column is rounded, from its first number to its last. Sums are float32, as those of the kernels. */
export interface Feedback {
  /** V[k,k]²: the importance of number k after the numbers before it are rounded. */
  readonly importance: Float32Array;
  /** The sum of errors of numbers `from` to `to` − 1 that number k takes over. */
  carried(errors: Float32Array, k: number, from: number, to: number): number;
  /** Takes the error of number k, which follows k − 1. */
  took(k: number, error: number): void;
}

const float = Math.fround;

/** The mean square of a column's change in the products: Σ V[k,k]² (e_k + carried)². Kernels sum four rows at a time, and so does this. */
export function energyOf(feedback: Feedback, errors: Float32Array): number {
  let sum = 0;
  feedback.importance.forEach((own, k) => {
    const error = errors[k] as number;
    const near = k - (k % 4);
    const taken = float(feedback.carried(errors, k, 0, near) + feedback.carried(errors, k, near, k));
    const change = float(error + taken);
    sum = float(sum + float(own * float(change * change)));
    feedback.took(k, error);
  });
  return sum;
}

/** The share of the mean of the diagonal that is added to it, so that directions which activations never take do not decide. Results are alike from 0.003 to 0.1. */
const DAMPING = 0.02;

/** Feedback by the means of all products of two activations. */
export class TriangleFeedback implements Feedback {
  /** The largest K for which the triangle, K² numbers, is computed. */
  static readonly MOST = 2048;

  /** Row after row, row k of V[j,k] / V[k,k] for j < k. */
  readonly rows: Float32Array;
  readonly importance: Float32Array;

  /** Throws RangeError where the matrix has no triangle: NaN, or infinities. */
  constructor(gram: Float32Array, K: number, options: { readonly withKernels?: boolean } = {}) {
    this.importance = new Float32Array(K);
    this.rows = new Float32Array(rowStart(K));
    const { withKernels = true } = options;
    if (withKernels && triangleByKernels(gram, K, this)) return;
    const triangle = upperTriangle(gram, K);
    for (let k = 0; k < K; k++) {
      const own = triangle[k * K + k] as number;
      this.importance[k] = own * own;
      for (let j = 0, at = rowStart(k); j < k; j++, at++) this.rows[at] = (triangle[j * K + k] as number) / own;
    }
  }

  carried(errors: Float32Array, k: number, from: number, to: number): number {
    const rows = this.rows;
    let sum = 0;
    for (let j = from, at = rowStart(k) + from; j < to; j++, at++)
      sum = float(sum + float((rows[at] as number) * (errors[j] as number)));
    return sum;
  }

  took(): void {}
}

const rowStart = (k: number): number => (k * (k - 1)) / 2;

/**
 * Feedback by means m and deviations alone: activations that have nothing else in common. The triangle of D + m mᵀ in closed form: a number of
 * work for each number of a column.
 */
export class MeanFeedback implements Feedback {
  readonly importance: Float32Array;
  readonly means: Float32Array;
  /** What number k takes of Σ m_j e_j. */
  readonly shares: Float32Array;
  /** Σ_{j<k} m_j e_j of the column. */
  readonly #sums: Float32Array;

  constructor(means: Float32Array, variances: Float32Array) {
    const K = means.length;
    this.means = means;
    this.shares = new Float32Array(K);
    this.#sums = new Float32Array(K + 1);
    this.importance = new Float32Array(K);
    let mean = 0;
    for (const [k, variance] of variances.entries()) mean += (variance + (means[k] as number) ** 2) / K;
    // Means that later numbers can still make up for.
    let later = 1;
    for (let k = K - 1; k >= 0; k--) {
      const own = means[k] as number;
      const variance = (variances[k] as number) + DAMPING * mean || 1;
      const pivot = variance + (own * own) / later;
      this.importance[k] = pivot;
      this.shares[k] = own / later / pivot;
      later += (own * own) / variance;
    }
  }

  carried(_errors: Float32Array, k: number, from: number, to: number): number {
    return float((this.shares[k] as number) * float((this.#sums[to] as number) - (this.#sums[from] as number)));
  }

  took(k: number, error: number): void {
    this.#sums[k + 1] = (this.#sums[k] as number) + float((this.means[k] as number) * error);
  }
}

/** What is added to the diagonal. */
function dampingOf(gram: Float32Array, K: number): number {
  let trace = 0;
  for (let k = 0; k < K; k++) trace += gram[k * K + k] as number;
  return (DAMPING * trace) / K || 1;
}

const UNBOUNDED = 'feedback: the activations hold NaN or infinity';

let shared: Kernels | undefined;

/** The same triangle by the kernels, straight into its rows; false where there are none. */
function triangleByKernels(
  gram: Float32Array,
  K: number,
  { rows, importance }: Pick<TriangleFeedback, 'rows' | 'importance'>,
): boolean {
  const own = (shared ??= kernels());
  if (!own) return false;
  own.clear();
  const matrix = own.reserve(4 * K * K);
  const [packed, squares, scratch] = [own.reserve(4 * rows.length), own.reserve(4 * K), own.reserve(64 * K)];
  own.floats(matrix, gram.length).set(gram);
  if (!own.run.upperTriangle(matrix, K, dampingOf(gram, K), scratch)) throw new RangeError(UNBOUNDED);
  own.run.packTriangle(matrix, K, packed, squares);
  rows.set(own.floats(packed, rows.length));
  importance.set(own.floats(squares, K));
  return true;
}

/** Columns of a triangle that are computed together. */
const PANEL = 8;

/** V of a matrix V Vᵀ, row-major, computed from the last columns up: what the columns behind a panel give is summed for all of its own first. */
function upperTriangle(gram: Float32Array, K: number): Float32Array {
  const damping = dampingOf(gram, K);
  const triangle = new Float32Array(K * K);
  const behind = (row: number, other: number, end: number): number => {
    let sum = 0;
    for (let j = end; j < K; j++)
      sum = float(sum + float((triangle[row + j] as number) * (triangle[other + j] as number)));
    return sum;
  };
  for (let end = K; end > 0; end -= PANEL)
    for (let k = end - 1; k >= Math.max(0, end - PANEL); k--) {
      const row = k * K;
      let own = (gram[row + k] as number) - behind(row, row, end) + damping;
      for (let j = k + 1; j < end; j++) own -= (triangle[row + j] as number) ** 2;
      // Rounding may leave nothing of a direction that the others explain.
      const root = Math.sqrt(Math.max(own, damping * 1e-3));
      if (!(root < Number.POSITIVE_INFINITY)) throw new RangeError(UNBOUNDED);
      triangle[row + k] = root;
      for (let other = 0; other < row; other += K) {
        let sum = (gram[other + k] as number) - behind(other, row, end);
        for (let j = k + 1; j < end; j++) sum -= (triangle[other + j] as number) * (triangle[row + j] as number);
        triangle[other + k] = sum / root;
      }
    }
  return triangle;
}
