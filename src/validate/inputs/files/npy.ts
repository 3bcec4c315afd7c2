/** Reads arrays in numpy's format: a header in Python's notation, then the elements. */

import { elementCount } from '../../../ir/tensors/tensor.js';
import { ModelError } from '../../../ir/text/errors.js';
import { type DataType, dataTypes } from '../../../ir/types.js';
import type { TensorData } from '../../../runtime/isolate.js';

/** numpy's element types by letter and bytes. */
const types: Readonly<Record<string, DataType>> = {
  b1: 'bool',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
};

/** Reads one array. Throws ModelError for another format, or an element type that ONNX lacks. */
export function readNpy(bytes: Uint8Array, place: string): TensorData {
  const { header, start } = headerOf(bytes, place);
  const descr = /'descr':\s*('[^']*'|\[.*?\])/.exec(header)?.[1]?.replaceAll("'", '');
  const isFortran = /'fortran_order':\s*True/.test(header);
  const list = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || list === undefined)
    throw new ModelError(place, 'a header with descr and shape', header.trim());
  const shape = list.split(',').flatMap((dim) => (dim.trim() === '' ? [] : [Number(dim)]));
  const [, order = '', letter = '', width = ''] = /^([<>=|]?)([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  const type = letter === 'U' || letter === 'S' ? 'string' : types[`${letter}${width}`];
  if (!type)
    throw new ModelError(
      place,
      'an array of numbers, bools or text',
      letter === 'O' ? 'one of Python objects' : `elements of ${descr}`,
      'Save it as one of float32, int64 and the like: x.astype(…)',
    );
  const size = type === 'string' ? Number(width) * (letter === 'U' ? 4 : 1) : dataTypes[type].bits / 8;
  if (order === '>' && (letter === 'U' || (letter !== 'S' && size > 1)))
    throw new ModelError(
      place,
      'little-endian elements',
      `big-endian ones (${descr})`,
      "Save it as x.astype(x.dtype.newbyteorder('<'))",
    );
  const count = elementCount(shape);
  const found = bytes.subarray(start, start + count * size);
  if (found.length < count * size)
    throw new ModelError(place, `${count * size} bytes for [${shape.join(', ')}]`, `${found.length}`);
  const rows = isFortran ? rowMajor(found, shape, size) : found;
  return { type, shape, data: type === 'string' ? textsOf(rows, count, size, letter) : rows };
}

function headerOf(bytes: Uint8Array, place: string): { header: string; start: number } {
  const isNpy = bytes.length >= 12 && bytes[0] === 0x93 && new TextDecoder().decode(bytes.subarray(1, 6)) === 'NUMPY';
  if (!isNpy) throw new ModelError(place, 'an array as numpy.save writes it', 'a file without its mark');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Version 1 has two bytes for the length of the header.
  const [length, at] = bytes[6] === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  return { header: new TextDecoder().decode(bytes.subarray(at, at + length)), start: at + length };
}

/** Reorders elements from column-major to row-major. */
function rowMajor(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array {
  const count = elementCount(shape);
  const found = new Uint8Array(bytes.length);
  const place = shape.map(() => 0);
  for (let to = 0; to < count; to++) {
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--)
      from = from * (shape[axis] as number) + (place[axis] as number);
    for (let i = 0; i < size; i++) found[to * size + i] = bytes[from * size + i] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place[axis] = (place[axis] as number) + 1;
      if ((place[axis] as number) < (shape[axis] as number)) break;
      place[axis] = 0;
    }
  }
  return found;
}

/** Texts of one width: four bytes a character, or UTF-8; shorter ones end with zeros. */
function textsOf(bytes: Uint8Array, count: number, size: number, letter: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => {
    const codes = Array.from({ length: size / 4 }, (__, j) => view.getUint32(i * size + j * 4, true));
    const text =
      letter === 'U'
        ? codes.map((code) => String.fromCodePoint(code)).join('')
        : new TextDecoder().decode(bytes.subarray(i * size, (i + 1) * size));
    return text.replace(/\0+$/, '');
  });
}
