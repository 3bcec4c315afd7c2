/** NF4 (QLoRA): 16 levels from -1 to 1, each the middle of a sixteenth of a normal distribution, zero among them. */

/** As onnxruntime's MatMulBnb4 has them. */
export const LEVELS = Float32Array.of(
  -1,
  -0.6961928009986877,
  -0.5250730514526367,
  -0.39491748809814453,
  -0.28444138169288635,
  -0.18477343022823334,
  -0.09105003625154495,
  0,
  0.07958029955625534,
  0.16093020141124725,
  0.24611230194568634,
  0.33791524171829224,
  0.44070982933044434,
  0.5626170039176941,
  0.7229568362236023,
  1,
);

/** The code of zero. */
export const ZERO = 7;

const borders = LEVELS.slice(1).map((level, code) => (level + (LEVELS[code] as number)) / 2);

/** The code of the level that is nearest. */
export function nearestCode(number: number): number {
  let code = 0;
  for (let step = 8; step > 0; step >>= 1) if (number >= (borders[code + step - 1] as number)) code += step;
  return code;
}
