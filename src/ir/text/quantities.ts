/** Measured quantities as text, the same in messages and views: two or three digits, and a unit that stands once. */

interface NumberRange {
  readonly low: number;
  readonly high: number;
}

/** `0.012`, `12.3`, `346`, `1.2e-7`; `–` for none. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(Number(value.toPrecision(3)));
  if (size < 1e-3 || size >= 1e6) return value.toExponential(1);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(2);
}

/** A number and the largest of the units, each a thousand of the one before, that it has 1 or more of. */
function scaled(n: number, units: readonly string[]): [value: number, unit: string] {
  let [value, at] = [n, 0];
  // From 999.5 on three digits say 1000, which is 1 of the next unit. What has no unit is whole.
  for (; value >= (at ? 999.5 : 1000) && at < units.length - 1; at++) value /= 1000;
  return [value, units[at] as string];
}

/** `10.4 MB`: decimal units, as disks and models are sold. */
export function bytesText(bytes: number): string {
  const [value, unit] = scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB']);
  return `${unit === 'B' ? value : numberText(value)} ${unit}`;
}

/** How many there are of something: `812`, `7.1 M`. */
export function countText(n: number): string {
  const [value, unit] = scaled(n, ['', ' K', ' M', ' G']);
  return `${unit ? Number(value.toPrecision(3)) : value}${unit}`;
}

/** The unit of a time: milliseconds in it, and its name. */
const unitOf = (ms: number): [number, string] => (ms < 1000 ? [1, 'ms'] : ms < 120_000 ? [1000, 's'] : [60_000, 'min']);

/** `0.31 ms`, `12.3 ms`, `4.1 s`, `41 s`, `3.2 min`. */
export function msText(ms: number): string {
  const [each, unit] = unitOf(ms);
  return `${each === 1 ? numberText(ms) : (ms / each).toFixed(ms / each < 10 ? 1 : 0)} ${unit}`;
}

/** The interval of a time, in the unit of the time before it: `1.2 s` and `(1.12–1.19)`. */
export function msRangeText({ low, high }: NumberRange, ms: number): string {
  const [each] = unitOf(ms);
  return `(${numberText(low / each)}–${numberText(high / each)})`;
}

const twoPlaces = (value: number): string => (value < 0.1 ? numberText(value) : value.toFixed(2));

/** `1.50×`. */
export const ratioText = (ratio: number): string => `${twoPlaces(ratio)}×`;

/** The interval of a ratio: `(1.40–1.60)`. */
export const ratioRangeText = ({ low, high }: NumberRange): string => `(${twoPlaces(low)}–${twoPlaces(high)})`;

/** A share of 1: `97.4 %`. A share that is not all or nothing is never shown as 100 or 0. */
export function percentText(share: number): string {
  if (share > 0 && share < 0.001) return 'below 0.1 %';
  return `${share > 0.999 && share < 1 ? 99.9 : Number((100 * share).toPrecision(3))} %`;
}

/** Six places, as a cosine near 1 needs them; `–` for none. */
export const cosineText = (cosine: number | null): string => cosine?.toFixed(6) ?? '–';

/** `41.2 dB`; of no error `∞`. */
export const decibelText = (decibels: number | null | undefined): string =>
  typeof decibels === 'number' && Number.isFinite(decibels) ? `${numberText(decibels)} dB` : '∞';
