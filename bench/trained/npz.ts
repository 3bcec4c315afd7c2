/** Reads `.npz` files: zip archives of NumPy arrays, stored or deflated. */
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import type { DataType } from '../../src/ir/types.js';
import type { TensorData, Tensors } from '../../src/runtime/isolate.js';

const types: Readonly<Record<string, DataType>> = {
  '<f4': 'float32',
  '<f8': 'float64',
  '<i8': 'int64',
  '<i4': 'int32',
  '|u1': 'uint8',
  '|b1': 'bool',
};

/** The arrays of a file by their names. Throws RangeError for what it does not read. */
export function readNpz(path: string): Tensors {
  const file = readFileSync(path);
  const tensors: Record<string, TensorData> = {};
  // The directory stands at the end: sizes beside the entries themselves may be missing.
  const end = file.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let at = file.readUInt32LE(end + 16);
  for (let entry = 0; entry < file.readUInt16LE(end + 10); entry++) {
    const [packed, nameLength, extra, comment] = [20, 28, 30, 32].map((offset, i) =>
      i ? file.readUInt16LE(at + offset) : file.readUInt32LE(at + offset),
    ) as [number, number, number, number];
    const name = file.toString('utf8', at + 46, at + 46 + nameLength);
    const local = file.readUInt32LE(at + 42);
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const bytes = file.subarray(start, start + packed);
    tensors[name.replace(/\.npy$/, '')] = readNpy(file.readUInt16LE(at + 10) ? inflateRawSync(bytes) : bytes, path);
    at += 46 + nameLength + extra + comment;
  }
  return tensors;
}

function readNpy(bytes: Buffer, path: string): TensorData {
  const start = bytes[6] === 1 ? 10 : 12;
  const length = bytes[6] === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const header = bytes.toString('latin1', start, start + length);
  const type = types[/'descr': '([^']*)'/.exec(header)?.[1] ?? ''];
  const dims = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  if (!type || dims === undefined || header.includes("'fortran_order': True"))
    throw new RangeError(`${path}: expected rows of numbers; found ${header.trim()}`);
  const shape = dims.split(',').flatMap((dim) => (dim.trim() ? [Number(dim)] : []));
  return { type, shape, data: new Uint8Array(bytes.subarray(start + length)) };
}
