/**
 * Errors add up as squares while they are small. Where much is added, an output with a norm of its own (behind a normalization, a Softmax, a Sigmoid)
 * turns away and grows no longer: of (s + N·n) / √(1 + N²), with s and n of norm 1 that have nothing to do with each other, s is √(2 − 2/√(1 + N²)) away.
 */

/** Below it both are the same, and the formulas would be differences of nearly equal numbers. */
const SMALL = 1e-3;

/** What is seen of so much noise. */
export const seenOf = (noise: number): number => (noise < SMALL ? noise : Math.sqrt(2 - 2 / Math.sqrt(1 + noise ** 2)));

/** The noise behind what is seen. */
export function noiseOf(seen: number): number {
  const cosine = 1 - Math.min(seen, MOST) ** 2 / 2;
  return seen < SMALL ? seen : Math.sqrt(1 / cosine ** 2 - 1);
}

/** Not far below √2, where the noise is without end. */
const MOST = 1.35;
