/** Pictures that a pipeline made: their faults, and how far one is from another. */

/** Three channels in [0, 1], each row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** channels × height × width. */
  readonly values: Float64Array;
}

const clamp = (value: number): number => (value > 0 ? Math.min(value, 1) : 0);

/** The picture of a VAE decoder's output: [-1, 1] ⟶ [0, 1]; of a batch the first. */
export function pictureOf(shape: readonly number[], values: Float64Array): Picture {
  const [, , height = 1, width = 1] = shape;
  return { width, height, values: values.subarray(0, 3 * height * width).map((value) => value / 2 + 0.5) };
}

/** A fault that shows whatever the picture is of: how 16-bit overflow, wrong scales and NaN look. Undefined where there is none. */
export function faultOfPicture({ values }: Picture): 'NaN' | 'black' | 'grey' | 'saturated' | undefined {
  if (values.some((value) => !Number.isFinite(value))) return 'NaN';
  const mean = values.reduce((sum, value) => sum + clamp(value), 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (clamp(value) - mean) ** 2, 0) / values.length);
  // One step of 8 bits is 0.004.
  if (deviation < 0.004) return mean < 0.02 ? 'black' : 'grey';
  const outside = values.filter((value) => value <= 0 || value >= 1).length;
  return outside > 0.9 * values.length ? 'saturated' : undefined;
}

/** Peak signal to noise in decibels, as they are shown: 8 bits a channel are 48. */
export function psnrOf(a: Picture, b: Picture): number {
  const squares = a.values.reduce((sum, value, i) => sum + (clamp(value) - clamp(b.values[i] as number)) ** 2, 0);
  return squares === 0 ? Number.POSITIVE_INFINITY : -10 * Math.log10(squares / a.values.length);
}

const WINDOW = 8;

/** Structural similarity over windows of 8 × 8, the mean of all channels (Wang et al. 2004, constants of the paper). */
export function ssimOf(a: Picture, b: Picture): number {
  const { width, height } = a;
  const [c1, c2] = [0.01 ** 2, 0.03 ** 2];
  const [w, h] = [Math.min(WINDOW, width), Math.min(WINDOW, height)];
  let [sum, count] = [0, 0];
  for (let channel = 0; channel < 3; channel++)
    for (let top = 0; top + h <= height; top += h)
      for (let left = 0; left + w <= width; left += w) {
        let [x, y, xx, yy, xy] = [0, 0, 0, 0, 0];
        for (let i = 0; i < h; i++)
          for (let j = 0; j < w; j++) {
            const at = (channel * height + top + i) * width + left + j;
            const [p, q] = [clamp(a.values[at] as number), clamp(b.values[at] as number)];
            [x, y, xx, yy, xy] = [x + p, y + q, xx + p * p, yy + q * q, xy + p * q];
          }
        const n = w * h;
        const [mx, my] = [x / n, y / n];
        const [vx, vy, cov] = [xx / n - mx * mx, yy / n - my * my, xy / n - mx * my];
        sum += ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2));
        count++;
      }
  return sum / count;
}

/** Red, green, blue and opacity of both beside each other, a column of white between. */
export function sideBySide(a: Picture, b: Picture): { width: number; height: number; data: Uint8Array } {
  const gap = 2;
  const width = 2 * a.width + gap;
  const data = new Uint8Array(width * a.height * 4).fill(255);
  for (const [picture, from] of [
    [a, 0],
    [b, a.width + gap],
  ] as const)
    for (let row = 0; row < a.height; row++)
      for (let column = 0; column < a.width; column++)
        for (let channel = 0; channel < 3; channel++) {
          const value = picture.values[(channel * a.height + row) * a.width + column] as number;
          data[(row * width + from + column) * 4 + channel] = Math.round(255 * clamp(value));
        }
  return { width, height: a.height, data };
}
