/** The sizes that a model with ranges of dims is compared, timed and tuned at: both ends, and one between. Compared also where some dims are at one end and the others at the other. */

import { named } from '../../ir/collections/named.js';
import type { DimRange } from '../../ir/dims/range.js';
import type { Model } from '../../ir/model.js';
import { type Ranges, rangesOf } from '../../ir/whole-model/ranges.js';
import { rangesAmong } from '../../run/freeze.js';
import type { SizeOptions } from './sizes.js';

/** One size of every dim that has a range. */
export interface SizePoint {
  readonly at: 'between' | 'min' | 'max' | 'mixed';
  readonly dims: Readonly<Record<string, number>>;
}

/** The ranges that the model states, and those that are asked for: these count. */
export function rangesFor(model: Model, { dims = {} }: SizeOptions): Ranges {
  const stated = Object.entries(rangesOf(model)).filter(([name]) => !Object.hasOwn(dims, name));
  return named([...stated, ...Object.entries(rangesAmong(dims))]);
}

/** How far from the least to the largest size the one between is: another share for each dim, so that none is taken for another. */
const SHARES = [0.4, 0.6, 0.5, 0.3, 0.7];

/** The one between comes first: it stands for all where there is time for one. None where no dim has a range. */
export function pointsOf(ranges: Ranges): readonly SizePoint[] {
  const all = Object.entries(ranges);
  if (all.length === 0) return [];
  const at = (size: (range: DimRange, index: number) => number): SizePoint['dims'] =>
    named(all.map(([name, range], index) => [name, size(range, index)]));
  const ends: SizePoint[] = [
    { at: 'min', dims: at(({ min }) => min) },
    { at: 'max', dims: at(({ max }) => max) },
  ];
  const hasBetween = all.some(([, { min, max, step }]) => max - min > step);
  return hasBetween ? [{ at: 'between', dims: at(betweenIn) }, ...ends] : ends;
}

/**
 * Sizes at which some dims are the least and the others the largest: of any two dims each is once the least while the other is the largest. Each dim has a
 * number of its own; where a bit of it is set it is the largest, and then the other way round. So there are 2 of two dims, 4 of up to four, 6 of up to eight.
 */
export function mixedPointsOf(ranges: Ranges): readonly SizePoint[] {
  const all = Object.entries(ranges).filter(([, { min, max }]) => max > min);
  const bits = Math.ceil(Math.log2(Math.max(1, all.length)));
  return Array.from({ length: 2 * bits }, (_, i): SizePoint => {
    const isLargest = (index: number): boolean => ((index >> (i >> 1)) & 1) !== (i & 1);
    const sizes = all.map(([name, { min, max }], index) => [name, isLargest(index) ? max : min] as const);
    return { at: 'mixed', dims: { ...fixedIn(ranges), ...named(sizes) } };
  });
}

/** Dims of one size. */
const fixedIn = (ranges: Ranges): SizePoint['dims'] =>
  named(Object.entries(ranges).flatMap(([name, { min, max }]) => (min === max ? [[name, min] as const] : [])));

function betweenIn({ min, max, step }: DimRange, index: number): number {
  const steps = (max - min) / step;
  const share = SHARES[index % SHARES.length] as number;
  return min + step * Math.min(Math.max(1, Math.round(steps * share)), Math.max(1, steps - 1));
}

/** Options with the sizes of a point in place of ranges. */
export const atPoint = <Options extends SizeOptions>(options: Options, { dims }: Pick<SizePoint, 'dims'>): Options => ({
  ...options,
  dims: { ...options.dims, ...dims },
});
