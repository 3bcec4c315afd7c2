/** The sizes that a model with ranges of dims is compared, timed and tuned at: both ends, and one between. */

import { named } from '../../ir/collections/named.js';
import type { DimRange } from '../../ir/dims/range.js';
import type { Model } from '../../ir/model.js';
import { type Ranges, rangesOf } from '../../ir/whole-model/ranges.js';
import { rangesAmong } from '../../run/freeze.js';
import type { SizeOptions } from './sizes.js';

/** One size of every dim that has a range. */
export interface SizePoint {
  readonly at: 'between' | 'min' | 'max';
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
