/** Compares detections as sets: finds the original's detections again in the result, in any order. */
import { maxOf } from '../../ir/collections/lists.js';
import { numbersOf, tensorOf } from '../../ir/tensors/numbers.js';
import type { TensorData, Tensors } from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import type { DetectionPorts } from './meaning.js';

interface Detection {
  readonly box: readonly number[];
  readonly score: number;
  /** The class and the picture of the batch, which have to be the same. */
  readonly key: string;
}

/** A detection is found again where a box of the same class covers this share of the union of both. */
const OVERLAP = 0.5;

/** Tensors of models that were never trained are no real boxes: there corners may differ by this share of all. */
const NEAR = 0.02;

/** Longer lists are not matched: the time is the product of both lengths. */
const MOST = 4096;

/**
 * The result's ports with rows in the original's order and zeros for missing rows, and the share of detections that
 * were found again, weighted by score. Undefined where the ports cannot be read as detections.
 */
export function matchedDetections(
  ports: DetectionPorts,
  original: Tensors,
  result: Tensors,
): { readonly outputs: Record<string, TensorData>; readonly value: number; readonly samples: number } | undefined {
  const names = [ports.boxes, ports.scores, ports.classes].filter((name) => name !== undefined);
  if (names.some((name) => !isComparable(original[name], result[name]))) return undefined;
  const [before, after] = [read(ports, original), read(ports, result)];
  if (Math.max(before.length, after.length) > MOST) return undefined;
  const { order, value, samples } = match(before, after);
  const outputs = Object.fromEntries(
    names.map((name) => [name, reordered(original[name] as TensorData, result[name] as TensorData, order)]),
  );
  return { outputs, value, samples };
}

/** True for tensors that are alike but for the number of rows. */
function isComparable(a: TensorData | undefined, b: TensorData | undefined): boolean {
  if (!a || !b || a.type !== b.type || a.shape.length !== b.shape.length) return false;
  return !(a.shape.includes(0) || b.shape.includes(0));
}

/** The detections in the rows of the ports; a row of seven holds the picture's number first and the score last. */
function read({ boxes, scores, classes }: DetectionPorts, outputs: Tensors): Detection[] {
  const numbers = (name: string): Float64Array => numbersOf(fromTensorData(outputs[name] as TensorData));
  const shape = (outputs[boxes] as TensorData).shape;
  const width = shape.at(-1) as number;
  const perPicture = shape.length > 2 ? (shape.at(-2) as number) : Number.POSITIVE_INFINITY;
  const rows = numbers(boxes);
  const [scoreOf, classOf] = [scores && numbers(scores), classes && numbers(classes)];
  return Array.from({ length: rows.length / width }, (_, i) => {
    const row = rows.subarray(i * width, (i + 1) * width);
    const picture = Math.floor(i / perPicture);
    if (width === 7) return { box: [...row.subarray(1, 5)], score: row[6]!, key: `${row[0]} ${row[5]}` };
    if (width === 6) return { box: [...row.subarray(0, 4)], score: row[4]!, key: `${picture} ${row[5]}` };
    return { box: [...row], score: scoreOf ? scoreOf[i]! : 1, key: `${picture} ${classOf ? classOf[i] : ''}` };
  });
}

const weightOf = ({ score }: Detection): number => Math.max(0, score);

/** For each row of the first the matching row of the second; rows with the highest scores choose first. */
function match(before: readonly Detection[], after: readonly Detection[]) {
  const overlap = overlapIn(before);
  const free = new Set(after.keys());
  const order: (number | undefined)[] = Array(before.length).fill(undefined);
  const byScore = [...before.keys()].sort((i, j) => before[j]!.score - before[i]!.score);
  let [weights, found, added] = [0, 0, 0];
  for (const i of byScore) {
    const one = before[i] as Detection;
    let [best, most] = [undefined as number | undefined, OVERLAP];
    for (const j of free) {
      if (after[j]!.key !== one.key) continue;
      const share = overlap(one, after[j]!);
      // Of overlapping boxes, the one with the nearest score matches.
      const isNearer =
        best !== undefined &&
        share > most - 1e-3 &&
        Math.abs(after[j]!.score - one.score) < Math.abs(after[best]!.score - one.score);
      if (share > most + (best === undefined ? -1e-9 : 1e-3) || isNearer) [best, most] = [j, share];
    }
    const weight = weightOf(one);
    weights += weight;
    if (best === undefined) continue;
    free.delete(best);
    order[i] = best;
    // A score that fell or rose counts with the smaller of both: readers of detections cut them off at a score.
    const own = weightOf(after[best]!);
    found += Math.min(weight, own);
    added += Math.max(0, own - weight);
  }
  // An additional detection counts as much as a missing one.
  for (const j of free) added += weightOf(after[j]!);
  const samples = before.filter(({ score }) => score > 0).length;
  return { order, value: found / Math.max(weights, found + added), samples: weights > 0 ? samples : 0 };
}

/** The overlap of two boxes, by a reading that fits the numbers of all: corners, or a centre and sides, or neither. */
function overlapIn(all: readonly Detection[]): (a: Detection, b: Detection) => number {
  const isCorners = all.every(({ box }) => box[2]! >= box[0]! && box[3]! >= box[1]!);
  const isBoxes = isCorners || all.every(({ box }) => box[2]! >= 0 && box[3]! >= 0);
  if (isBoxes) return (a, b) => overlapOf(corners(a.box, isCorners), corners(b.box, isCorners));
  const size = maxOf(all.flatMap(({ box }) => box.map(Math.abs)));
  return (a, b) => 1 - (OVERLAP / NEAR) * (maxOf(a.box.map((x, i) => Math.abs(x - b.box[i]!))) / size);
}

const corners = ([a, b, c, d]: readonly number[], isCorners: boolean): readonly number[] =>
  isCorners ? [a!, b!, c!, d!] : [a! - c! / 2, b! - d! / 2, a! + c! / 2, b! + d! / 2];

/** Intersection over union; boxes without an area overlap where they are equal. */
function overlapOf(a: readonly number[], b: readonly number[]): number {
  const side = (i: number): number => Math.max(0, Math.min(a[i + 2]!, b[i + 2]!) - Math.max(a[i]!, b[i]!));
  const area = (box: readonly number[]): number => (box[2]! - box[0]!) * (box[3]! - box[1]!);
  const both = side(0) * side(1);
  const either = area(a) + area(b) - both;
  return either > 0 ? both / either : a.every((x, i) => x === b[i]) ? 1 : 0;
}

/** The rows of a port in an order. Rows span all axes but the last where the port has one axis more. */
function reordered(original: TensorData, result: TensorData, order: readonly (number | undefined)[]): TensorData {
  const [count, from] = [numbersOf(fromTensorData(original)).length, numbersOf(fromTensorData(result))];
  const width = count / order.length;
  const numbers = new Float64Array(count);
  for (const [i, j] of order.entries())
    if (j !== undefined) numbers.set(from.subarray(j * width, (j + 1) * width), i * width);
  return toTensorData(tensorOf(original.type, numbers, original.shape));
}
