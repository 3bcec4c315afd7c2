/** Bounds the elements of a constant by position. */
import { instanceCount, instanceOf } from '../../../src/ir/tensors/bank.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { fitted, intervalOf, joined } from '../../../src/ops/interval.js';
import { type Band, counted, type Elements, ofPlace, type Position } from './place.js';

/** Constants larger than this are not read. */
const READ = 1 << 20;

/** All elements that may stand there in the band, or anywhere; of a bank, those of every instance. */
export function storedElements(tensor: Tensor, positions: readonly Position[] = [], band: Band): Elements | undefined {
  const { shape, type } = tensor;
  const count = elementCount(shape);
  if (type === 'string' || count > READ || count === 0) return undefined;
  const tensors = Array.from({ length: instanceCount(tensor) }, (_, index) => numbersOf(instanceOf(tensor, index)));
  const found = tensors.map((numbers) => intervalOf(numbersAt(numbers, shape, positions, band)));
  const all = found.reduce((a, b) => joined(a, b));
  const elements = counted(fitted(all, type));
  const [only] = tensors;
  if (elements?.place || !only || tensors.length > 1) return elements;
  return counting(only, shape, positions, band) ?? elements;
}

/** Reads 0, 1, 2 … along one axis as the place on that axis; undefined for other numbers. */
function counting(numbers: Float64Array, shape: readonly number[], positions: readonly Position[], band: Band) {
  const axis = shape.findIndex((size) => size !== 1);
  const position = positions[axis];
  const isCount = numbers.length === shape[axis] && numbers.every((x, i) => x === i);
  return position && isCount ? ofPlace(position, band) : undefined;
}

/** Yields the numbers at the known positions; in the band alone, if one axis is the queries' and one the keys'. */
function* numbersAt(
  numbers: Float64Array,
  shape: readonly number[],
  positions: readonly Position[],
  { from, to }: Band,
): Iterable<number> {
  const axisOf = (query: number, key: number): number =>
    positions.findIndex((position) => position?.query === query && position.key === key);
  const [row, column] = [axisOf(1, 0), axisOf(0, 1)];
  const fixed = shape.flatMap((size, axis) => {
    const position = positions[axis];
    return size !== 1 && position?.query === 0 && position.key === 0 ? [axis] : [];
  });
  const isBanded = row >= 0 && column >= 0;
  if (!isBanded && fixed.length === 0) return yield* numbers;
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  /** The query, or key, of an element. */
  const index = (i: number, axis: number): number =>
    (Math.floor(i / (strides[axis] as number)) % (shape[axis] as number)) - (positions[axis]?.c ?? 0);
  for (const [i, element] of numbers.entries()) {
    const distance = isBanded ? index(i, column) - index(i, row) : from;
    if (distance >= from && distance <= to && fixed.every((axis) => index(i, axis) === 0)) yield element;
  }
}
