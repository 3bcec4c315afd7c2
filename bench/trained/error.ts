/** Computes the real error of a result from its outputs, independently of the library's own measures. */
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { fromTensorData } from '../../src/runtime/tensor-data.js';
import type { Pair } from './decisions.js';

export interface RealError {
  /** ‖result − original‖ / ‖original‖ over all sets together, of the worst output. */
  readonly pooled: number;
  /** The error of the worst set: large where a set's output is near zero. */
  readonly worst: number;
  /** Counts elements that are NaN or infinite on one side and not on the other, and all elements of a missing output. */
  readonly mismatches: number;
}

export function errorOf(pairs: readonly Pair[]): RealError {
  let mismatches = 0;
  let [pooled, worst] = [0, 0];
  const relative = (error: number, norm: number): number => (error === 0 ? 0 : Math.sqrt(error / norm));
  for (const name of Object.keys(pairs[0]?.original ?? {})) {
    let [allErrors, allNorms] = [0, 0];
    for (const { original, result } of pairs) {
      const [a, b] = [original[name], result[name]].map((tensor) => tensor && numbersOf(fromTensorData(tensor)));
      if (!a || b?.length !== a.length) {
        mismatches += a?.length ?? 1;
        continue;
      }
      let [error, norm] = [0, 0];
      a.forEach((x, i) => {
        const y = b[i] as number;
        if (Number.isFinite(x) && Number.isFinite(y)) {
          error += (x - y) ** 2;
          norm += x * x;
        } else if (!Object.is(x, y)) mismatches++;
      });
      worst = Math.max(worst, relative(error, norm));
      allErrors += error;
      allNorms += norm;
    }
    pooled = Math.max(pooled, relative(allErrors, allNorms));
  }
  return { pooled, worst, mismatches };
}
