/** Measures outputs by their use: the share of answers that is kept. */
import { under } from '../../ir/collections/named.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { elementCount } from '../../ir/tensors/tensor.js';
import type { TensorData, Tensors } from '../../runtime/isolate.js';
import { fromTensorData } from '../../runtime/tensor-data.js';
import { matchedDetections } from './detections.js';
import type { Meaning, MeaningKind } from './meaning.js';

/** The share of an output's meaning that is kept. */
export interface MeaningMeasure {
  readonly kind: MeaningKind;
  /** In words: "rows whose largest element is the same". */
  readonly measure: string;
  /** A share or a cosine; for waveforms and images decibels. More is better. */
  readonly value: number;
  /** The number of rows, elements or detections behind the value. */
  readonly samples: number;
  /** For tokens: the divergence of the distributions in nats, and the share of the five likeliest that are kept. */
  readonly divergence?: number;
  readonly top5?: number;
}

/**
 * The measure of each output that has a meaning and data for one; and the result's outputs in comparable order:
 * detections in the order of the original's.
 */
export function measureMeanings(
  meanings: ReadonlyMap<string, Meaning>,
  original: Tensors,
  result: Tensors,
): { readonly outputs: Tensors; readonly measures: ReadonlyMap<string, MeaningMeasure> } {
  const measures = new Map<string, MeaningMeasure>();
  const outputs: Record<string, TensorData> = { ...result };
  for (const [name, meaning] of meanings) {
    const [a, b] = [under(original, name), under(result, name)];
    if (!a || !b) continue;
    if (meaning.kind === 'detections') {
      if (meaning.ports.boxes !== name) continue;
      const matched = matchedDetections(meaning.ports, original, result);
      if (!matched) continue;
      Object.assign(outputs, matched.outputs);
      const { value, samples } = matched;
      const measure = { kind: meaning.kind, measure: 'detections that are found again', value, samples };
      for (const port of Object.keys(matched.outputs)) measures.set(port, measure);
    } else if (a.type === b.type && String(a.shape) === String(b.shape)) {
      const found = measureMeaning(meaning, a, b);
      if (found) measures.set(name, found);
    }
  }
  return { outputs, measures };
}

function measureMeaning(
  meaning: Exclude<Meaning, { kind: 'detections' }>,
  original: TensorData,
  result: TensorData,
): MeaningMeasure | undefined {
  const { kind } = meaning;
  const [a, b] = [numbersOf(fromTensorData(original)), numbersOf(fromTensorData(result))];
  const of = (measure: string, value: number, samples: number): MeaningMeasure | undefined =>
    samples > 0 && !Number.isNaN(value) ? { kind, measure, value, samples } : undefined;
  switch (meaning.kind) {
    case 'classes':
      return of('rows whose largest element is the same', ...winners(rows(a, b, original.shape, meaning.axis)));
    case 'tokens': {
      const pairs = [...rows(a, b, original.shape, meaning.axis)];
      const found = of('rows whose likeliest token is the same', ...winners(pairs));
      return found && { ...found, ...distributions(pairs) };
    }
    case 'embedding':
      return of('least cosine of a row', ...leastCosine(rows(a, b, original.shape, original.shape.length - 1)));
    case 'mask':
      return of('overlap of what is above 0.5', ...overlap(a, b));
    case 'decisions':
      return of('clear decisions that are the same', ...decisions(a, b));
    case 'waveform':
      return of('SNR, dB', decibels(a, b, power(a)), a.length);
    case 'image':
      return of('PSNR, dB', decibels(a, b, peak(a) ** 2 * a.length), a.length);
  }
}

type RowPair = readonly [Float64Array, Float64Array];

/** Rows along an axis, in both. */
function* rows(a: Float64Array, b: Float64Array, shape: readonly number[], axis: number): Iterable<RowPair> {
  const width = shape[axis] ?? 0;
  const step = elementCount(shape.slice(axis + 1));
  if (width * step === 0) return;
  for (let start = 0; start < a.length; start += width * step)
    for (let at = start; at < start + step; at++) {
      const row = (from: Float64Array): Float64Array =>
        step === 1
          ? from.subarray(at, at + width)
          : Float64Array.from({ length: width }, (_, i) => from[at + i * step]!);
      yield [row(a), row(b)];
    }
}

/** A row's largest element is clear where it leads by this part of the row's standard deviation. */
const LEAD = 0.1;

/** The share of rows that keep their largest element, weighted by its lead; rows with NaN count as they are. */
function winners(pairs: Iterable<RowPair>): [share: number, rows: number] {
  let [clear, weights, same] = [0, 0, 0];
  for (const [row, other] of pairs) {
    const best = largest(row);
    const lead = best === undefined ? 0 : leadOf(row, best);
    if (lead < LEAD) continue;
    const weight = Math.min(1, lead);
    clear++;
    weights += weight;
    if (largest(other) === best) same += weight;
  }
  return [same / weights, clear];
}

