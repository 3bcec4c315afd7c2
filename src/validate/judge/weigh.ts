/**
 * Weighs an output's error: against the gate, against the effect of one unit in the last place of the inputs, and, for
 * a pass that rounds, against the effect of rounding the weights alone.
 * Why these numbers. An exact pass reorders sums, and that moves an output about as far as one unit in the last place
 * of its inputs does: over the trained models the ratio is 0.3 to 3. Eight times is past every reordering, and a
 * dropped scale, mask or bias is a thousand times further. A 16-bit pass on the trained models moves outputs 0.2 to 2.4
 * times as far as rounding their matrices alone, run by run: both are random errors of one size, and the pass rounds
 * activations besides. Where rounded weights bring an output's cosine below 0.9, they have made another output of it:
 * then nothing tells a sound pass from a wrong one.
 */
import { numberText, percentText } from '../../ir/text/quantities.js';
import type { Fidelity } from '../../run/pass.js';
import type { MeaningMeasure } from '../meaning/measures.js';
import type { OutputAccuracy } from './accuracy.js';
import { FLOOR, type Gate, meaningViolation, unproven, violations } from './gates.js';

export interface Evidence {
  /** The original on moved inputs against the original. */
  readonly noise?: OutputAccuracy;
  /** The original with rounded weights against the original. Measured for passes that round. */
  readonly yardstick?: OutputAccuracy;
  /** The reason, from `signalOf`, that the output proves nothing. */
  readonly signal?: string;
}

export interface Weighed {
  /** unproven: the error cannot be told from noise, or the output would show none. */
  readonly outcome: 'within' | 'beyond' | 'unproven';
  /** The reasons in words. An outcome `within` has some only where the gate was widened. */
  readonly words: readonly string[];
}

/** An error beyond this many times the noise is an error. */
const NOISES = 8;

/** A rounding pass may err by up to this many times the error of rounded weights. */
const YARDSTICKS = 3;

/** Rounded weights have destroyed an output below this cosine, or below this share of equal integers. */
const DESTROYED = 0.9;

/**
 * Judges one output. `error` is that of the result against the original, on the same inputs as the errors it is weighed
 * against.
 */
export function weigh(error: OutputAccuracy, gate: Gate, fidelity: Fidelity, weights: Evidence = {}): Weighed {
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
  if (fidelity !== 'exact' && staysNo(error, gate)) {
    const small = `on a set of inputs all scores say no before and after (below ${YES}), and move by at most ${numberText(error.maxAbs)} (limit ${gate.maxError})`;
    // Scores that are wholly other ones show neither a fault nor that there is none: a model that always says no gives such.
    if (error.relativeL2 >= WHOLE)
      return {
        outcome: 'unproven',
        words: [`${small}, but beside each other they are other numbers: ${found.join(', ')}`],
      };
    return { outcome: 'within', words: [`${small}; relative to scores this small, ${found.join(', ')}`] };
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
 * Judges how much of an output's meaning is kept, over all runs in one arithmetic. Changed answers prove nothing where
 * the least noise changes as many. A rounding pass may change three times as many answers as rounded weights do.
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

/** A score above it is a yes. */
const YES = 0.5;

/** The relative L2 of zeros in place of an output. */
const WHOLE = 1;

/**
 * True for probabilities of a yes that all say no, and move no further than a yes may: 1 may become 0.85 where 0.15 is the limit, and so may 0 become 0.15.
 * Relative to themselves scores of 1e-4 double where the number before the sigmoid goes from -9.2 to -8.5; inputs that are made up hardly ever
 * are what a detector waits for, so that all of its scores are such.
 */
const staysNo = ({ meaning, scale, maxAbs, nonFiniteMismatches }: OutputAccuracy, gate: Gate): boolean =>
  (meaning?.kind === 'decisions' || meaning?.kind === 'mask') &&
  !gate.isGiven &&
  nonFiniteMismatches === 0 &&
  scale + maxAbs < YES &&
  maxAbs <= gate.maxError;

const LEAST = 'its inputs move by one unit in the last place';

const farOf = ({ equal, relativeL2, nonFiniteMismatches }: OutputAccuracy): string =>
  nonFiniteMismatches
    ? `${nonFiniteMismatches} elements to NaN, infinity or back`
    : equal === undefined
      ? `by ${numberText(relativeL2)}`
      : `${percentText(1 - equal)} of its elements`;

/** True where an error cannot be told from the original's own noise. */
export const isLikeNoise = (error: OutputAccuracy, noise: OutputAccuracy, gate: Gate): boolean =>
  isNoLarger(error, noise, NOISES, gate);

/** True where every limit that the error breaks is broken by at most `times` the other error. */
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
