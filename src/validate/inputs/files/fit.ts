/** Checks given tensors against their port: its element type and shape. */
import { dimText } from '../../../ir/dims/dims.js';
import { bigintsOf, castTensor, numbersOf } from '../../../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../../ir/tensors/tensor.js';
import { ModelError } from '../../../ir/text/errors.js';
import { type DataType, dataTypes, isFloat, isInteger } from '../../../ir/types.js';
import type { Value } from '../../../ir/value.js';
import type { TensorData } from '../../../runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../../runtime/tensor-data.js';

/** numpy's name of a type. */
const numpyName = (type: DataType): string => (type === 'bool' ? 'bool_' : type);

/**
 * Converts a tensor to the port's element type. Floats become other floats, and integers other integers, where no
 * number changes; with `isRounded` floats may change, as the port is an intermediate model's. Throws ModelError for
 * another type or shape.
 */
export function fitted(found: TensorData, port: Value, place: string, isRounded = false): TensorData {
  const given = single(found, port);
  checkShape(given.shape, port, place);
  const { elem } = port;
  if (elem === undefined || given.type === elem) return given;
  const isCast = (isFloat(elem) && isFloat(given.type)) || (isInteger(elem) && isInteger(given.type));
  const remedy = elem === 'string' ? '' : `Save it as ${elem}: x.astype(numpy.${numpyName(elem)})`;
  if (!isCast || dataTypes[elem].bits < 8) throw new ModelError(place, elem, given.type, remedy);
  const before = fromTensorData(given);
  const after = castTensor(before, elem);
  const changed = isRounded && isFloat(elem) ? undefined : firstChange(before, after);
  if (changed !== undefined)
    throw new ModelError(place, elem, `${given.type} with a number that ${elem} does not hold: ${changed}`, remedy);
  return toTensorData(after);
}

function firstChange(before: Tensor, after: Tensor): number | bigint | undefined {
  const read = isFloat(before.type) ? numbersOf : bigintsOf;
  const [a, b] = [read(before), read(after)];
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return a[i];
  return undefined;
}

/** Gives one element the port's shape if all its dims are 1: files write [1] and [] for each other. */
function single(found: TensorData, { shape }: Value): TensorData {
  const isOne = elementCount(found.shape) === 1 && shape?.every((dim) => dim === 1);
  return isOne ? { ...found, shape: shape as readonly number[] } : found;
}

/** Throws ModelError where the port declares another rank, or another size for a dim. */
function checkShape(found: readonly number[], port: Value, place: string): void {
  const { shape } = port;
  if (!shape) return;
  const fits = shape.length === found.length && shape.every((dim, i) => typeof dim !== 'number' || dim === found[i]);
  if (!fits) throw new ModelError(place, `a shape of [${shape.map(dimText).join(', ')}]`, `[${found.join(', ')}]`);
}
