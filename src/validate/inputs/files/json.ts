/** Inputs written as JSON: numbers, bools and texts by the input's name, nested lists for axes. */

import { tensorOf } from '../../../ir/tensors/numbers.js';
import { ModelError } from '../../../ir/text/errors.js';
import { type DataType, dataTypes, isFloat, isInteger } from '../../../ir/types.js';
import type { Value } from '../../../ir/value.js';
import type { TensorData } from '../../../runtime/isolate.js';
import { toTensorData } from '../../../runtime/tensor-data.js';

/** A file's values by name. Throws ModelError where it holds something else. */
export function readJson(text: string, place: string): Readonly<Record<string, unknown>> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new ModelError(place, 'JSON', (error as Error).message);
  }
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Record<string, unknown>;
  throw new ModelError(
    place,
    'an object with a value for each input',
    Array.isArray(found) ? 'a list' : JSON.stringify(found),
    '{"input": [[1, 2], [3, 4]], "rate": 16000}',
  );
}

/** A value as a tensor of the port's element type. Throws ModelError. */
export function tensorFrom(value: unknown, port: Value, place: string): TensorData {
  const { elem } = port;
  if (elem === undefined || dataTypes[elem].kind === 'complex')
    throw new ModelError(place, 'a tensor that JSON can state', elem ?? 'an input of no known element type');
  const shape: number[] = [];
  for (let at = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  const leaves: unknown[] = [];
  flatten(value, shape, 0, leaves, place);
  for (const leaf of leaves)
    if (!isOf(elem, leaf)) throw new ModelError(place, expectedOf(elem), JSON.stringify(leaf) ?? String(leaf));
  if (elem === 'string') return { type: 'string', shape, data: leaves as string[] };
  return toTensorData(tensorOf(elem, leaves.map(Number), shape));
}

/** Collects the elements of nested lists. Throws where lists of one axis differ in length. */
function flatten(value: unknown, shape: readonly number[], axis: number, into: unknown[], place: string): void {
  const isList = Array.isArray(value);
  if (isList !== axis < shape.length || (isList && value.length !== shape[axis]))
    throw new ModelError(
      place,
      `lists of [${shape.join(', ')}] all through`,
      isList ? `one of ${value.length} at axis ${axis}` : `${JSON.stringify(value)} at axis ${axis}`,
    );
  if (isList) for (const inner of value) flatten(inner, shape, axis + 1, into, place);
  else into.push(value);
}

function isOf(elem: DataType, leaf: unknown): boolean {
  if (elem === 'string') return typeof leaf === 'string';
  if (elem === 'bool') return typeof leaf === 'boolean' || leaf === 0 || leaf === 1;
  if (typeof leaf !== 'number') return false;
  if (isFloat(elem)) return true;
  const { bits, kind } = dataTypes[elem];
  const [low, high] = kind === 'signed' ? [-(2 ** (bits - 1)), 2 ** (bits - 1)] : [0, 2 ** bits];
  return isInteger(elem) && Number.isSafeInteger(leaf) && leaf >= low && leaf < high;
}

const expectedOf = (elem: DataType): string =>
  elem === 'string'
    ? 'texts'
    : elem === 'bool'
      ? 'true or false'
      : isFloat(elem)
        ? 'numbers'
        : `whole numbers of ${elem}`;
