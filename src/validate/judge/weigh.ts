/**
 * An output's error weighed: against the gate, against what one unit in the last place of the inputs does to it, and, for
 * what rounds, against what rounding the weights alone does.
 *
 * Why these numbers. What an exact pass reorders moves an output as far as one unit in the last place of its inputs does:
 * over the trained models the ratio is 0.3 to 3, so eight times is past every reordering, and a dropped scale, mask or bias
 * is a thousand times further. A 16-bit pass on the trained models moves outputs 0.2 to 2.4 times as far as rounding
 * their matrices alone, run by run: both are one draw of the same dice, and what is rounded besides is activations. Rounded weights that turn an output away by more than a cosine
 * of 0.9 have made another output of it: then nothing tells a sound pass from a wrong one.
 */
import { numberText, percentText } from '../../ir/quantities.js';
import type { Fidelity } from '../../run/pass.js';
import type { MeaningMeasure } from '../meaning/measures.js';
import type { OutputAccuracy } from './accuracy.js';
import { FLOOR, type Gate, meaningViolation, unproven, violations } from './gates.js';

export interface Weights {
  /** The original on moved inputs against the original. */
  readonly noise?: OutputAccuracy;
  /** The original with rounded weights against the original: for passes that round. */
  readonly yardstick?: OutputAccuracy;
  /** Why the output proves nothing, from `signalOf`. */
  readonly signal?: string;
}

export interface Weighed {
  /** unproven: the error cannot be told from noise, or none would show. */
  readonly outcome: 'within' | 'beyond' | 'unproven';
  /** Why, in words; of `within` only where the gate was widened. */
  readonly words: readonly string[];
}

/** An error of so many times the noise is an error. */
const NOISES = 8;

/** So far a rounding pass may go, in errors of rounded weights. */
const YARDSTICKS = 3;

/** Cosine below which rounded weights have destroyed an output, and the share of equal integers. */
const DESTROYED = 0.9;

/** Judges one output. `error` is of the result against the original, on the same inputs as what it is weighed against. */
export function weigh(error: OutputAccuracy, gate: Gate, fidelity: Fidelity, weights: Weights = {}): Weighed {
  const { noise, yardstick, signal } = weights;
  const found = violations(error, gate);
  if (!found.length) {
    const reason = signal ?? unproven(error, gate);
    return reason === undefined ? { outcome: 'within', words: [] } : { outcome: 'unproven', words: [reason] };
  }
  if (noise && isLikeNoise(error, noise, gate)) {
    const moved = `the original itself moves ${farOf(noise)} when ${LEAST}`;
    return { outcome: 'unproven', words: [`${found.join(', ')}, and ${moved}`] };
  }
  if (fidelity !== 'rounding' || !yardstick || gate.isGiven || !isNoLarger(error, yardstick, YARDSTICKS, gate))
    return { outcome: 'beyond', words: found };
  const rounded = `rounding the weights alone moves it ${farOf(yardstick)}`;
  const isDestroyed = yardstick.equal === undefined ? yardstick.cosine < DESTROYED : yardstick.equal < DESTROYED;
  if (isDestroyed || yardstick.nonFiniteMismatches)
    return { outcome: 'unproven', words: [`${found[0]}, and ${rounded}`] };
  if (signal) return { outcome: 'unproven', words: [signal] };
  return { outcome: 'within', words: [`${found.join(', ')}, and allowed: ${rounded}`] };
}

/**
 * Judges what is kept of an output's meaning, over all runs in one arithmetic: answers that change where the least noise changes
 * as many prove nothing, and a rounding pass may change three times those that rounded weights change.
 */
export function weighMeaning(
  measure: MeaningMeasure,
  gate: Gate,
  fidelity: Fidelity,
  { noise, yardstick }: { readonly noise?: MeaningMeasure; readonly yardstick?: MeaningMeasure } = {},
): Weighed {
  const found = meaningViolation(measure, gate);
  if (found === undefined) return { outcome: 'within', words: [] };
  const lost = (of: MeaningMeasure): number => 1 - of.value;
  if (noise && lost(measure) <= NOISES * lost(noise))
    return { outcome: 'unproven', words: [`${found}, and ${percentText(lost(noise))} changes when ${LEAST}`] };
  if (fidelity !== 'rounding' || !yardstick || gate.isGiven || lost(measure) > YARDSTICKS * lost(yardstick))
    return { outcome: 'beyond', words: [found] };
  const words = [`${found}; rounding the weights alone changes ${percentText(lost(yardstick))}`];
  return { outcome: yardstick.value < DESTROYED ? 'unproven' : 'within', words };
}

const LEAST = 'its inputs move by one unit in the last place';

const farOf = ({ equal, relativeL2, nonFiniteMismatches }: OutputAccuracy): string =>
  nonFiniteMismatches
    ? `${nonFiniteMismatches} elements to NaN, infinity or back`
    : equal === undefined
      ? `by ${numberText(relativeL2)}`
      : `${percentText(1 - equal)} of its elements`;

/** True where an error cannot be told from what the original does by itself. */
export const isLikeNoise = (error: OutputAccuracy, noise: OutputAccuracy, gate: Gate): boolean =>
  isNoLarger(error, noise, NOISES, gate);

/** True where every limit that the error breaks is broken by no more than `times` the other error. */
function isNoLarger(error: OutputAccuracy, other: OutputAccuracy, times: number, gate: Gate): boolean {
  if (error.nonFiniteMismatches > times * other.nonFiniteMismatches) return false;
  if (error.equal !== undefined)
    return 1 - error.equal <= Math.max(1 - gate.minEqual, times * (1 - (other.equal ?? 1)));
  // One minus the cosine grows with the square of the error.
  const turn = 1 - error.cosine <= Math.max(1 - gate.minCosine, times ** 2 * (1 - other.cosine));
  const length = error.relativeL2 <= Math.max(gate.maxError, times * other.relativeL2);
  const largest =
    error.maxRel <= Math.max(gate.maxRel, times * other.maxRel) ||
    error.maxAbs <= Math.max(FLOOR, times * other.maxAbs);
  return turn && length && largest;
}
