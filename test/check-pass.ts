/** The tools of pass tests: the library's public checks, and seeded numbers. */
import { tensorOf } from '../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../src/ir/tensors/tensor.js';
import { Random } from '../src/validate/inputs/random.js';

export { applyPass, applyPasses, checkMiss, checkPass, opCounts } from '../src/testing/check-pass.js';
export { compareTensors, relativeError } from '../src/testing/compare-tensors.js';
export { randomFeeds } from '../src/testing/run-bytes.js';

/** A seeded generator of numbers in [0, 1). */
export function generator(seed: number): () => number {
  const random = new Random(seed);
  return () => random.next();
}

/** Seeded normal numbers as a tensor: weights for tests. */
export function randomWeights(shape: readonly number[], scale = 1, seed = 2): Tensor {
  const random = new Random(seed);
  return tensorOf(
    'float32',
    Array.from({ length: elementCount(shape) }, () => random.normal() * scale),
    shape,
  );
}
