/** Detections as sets: which of the original's the result found again, whatever their order. */
import { maxOf } from '../../ir/lists.js';
import { numbersOf, tensorOf } from '../../ir/numbers.js';
import type { TensorData } from '../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../runtime/tensor-data.js';
import type { DetectionPorts } from './meaning.js';

interface Detection {
  readonly box: readonly number[];
  readonly score: number;
  /** What has to be the same: the class, and the picture of the batch. */
  readonly key: string;
}

/** A detection is found again where a box of the same class covers so much of the union of both. */
const OVERLAP = 0.5;

/** Where boxes are none, as those of models that were never trained: corners may differ by this share of all. */
const NEAR = 0.02;

/** Lists that are longer are not matched: it takes the product of both. */
const MOST = 4096;

type Outputs = Readonly<Record<string, TensorData>>;

/**
 * The result's ports with rows in the original's order, zeros where there is none, and the share of detections that
 * were found again, each as heavy as its score. Undefined where the ports cannot be read so.
 */
export function matchedDetections(
  ports: DetectionPorts,
  original: Outputs,
  result: Outputs,
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

/** Alike but for the number of rows. */
function isComparable(a: TensorData | undefined, b: TensorData | undefined): boolean {
  if (!a || !b || a.type !== b.type || a.shape.length !== b.shape.length) return false;
  return !(a.shape.includes(0) || b.shape.includes(0));
}

/** The detections in the rows of the ports; a row of seven holds the picture's number first and the score last. */
function read({ boxes, scores, classes }: DetectionPorts, outputs: Outputs): Detection[] {
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

/** For each row of the first the row of the second that it is found as; the likeliest choose first. */
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
      // Of boxes that lie on each other the one of the nearest score.
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
    // Of a score that fell or rose, what both have: whoever reads detections cuts them off at a score.
    const own = weightOf(after[best]!);
    found += Math.min(weight, own);
    added += Math.max(0, own - weight);
  }
  // What the result alone has counts as much as what it lacks.
  for (const j of free) added += weightOf(after[j]!);
  const samples = before.filter(({ score }) => score > 0).length;
  return { order, value: found / Math.max(weights, found + added), samples: weights > 0 ? samples : 0 };
}

/** How much two boxes have in common, by what the numbers of all can be: corners, a centre and sides, or neither. */
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

/** Rows are all axes but the last where the port has one more than the rows have. */
function reordered(original: TensorData, result: TensorData, order: readonly (number | undefined)[]): TensorData {
  const [count, from] = [numbersOf(fromTensorData(original)).length, numbersOf(fromTensorData(result))];
  const width = count / order.length;
  const numbers = new Float64Array(count);
  for (const [i, j] of order.entries())
    if (j !== undefined) numbers.set(from.subarray(j * width, (j + 1) * width), i * width);
  return toTensorData(tensorOf(original.type, numbers, original.shape));
}
