/**
 * Defines gates: limits of an output's distance from the original's, by the fidelity that the passes declare.
 * Why these numbers. exact: passes of this kind reorder float32 sums and swap kernels for equal ones; over the zoo that
 * moves outputs by 1e-7 to 1e-5 of their norm on the CPU, while a dropped scale, mask or bias moves them by more than
 * 1e-2. GPUs are given more: CUDA multiplies in TF32 (10 bits), and software Vulkan was seen at 1.5e-2 in single
 * elements of fused attention. rounding: one bfloat16 rounding is 4e-3 of a number; over the zoo outputs stay within
 * 2e-2, and the deepest trained model tried, a text recognizer on noise, moves by 0.025 to 0.096 with the seed. lossy:
 * int8 with sound scales gives 20 to 40 dB; 0.15 is 16 dB, and a cosine of 0.99 is the same error seen as an angle.
 */

import { inferTypes } from '../../infer/index.js';
import { maxOf } from '../../ir/collections/lists.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { isHost } from '../../ir/targets/targets.js';
import { ModelError } from '../../ir/text/errors.js';
import { cosineText, numberText, percentText } from '../../ir/text/quantities.js';
import { cloneModel } from '../../ir/whole-model/clone.js';
import type { Fidelity } from '../../run/pass.js';
import { loosest } from '../../run/verify/verifier.js';
import type { Provider } from '../../runtime/isolate.js';
import type { MeaningKind } from '../meaning/meaning.js';
import type { MeaningMeasure } from '../meaning/measures.js';
import type { OutputAccuracy } from './accuracy.js';

export interface Gate {
  /** Limit of relativeL2. */
  readonly maxError: number;
  readonly minCosine: number;
  /** Limit of maxRel: a single wrong element of many shows there alone. */
  readonly maxRel: number;
  /** For integers, bools and text: the share of elements that must be equal. */
  readonly minEqual: number;
  /** For classes and tokens: the share of rows with a clear winner that must keep it. */
  readonly minTop1: number;
  /** For other meanings: the least cosine of an embedding, overlap of a mask, share of decisions and detections. */
  readonly minMeaning: Readonly<Partial<Record<MeaningKind, number>>>;
  /**
   * Decibels between the pictures of whole pipelines. A denoiser repeats its own error, so pictures that are right are further apart than any step: 30 dB are
   * hardly seen, 20 dB are the same picture in other detail.
   */
  readonly minPsnr: number;
  /** True where the user gave the limits: nothing widens them. */
  readonly isGiven?: boolean;
}

const none = Number.POSITIVE_INFINITY;

/**
 * Limits on the meaning of outputs. An exact pass is held to its numbers: whatever moves a winner moves them further.
 * Rounding may change two of a hundred clear answers, and a lossy pass as many as were measured on trained models: an
 * 8-bit recognizer of text keeps 0.98 of its characters, and one that changes a fifth is another model.
 */
const gates: Readonly<Record<Fidelity, Gate>> = {
  exact: { maxError: 1e-4, minCosine: 0.99999, maxRel: 1e-3, minEqual: 1, minTop1: 0, minMeaning: {}, minPsnr: 60 },
  rounding: {
    ...{ maxError: 0.1, minCosine: 0.995, maxRel: none, minEqual: 0.98, minTop1: 0.9 },
    minMeaning: { embedding: 0.99, mask: 0.95, decisions: 0.98, detections: 0.9 },
    minPsnr: 30,
  },
  lossy: {
    ...{ maxError: 0.15, minCosine: 0.99, maxRel: none, minEqual: 0.95, minTop1: 0.8 },
    minMeaning: { embedding: 0.97, mask: 0.9, decisions: 0.95, detections: 0.8 },
    minPsnr: 20,
  },
};

const exactOnGpu: Gate = { ...gates.exact, maxError: 5e-3, minCosine: 0.9999, maxRel: 0.05 };

export interface GateOptions {
  /** Replaces the fidelity's limit of relativeL2. */
  readonly maxError?: number;
  /** Replaces the fidelity's limit of the cosine. */
  readonly minCosine?: number;
}

export function gateOf(fidelity: Fidelity, provider: Provider, { maxError, minCosine }: GateOptions = {}): Gate {
  const gate = fidelity === 'exact' && !isHost(provider) ? exactOnGpu : gates[fidelity];
  if (maxError === undefined && minCosine === undefined) return gate;
  return {
    ...gate,
    maxError: maxError ?? gate.maxError,
    minCosine: minCosine ?? gate.minCosine,
    // The largest single error is the same error seen in one element: a given limit replaces ours.
    maxRel: maxError === undefined ? gate.maxRel : Number.POSITIVE_INFINITY,
    isGiven: true,
  };
}

const quantizers = /^(QuantizeLinear|DynamicQuantizeLinear|DynamicQuantize\w+|QLinear\w+|QGemm|QAttention)$/;

/**
 * The strictest fidelity that a coarse original allows: noise below 1e-6 before a rounding to 16 bits or a quantizer
 * becomes a whole step after it. Values that are only stored in 16 bits do not count, as both sides read them alike: a
 * constant, and a Cast of it, round no computed number.
 */
export function attainable(fidelity: Fidelity, original: Model): Fidelity {
  const model = typed(original);
  let coarse: Fidelity = 'exact';
  for (const graph of model.graphs()) {
    for (const node of graph.nodeSet) {
      if (quantizers.test(node.opType)) coarse = 'lossy';
      else if (coarse === 'exact' && rounds(node)) coarse = 'rounding';
    }
    if (coarse === 'exact' && graph.inputs.some(({ elem }) => is16Bit(elem))) coarse = 'rounding';
  }
  return loosest([fidelity, coarse]);
}

