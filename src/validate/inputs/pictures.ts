/**
 * Makes up pictures: smooth shades over all scales, the coarse ones the strongest (amplitudes as one over frequency, as photographs have), with a few
 * things in front that have an edge, and strokes as of writing. Noise is none: layers that look for edges and shapes give nearly nothing for it.
 */
import type { Random } from './random.js';

/** Fewer places in a row or column are no picture. */
const LEAST = 16;

/** Four channels are latents more often than a picture. */
const CHANNELS = [1, 3];

interface Geometry {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly isLast: boolean;
}

/** Pictures have four axes, and one or three channels in front of the rows or behind the columns; undefined for another shape. */
function geometryOf(shape: readonly number[]): Geometry | undefined {
  const [count = 0, a = 0, b = 0, c = 0] = shape;
  if (shape.length !== 4) return undefined;
  if (CHANNELS.includes(a) && b >= LEAST && c >= LEAST)
    return { count, channels: a, height: b, width: c, isLast: false };
  if (CHANNELS.includes(c) && a >= LEAST && b >= LEAST)
    return { count, channels: c, height: a, width: b, isLast: true };
  return undefined;
}

/** True for the shape of pictures. */
export const isPicture = (shape: readonly number[]): boolean => geometryOf(shape) !== undefined;

/** Things in front of the shades, and lines of signs on them. */
const THINGS = 6;
const LINES = 6;

/** Pictures with a mean of 0 and a deviation of 1 seldom have larger numbers. */
export const MOST_BRIGHT = 2;

/** Numbers of pictures of this shape, of both signs, up to MOST_BRIGHT, as those that are scaled to a mean of 0; undefined for another shape. */
export function picturesOf(shape: readonly number[], random: Random): number[] | undefined {
  const geometry = geometryOf(shape);
  if (!geometry) return undefined;
  const { count, channels, height, width, isLast } = geometry;
  const size = height * width;
  const numbers = new Array<number>(count * channels * size);
  for (let picture = 0; picture < count; picture++) {
    const contrast = (1 + random.next()) * (MOST_BRIGHT / 2);
    const shades = shadesOf(height, width, random);
    const tints = Array.from({ length: channels }, () => shadesOf(height, width, random));
    const planes = tints.map((tint) => shades.map((shade, i) => 0.8 * shade + 0.2 * (tint[i] as number)));
    for (let thing = 0; thing < THINGS; thing++) paintThing(planes, geometry, random);
    for (let line = 0; line < LINES; line++) paintLine(planes, geometry, random);
    planes.forEach((plane, channel) => {
      for (let at = 0; at < size; at++) {
        const place = isLast ? at * channels + channel : channel * size + at;
        numbers[picture * channels * size + place] = contrast * Math.max(-1, Math.min(1, plane[at] as number));
      }
    });
  }
  return numbers;
}

/** Octaves of shades between random numbers on a grid, each twice as fine as the one before and half as strong. */
function shadesOf(height: number, width: number, random: Random): Float32Array {
  const shades = new Float32Array(height * width);
  for (let [step, strength] = [Math.max(height, width) / 2, 0.5]; step >= 1; step /= 2, strength /= 2) {
    const [rows, columns] = [Math.ceil(height / step) + 2, Math.ceil(width / step) + 2];
    const grid = Float32Array.from({ length: rows * columns }, () => 2 * random.next() - 1);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [row, column] = [Math.floor(y / step), Math.floor(x / step)];
        const [down, right] = [y / step - row, x / step - column];
        const at = row * columns + column;
        const above = (grid[at] as number) * (1 - right) + (grid[at + 1] as number) * right;
        const below = (grid[at + columns] as number) * (1 - right) + (grid[at + columns + 1] as number) * right;
        shades[y * width + x] = (shades[y * width + x] as number) + strength * (above * (1 - down) + below * down);
      }
  }
  return shades;
}

/** Where something is painted: its middle, half its length and width, and its direction. */
interface Place {
  readonly top: number;
  readonly left: number;
  readonly long: number;
  readonly wide: number;
  readonly angle: number;
}

/** An ellipse in front of the shades. */
function paintThing(planes: readonly Float32Array[], geometry: Geometry, random: Random): void {
  const { height, width } = geometry;
  const long = 0.25 * Math.min(height, width) * (0.5 + random.next());
  const wide = long * (0.4 + random.next());
  const place = {
    top: random.next() * height,
    left: random.next() * width,
    long,
    wide,
    angle: Math.PI * random.next(),
  };
  paint(planes, geometry, place, colorsOf(planes, random), (along, across) => along ** 2 + across ** 2 <= 1);
}

/** A line of signs, each of a few strokes, in one color. */
function paintLine(planes: readonly Float32Array[], geometry: Geometry, random: Random): void {
  const { height, width } = geometry;
  const size = Math.min(height, Math.max(SMALLEST_SIGN, Math.min(height, width) * (0.05 + 0.15 * random.next())));
  const [top, start] = [random.next() * (height - size), 0.4 * random.next() * width];
  const colors = colorsOf(planes, random);
  const end = Math.min(width - size, start + size * random.int(4, 24));
  for (let left = start; left < end; left += 0.8 * size)
    for (let stroke = 0; stroke < 3; stroke++) {
      const angle = (Math.PI / 4) * random.int(0, 4);
      const place = {
        top: top + size * random.next(),
        left: left + 0.6 * size * random.next(),
        long: 0.35 * size,
        wide: Math.max(0.6, size / 16),
        angle,
      };
      paint(planes, geometry, place, colors, (along, across) => Math.max(Math.abs(along), Math.abs(across)) <= 1);
    }
}

/** Fewer places in height are no sign. */
const SMALLEST_SIGN = 8;

/** A color, about the same in all channels. */
function colorsOf(planes: readonly Float32Array[], random: Random): number[] {
  const color = 2 * random.next() - 1;
  return planes.map(() => color + 0.4 * (random.next() - 0.5));
}

function paint(
  planes: readonly Float32Array[],
  { height, width }: Geometry,
  { top, left, long, wide, angle }: Place,
  colors: readonly number[],
  isIn: (along: number, across: number) => boolean,
): void {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const reach = Math.ceil(Math.max(long, wide) * 1.5);
  for (let y = Math.max(0, Math.floor(top - reach)); y < Math.min(height, top + reach); y++)
    for (let x = Math.max(0, Math.floor(left - reach)); x < Math.min(width, left + reach); x++) {
      const along = ((x - left) * cosine + (y - top) * sine) / long;
      const across = ((y - top) * cosine - (x - left) * sine) / wide;
      if (isIn(along, across))
        for (const [channel, plane] of planes.entries()) plane[y * width + x] = colors[channel] as number;
    }
}
