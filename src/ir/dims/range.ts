/** The sizes that a symbolic dim may have in a run: from `min` to `max`, in steps from `min` on. */

import { UsageError } from '../text/usage-error.js';

export interface DimRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** What is said of a dim: its size, or the sizes that it may have. */
export type DimSize = number | DimRange;

export const isRange = (size: DimSize | undefined): size is DimRange => typeof size === 'object';

/** `1..512`, `64..128:8`. */
export const rangeText = ({ min, max, step }: DimRange): string => `${min}..${max}${step === 1 ? '' : `:${step}`}`;

export const sizeText = (size: DimSize): string => (isRange(size) ? rangeText(size) : String(size));

/** `seq=512, batch=1` */
export const sizesText = (dims: Readonly<Record<string, number>>): string =>
  Object.entries(dims)
    .map(([name, size]) => `${name}=${size}`)
    .join(', ');

export const dimSizeText = 'expected a size, as 4, or a range, as 1..512 or 64..128:8';

/** The size or range that text says. Throws UsageError. */
export function readDimSize(text: string): DimSize {
  const [, min, max, step] = /^\s*(\d+)(?:\.\.(\d+)(?::(\d+))?)?\s*$/.exec(text) ?? [];
  if (min === undefined) throw new UsageError(`${dimSizeText}; found "${text}"`);
  if (max !== undefined) return rangeOf({ min: Number(min), max: Number(max), step: Number(step ?? 1) });
  if (!Number.isSafeInteger(Number(min))) throw new UsageError(`${dimSizeText}; found "${text}"`);
  return Number(min);
}

/** The range where it is one, and the size where it has a single one. Throws UsageError. */
export function rangeOf({ min, max, step = 1 }: Omit<DimRange, 'step'> & Partial<DimRange>): DimSize {
  const range = { min, max, step };
  const text = rangeText(range);
  if (![min, max, step].every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new UsageError(`${dimSizeText}; found "${text}"`);
  if (min > max) throw new UsageError(`expected the least size first; found "${text}"`);
  if (step === 0) throw new UsageError(`expected a step of 1 or more; found "${text}"`);
  const rest = (max - min) % step;
  if (rest > 0) {
    const shorter = rangeText({ ...range, max: max - rest });
    throw new UsageError(`expected a step that leads from ${min} to ${max}, as ${shorter} has one; found "${text}"`);
  }
  return min === max ? min : range;
}

/** True where every size of one is a size of the other. */
export const isWithin = (size: DimSize, range: DimRange): boolean =>
  isRange(size)
    ? isWithin(size.min, range) && isWithin(size.max, range) && size.step % range.step === 0
    : size >= range.min && size <= range.max && (size - range.min) % range.step === 0;

/** The size of a range that is nearest to another. */
export const nearestIn = ({ min, max, step }: DimRange, size: number): number =>
  min + step * Math.round((Math.min(Math.max(size, min), max) - min) / step);
