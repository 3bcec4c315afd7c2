/** Measures the distance between two outputs, in the usual measures. */
import { numbersOf } from '../../ir/tensors/numbers.js';
import { type DataType, isFloat } from '../../ir/types.js';
import type { TensorData } from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import { type MeaningMeasure, pooled } from '../meaning/measures.js';

/**
 * The comparison of one output of the result with the original's. Pairs with NaN or an infinity take no part in the
 * sums.
 */
export interface OutputAccuracy {
  readonly name: string;
  readonly type: DataType;
  /** The number of compared elements: those finite on both sides; all of integers, bools and text. */
  readonly compared: number;
  /** Largest magnitude in the original's output. */
  readonly scale: number;
  /** Largest difference. */
  readonly maxAbs: number;
  /** The largest difference divided by `scale`. */
  readonly maxRel: number;
  /** ‖result − original‖ / ‖original‖. */
  readonly relativeL2: number;
  readonly cosine: number;
  /** 20·log10(‖original‖ / ‖result − original‖), in decibels; infinite where both are equal. */
  readonly snr: number;
  /** NaN and infinite elements on each side. */
  readonly nonFinite: { readonly original: number; readonly result: number };
  /** Elements that are NaN or infinite on one side and something else on the other. */
  readonly nonFiniteMismatches: number;
  /** Share of equal elements; for integers, bools and text alone. */
  readonly equal?: number;
  /** The share of the output's meaning that is kept, where the graph tells the meaning. */
  readonly meaning?: MeaningMeasure;
  /** For classes and tokens: the share of rows whose largest element is the same. */
  readonly top1?: number;
}

/** The reason that two outputs cannot be compared element by element; undefined where they can. */
export function mismatchOf(original: TensorData, result: TensorData): string | undefined {
  const text = ({ type, shape }: TensorData): string => `${type}[${shape.join(', ')}]`;
  const isSame = original.type === result.type && String(original.shape) === String(result.shape);
  return isSame ? undefined : `expected ${text(original)}; found ${text(result)}`;
}

/** Compares two tensors of one type and shape. `meaning`: a measure of their meaning to add. */
export function compareTensors(
  name: string,
  original: TensorData,
  result: TensorData,
  meaning?: MeaningMeasure,
): OutputAccuracy {
  if (!(original.data instanceof Uint8Array) || !(result.data instanceof Uint8Array))
    return compareText(name, original.data as readonly string[], result.data as readonly string[]);
  const [a, b] = [numbersOf(fromTensorData(original)), numbersOf(fromTensorData(result))];
  const sums = sumsOf(a, b);
  const errorNorm = Math.sqrt(sums.error);
  const norm = Math.sqrt(sums.a);
  const relativeL2 = ratio(errorNorm, norm);
  const measures: OutputAccuracy = {
    name,
    type: original.type,
    compared: sums.finite,
    scale: sums.scale,
    maxAbs: sums.maxAbs,
    maxRel: ratio(sums.maxAbs, sums.scale),
    relativeL2,
    cosine: cosineOf(sums),
    snr: relativeL2 === 0 ? Number.POSITIVE_INFINITY : -20 * Math.log10(relativeL2),
    nonFinite: { original: sums.nonFiniteA, result: sums.nonFiniteB },
    nonFiniteMismatches: sums.mismatches,
  };
  if (!isFloat(original.type))
    return withMeaning({ ...measures, equal: equalShare(original, result, sums.equal) }, meaning);
  return withMeaning(measures, meaning);
}

/** The output with a measure of its meaning. */
export function withMeaning(output: OutputAccuracy, meaning: MeaningMeasure | undefined): OutputAccuracy {
  if (!meaning) return output;
  const isWinner = meaning.kind === 'classes' || meaning.kind === 'tokens';
  return { ...output, meaning, ...(isWinner && { top1: meaning.value }) };
}

/** x/y, and 0 for 0/0. */
const ratio = (x: number, y: number): number => (x === 0 ? 0 : x / y);

interface Sums {
  finite: number;
  a: number;
  b: number;
  ab: number;
  error: number;
  maxAbs: number;
  scale: number;
  nonFiniteA: number;
  nonFiniteB: number;
  mismatches: number;
  equal: number;
}

