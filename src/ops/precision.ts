/** What passes to narrower floats must know of an operator, and what its results must be rounded to. */

export interface Precision {
  /** Where the time goes: what a narrower float is for. */
  readonly isHeavy?: true;
  /** Sums of products of what it is given with weights. */
  readonly isLayer?: true;
  /**
   * How large its numbers are: bounded, of ordinary size whatever it is given; growing, perhaps far larger than what it is given; shrinking, back to
   * ordinary size; limiting, where a bound beyond a type's range bounds nothing and makes nothing large.
   */
  readonly size?: 'bounded' | 'growing' | 'shrinking' | 'limiting';
  /** What a narrow float cannot hold of its results; coordinates in none, the others in float16. */
  readonly stays?: 'coordinates' | 'overflow' | 'statistics' | 'spectrum';
  /** Computed along axes: each number from a row of them. */
  readonly isRowwise?: true;
  /** Picks among its numbers by others, which are computed: not a constant even where all its floats are. */
  readonly isSelection?: true;
  /** Quantized arithmetic: its float inputs are scales, which multiply every rounding they get: of tensors or channels, or of blocks of a weight. */
  readonly takesScales?: 'whole' | 'blocks';
  /** Float inputs that the operator wants, or that accuracy wants, in float32. */
  readonly float32Inputs?: readonly number[];
  /** The slot of an attention's additive mask, which may be cut to the type's range without a change. */
  readonly mask?: number;
  /** Inputs of which the last digits decide something. */
  readonly decides?: readonly DecidingInput[];
  /** Its results are numbers that it is given, moved or chosen, small integers, zeros or negatives of them: nothing to round. */
  readonly isExact?: true;
}

export interface DecidingInput {
  readonly slot: number;
  readonly reason: string;
  /** How many layers on the way back belong to it. */
  readonly layers: number;
}

export const heavy: Precision = { isHeavy: true };
export const layer: Precision = { isHeavy: true, isLayer: true };
export const bounding: Precision = { size: 'bounded' };
export const shrinking: Precision = { size: 'shrinking' };
export const scales: Precision = { takesScales: 'whole' };
export const selection: Precision = { isSelection: true };
export const exact: Precision = { isExact: true };

export const ranks = (slot: number): DecidingInput => ({
  slot,
  reason: 'ranks numbers, or gives those that are ranked: rounded ones change places',
  layers: 1,
});
export const places = (slot: number): DecidingInput => ({
  slot,
  reason: 'gives the places where an image is sampled',
  layers: 1,
});