/** The index of the largest element; undefined where none is finite. */
function largest(row: Float64Array): number | undefined {
  let best: number | undefined;
  for (let i = 0; i < row.length; i++)
    if (Number.isFinite(row[i]) && (best === undefined || row[i]! > row[best]!)) best = i;
  return best;
}

/** The lead of the largest element, in standard deviations of the row. */
function leadOf(row: Float64Array, best: number): number {
  let [sum, squares, count, second] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!;
    if (!Number.isFinite(value)) continue;
    sum += value;
    squares += value * value;
    count++;
    if (i !== best && value > second) second = value;
  }
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  return count > 1 && deviation > 0 ? (row[best]! - second) / deviation : 0;
}

/** Compares the softmax of rows: the mean divergence, and the share of the five likeliest that are kept. */
function distributions(pairs: readonly RowPair[]): { divergence: number; top5: number } {
  let [divergence, kept] = [0, 0];
  for (const [a, b] of pairs) {
    const [p, q] = [logSoftmax(a), logSoftmax(b)];
    for (let i = 0; i < p.length; i++) if (p[i]! > -80) divergence += Math.exp(p[i]!) * (p[i]! - q[i]!);
    const [first, second] = [likeliest(a), likeliest(b)];
    kept += first.filter((i) => second.includes(i)).length / Math.max(1, first.length);
  }
  return { divergence: divergence / pairs.length, top5: kept / pairs.length };
}

function logSoftmax(row: Float64Array): Float64Array {
  const top = row[largest(row) ?? 0] ?? 0;
  let sum = 0;
  for (const x of row) sum += Math.exp(x - top);
  const shift = top + Math.log(sum);
  return row.map((x) => x - shift);
}

function likeliest(row: Float64Array): number[] {
  const best: number[] = [];
  for (let i = 0; i < row.length; i++) {
    if (best.length === 5 && row[i]! <= row[best[4]!]!) continue;
    const at = best.findIndex((one) => row[i]! > row[one]!);
    best.splice(at < 0 ? best.length : at, 0, i);
    best.length = Math.min(best.length, 5);
  }
  return best;
}

function leastCosine(pairs: Iterable<RowPair>): [cosine: number, rows: number] {
  let [least, count] = [1, 0];
  for (const [a, b] of pairs) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = 0; i < a.length; i++) {
      ab += a[i]! * b[i]!;
      aa += a[i]! * a[i]!;
      bb += b[i]! * b[i]!;
    }
    if (aa === 0 || !Number.isFinite(aa)) continue;
    count++;
    least = Math.min(least, bb > 0 ? ab / Math.sqrt(aa) / Math.sqrt(bb) : 0);
  }
  return [least, count];
}

const THRESHOLD = 0.5;

/** A mask has at least this many elements of the original on each side. */
const SIDE = 16;

/** Intersection over union. */
function overlap(a: Float64Array, b: Float64Array): [share: number, elements: number] {
  let [both, either, above] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! > THRESHOLD, b[i]! > THRESHOLD];
    if (x) above++;
    if (x && y) both++;
    if (x || y) either++;
  }
  return above < SIDE || a.length - above < SIDE ? [0, 0] : [both / either, either];
}

/** A probability at least this far from one half is a clear decision. */
const CLEAR = 0.05;

function decisions(a: Float64Array, b: Float64Array): [share: number, elements: number] {
  let [clear, same] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    if (!(Math.abs(a[i]! - THRESHOLD) > CLEAR)) continue;
    clear++;
    if (a[i]! > THRESHOLD === b[i]! > THRESHOLD && !Number.isNaN(b[i]!)) same++;
  }
  return [same / clear, clear];
}

const power = (a: Float64Array): number => a.reduce((sum, x) => sum + x * x, 0);

function peak(a: Float64Array): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of a) {
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return high - low;
}

function decibels(a: Float64Array, b: Float64Array, signal: number): number {
  let error = 0;
  for (let i = 0; i < a.length; i++) error += (a[i]! - b[i]!) ** 2;
  return 10 * Math.log10(signal / error);
}

/** One measure of all runs that have one: the overall share, or the least cosine or decibels. */
export function pooledOf(list: readonly (MeaningMeasure | undefined)[]): MeaningMeasure | undefined {
  const [first, ...rest] = list.filter((one) => one !== undefined);
  return first && rest.reduce(pooled, first);
}

/** One measure of two runs. */
export function pooled(a: MeaningMeasure, b: MeaningMeasure): MeaningMeasure {
  const isLeast = ['embedding', 'mask', 'waveform', 'image'].includes(a.kind);
  const samples = a.samples + b.samples;
  const mean = (x: number, y: number): number => (x * a.samples + y * b.samples) / samples;
  return {
    ...a,
    value: isLeast ? Math.min(a.value, b.value) : mean(a.value, b.value),
    samples,
    ...(a.divergence !== undefined && b.divergence !== undefined && { divergence: mean(a.divergence, b.divergence) }),
    ...(a.top5 !== undefined && b.top5 !== undefined && { top5: mean(a.top5, b.top5) }),
  };
}