/** The model, or a copy with inferred types where the file leaves them open. */
function typed(model: Model): Model {
  for (const graph of model.graphs())
    for (const node of graph.nodeSet) if (node.outputs.some((value) => value && !value.type)) return inferred(model);
  return model;
}

function inferred(model: Model): Model {
  const copy = cloneModel(model);
  try {
    inferTypes(copy);
    return copy;
  } catch (error) {
    // An invalid model is reported by the runtime when it is run.
    if (!(error instanceof ModelError)) throw error;
    return model;
  }
}

/** True where a node computes in 16 bits, or a Cast rounds a number that was computed in more. */
function rounds(node: Node): boolean {
  if (!node.outputs.some((value) => is16Bit(value?.elem))) return false;
  const [input] = node.inputs;
  if (!node.is('Cast') || !input) return true;
  return !input.isConstant && (input.elem === 'float32' || input.elem === 'float64');
}

const is16Bit = (elem: string | undefined): boolean => elem === 'float16' || elem === 'bfloat16';

/**
 * The resolution of float32 beside numbers of size 1, about: a smaller difference counts as none where the original's
 * output holds something large. Where it does not, the difference proves nothing: a detector that sees nothing gives
 * sigmoids of 1e-7, the runtime's own optimizations move those by a half, and a wrong scale moves them no further.
 */
export const FLOOR = 1e-6;
const LARGE = 1e-2;

/**
 * The reason that a comparison within the gate proves nothing; undefined where it proves something, or breaks the gate.
 */
export function unproven(output: OutputAccuracy, gate: Gate): string | undefined {
  if (violations(output, gate).length) return undefined;
  if (output.compared === 0)
    return output.nonFinite.original ? 'every element is NaN or infinite' : 'it has no elements';
  if (output.equal !== undefined || output.scale > LARGE || !broken(output, gate).length) return undefined;
  const bound = Math.max(FLOOR, 10 ** Math.ceil(Math.log10(output.scale)));
  return `every value is below ${bound}, where rounding cannot be told from an error`;
}

/** The broken limits, in words: one text for each; none where the gate holds. */
export function violations(output: OutputAccuracy, gate: Gate): string[] {
  const found: string[] = [];
  const { nonFiniteMismatches: odd } = output;
  if (odd) found.push(`${odd} ${odd === 1 ? 'element is' : 'elements are'} NaN or infinite in one of the two alone`);
  if (output.equal !== undefined) {
    if (output.equal < gate.minEqual) found.push(`${percentText(output.equal)} equal < ${percentText(gate.minEqual)}`);
    return found;
  }
  return output.maxAbs <= FLOOR || isSet(output, gate) ? found : [...found, ...broken(output, gate)];
}

/**
 * True for a set of detections. They come and go at the end of their list, so they are judged by the share that is
 * found again.
 */
const isSet = ({ meaning }: OutputAccuracy, { minMeaning }: Gate): boolean =>
  meaning?.kind === 'detections' && meaning.samples >= ANSWERS && minMeaning.detections !== undefined;

/** A share of fewer answers proves nothing. */
const ANSWERS = 8;

/** The limit for a meaning; undefined where there is none, or where answers are too few. */
function meaningLimit({ kind, samples }: MeaningMeasure, gate: Gate): number | undefined {
  if (samples < ANSWERS) return undefined;
  return kind === 'classes' || kind === 'tokens' ? gate.minTop1 : gate.minMeaning[kind];
}

/**
 * The broken limit of a meaning, in words. `measure` covers all runs in one arithmetic: one run may have too few
 * answers.
 */
export function meaningViolation(measure: MeaningMeasure, gate: Gate): string | undefined {
  const limit = meaningLimit(measure, gate);
  if (limit === undefined || measure.value >= limit) return undefined;
  const value = measure.kind === 'embedding' ? measure.value.toFixed(4) : percentText(measure.value);
  return `${measure.measure}: ${value} of ${measure.samples} < ${measure.kind === 'embedding' ? limit : percentText(limit)}`;
}

/** The limits that floats break, however small the floats are. */
export function broken(output: OutputAccuracy, gate: Gate): string[] {
  const found: string[] = [];
  if (!(output.relativeL2 <= gate.maxError))
    found.push(`relative L2 ${numberText(output.relativeL2)} > ${gate.maxError}`);
  if (!(output.cosine >= gate.minCosine)) found.push(`cosine ${cosineText(output.cosine)} < ${gate.minCosine}`);
  if (!(output.maxRel <= gate.maxRel))
    found.push(`largest error ${numberText(output.maxRel)} of the scale > ${gate.maxRel}`);
  return found;
}

/** The output with the largest error, in words. `isPartial`: further outputs were not compared. */
export function summaryOf(outputs: readonly OutputAccuracy[], gate: Gate, isPartial = false): string {
  if (!outputs.length) return 'no output to compare';
  const isNoise = ({ maxAbs }: OutputAccuracy): boolean => maxAbs <= FLOOR;
  const [worst] = outputs.filter((output) => !isNoise(output)).sort((a, b) => b.relativeL2 - a.relativeL2);
  if (worst)
    return `"${worst.name}": relative L2 ${numberText(worst.relativeL2)} (limit ${gate.maxError}), cosine ${cosineText(worst.cosine)} (limit ${gate.minCosine})`;
  const largest = maxOf(outputs.map(({ maxAbs }) => maxAbs));
  return largest === 0
    ? `all ${isPartial ? 'compared ' : ''}outputs are equal`
    : `no difference is above ${numberText(largest)}`;
}
