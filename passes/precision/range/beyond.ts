/**
 * Finds values whose numbers exceed the range of a narrow float: as measured on the user's inputs, else as estimated from norms and weights, unless
 * intervals prove that they stay within it.
 *
 * Intervals convict nobody: those of a convolution are the sum of its weights' magnitudes, so wide that every network seems to overflow.
 */

import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import type { ActivationStatistics } from '../../../src/run/activations.js';
import { isMovement, precisionOf } from '../ops.js';
import { FloatBounds } from './bounds.js';
import { DEVIATIONS, Deviations } from './deviations.js';

/** Other inputs may give numbers this many times as large as the measured ones. */
const MARGIN = 2;

const because = {
  measured: 'its numbers pass the range of float16, or half of it, on the given inputs',
  estimated: 'its numbers pass the range of float16 by the size of the weights since the last norm',
} as const;

/** The reason for each value beyond the range. `isMasked`: a value whose numbers beyond the range are a mask's, which is cut. */
export function beyondRange(
  model: Model,
  largest: number,
  isMasked: (value: Value) => boolean,
  measured: ReadonlyMap<Value, ActivationStatistics>,
): ReadonlyMap<Value, string> {
  const found = new Map<Value, string>();
  const sizes = new Deviations(largest);
  const bounds = new FloatBounds();
  for (const graph of model.graphs())
    for (const node of graph.nodes()) {
      sizes.add(node);
      bounds.add(node);
      for (const value of node.outputs) {
        if (value?.elem !== 'float32' || isMasked(value)) continue;
        const moved = isMovement(node) ? node.inputs.map((one) => one && found.get(one)).find((one) => one) : undefined;
        const seen = measured.get(value);
        if (moved) found.set(value, moved);
        else if (seen && maxOf(seen.largest, 0) * MARGIN > largest) found.set(value, because.measured);
        else if (!seen && (sizes.of(value) ?? 0) * DEVIATIONS > largest && !bounds.isWithin(value, largest))
          found.set(value, because.estimated);
      }
    }
  return found;
}

/** Lists the values to measure: computed ones, except those of operators that bound their results. Moved values are as large as their sources. */
export const rangeRequests = ({ graph }: Model): { value: Value }[] =>
  graph.nodes().flatMap((node) => {
    if (isMovement(node) || precisionOf(node).size === 'bounded') return [];
    return node.outputs.flatMap((value) => (value?.elem === 'float32' ? [{ value }] : []));
  });
