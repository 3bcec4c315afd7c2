/** A weight that may have 8 bits. */
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import type { StoredWeight } from './decode.js';
import type { WeightSite } from './sites.js';

/** A weight, and its form in 8 bits. */
export interface NarrowSite {
  readonly site: WeightSite;
  readonly stored: StoredWeight;
  /** What the bias behind it takes back. */
  readonly shift?: MeanShift | undefined;
}

/** A bias, and what is added to it. */
export interface MeanShift {
  readonly bias: Value;
  readonly numbers: Float32Array;
}

/** By the stored weight. */
export type MeanShifts = ReadonlyMap<Tensor, MeanShift>;