function sumsOf(a: Float64Array, b: Float64Array): Sums {
  const sums: Sums = {
    finite: 0,
    a: 0,
    b: 0,
    ab: 0,
    error: 0,
    maxAbs: 0,
    scale: 0,
    nonFiniteA: 0,
    nonFiniteB: 0,
    mismatches: 0,
    equal: 0,
  };
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (Object.is(x, y) || x === y) sums.equal++;
    const areFinite = Number.isFinite(x) && Number.isFinite(y);
    if (!areFinite) {
      if (!Number.isFinite(x)) sums.nonFiniteA++;
      if (!Number.isFinite(y)) sums.nonFiniteB++;
      if (!Object.is(x, y)) sums.mismatches++;
      continue;
    }
    sums.finite++;
    const error = Math.abs(x - y);
    sums.a += x * x;
    sums.b += y * y;
    sums.ab += x * y;
    sums.error += error * error;
    if (error > sums.maxAbs) sums.maxAbs = error;
    if (Math.abs(x) > sums.scale) sums.scale = Math.abs(x);
  }
  return sums;
}

/** The cosine; 1 where both are zero, 0 where one is. */
function cosineOf({ a, b, ab }: Sums): number {
  if (a === 0 && b === 0) return 1;
  if (a === 0 || b === 0) return 0;
  return Math.max(-1, Math.min(1, ab / Math.sqrt(a) / Math.sqrt(b)));
}

/** Wide integers are compared by their bits: as numbers they lose the low ones. */
function equalShare(original: TensorData, result: TensorData, equal: number): number {
  const [a, b] = [original.data as Uint8Array, result.data as Uint8Array];
  const count = original.shape.reduce((product, dim) => product * dim, 1);
  if (count === 0) return 1;
  if (a.length !== count * 8) return equal / count;
  let same = 0;
  for (let at = 0; at < a.length; at += 8) {
    let i = 0;
    while (i < 8 && a[at + i] === b[at + i]) i++;
    if (i === 8) same++;
  }
  return same / count;
}

function compareText(name: string, a: readonly string[], b: readonly string[]): OutputAccuracy {
  const equal = a.length ? a.filter((text, i) => text === b[i]).length / a.length : 1;
  const isEqual = equal === 1;
  return {
    name,
    type: 'string',
    compared: a.length,
    scale: 1,
    maxAbs: isEqual ? 0 : 1,
    maxRel: isEqual ? 0 : 1,
    relativeL2: isEqual ? 0 : 1,
    cosine: isEqual ? 1 : 0,
    snr: isEqual ? Number.POSITIVE_INFINITY : 0,
    nonFinite: { original: 0, result: 0 },
    nonFiniteMismatches: 0,
    equal,
  };
}

/** The worst of each measure over two runs of one output. Meaning is not joined: it is measured over all runs. */
export function worstOf(a: OutputAccuracy, b: OutputAccuracy): OutputAccuracy {
  const least = (x: number | undefined, y: number | undefined): number | undefined =>
    x === undefined ? y : y === undefined ? x : Math.min(x, y);
  const equal = least(a.equal, b.equal);
  const meaning = a.meaning && b.meaning ? pooled(a.meaning, b.meaning) : (a.meaning ?? b.meaning);
  const worst: OutputAccuracy = {
    name: a.name,
    type: a.type,
    compared: Math.max(a.compared, b.compared),
    scale: Math.max(a.scale, b.scale),
    maxAbs: Math.max(a.maxAbs, b.maxAbs),
    maxRel: Math.max(a.maxRel, b.maxRel),
    relativeL2: Math.max(a.relativeL2, b.relativeL2),
    cosine: Math.min(a.cosine, b.cosine),
    snr: Math.min(a.snr, b.snr),
    nonFinite: {
      original: Math.max(a.nonFinite.original, b.nonFinite.original),
      result: Math.max(a.nonFinite.result, b.nonFinite.result),
    },
    nonFiniteMismatches: Math.max(a.nonFiniteMismatches, b.nonFiniteMismatches),
    ...(equal !== undefined && { equal }),
  };
  return withMeaning(worst, meaning);
}
