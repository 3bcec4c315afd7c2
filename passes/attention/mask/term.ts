/**
 * Defines the terms of the scores before the Softmax, in order: a bias is added, a mask overwrites some scores by a
 * very negative number.
 */
import type { Node } from '../../../src/ir/node.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import type { Axes } from '../../../src/match/views/view.js';

export type MaskTerm = {
  /** The bias, or the mask's condition; it broadcasts to these axes of the scores. */
  readonly value: Value;
  readonly axes: Axes;
  /** The element type of the scores at this term. */
  readonly elem: DataType;
  readonly at: Node;
  /**
   * The axes that are not shown to stay as long as they are: only the keys may be among them, because the values share
   * their number.
   */
  readonly unproven: Axes;
  /** The scores behind this term are raised to this if they are lower: as low as floats go. */
  readonly floor?: number;
} & (
  | { readonly kind: 'bias'; readonly factor: number }
  | { readonly kind: 'mask'; readonly fill: number; readonly keepsWhereTrue: boolean }
);

/** A mask must drown any score: where fill ≤ -1e9, exp(fill - score) is 0 for scores of |s| < 10^8. */
export const MASKED = -1e9;
/** The least that exporters fill with. It drowns the scores of a row that sees any key, if its score is not as low itself. */
export const WEAK = -1e4;
/** From here on (1e15 as a float32) score + fill rounds to fill for scores of |s| < 10^7: rows masked whole stay uniform. */
export const DROWNING = -Math.fround(1e15);

/** True for a mask whose fill leaves a row masked whole with scores of its own. */
export const isWeak = (term: MaskTerm): boolean => term.kind === 'mask' && term.fill > MASKED;

/** The axes of the scores that a value has; none where its size is 1. */
export const ownAxes = (value: Value, axes: Axes): Axes => {
  const shape = value.shape ?? [];
  return axes.slice(axes.length - shape.length).map((factors, i) => (shape[i] === 1 ? [] : factors));
};
