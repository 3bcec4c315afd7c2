/** What a test data set stores of a value that may be no tensor: SequenceProto, MapProto and OptionalProto, read field by field. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { numbersOf } from '../src/ir/tensors/numbers.js';
import type { Tensor } from '../src/ir/tensors/tensor.js';
import type { Type } from '../src/ir/types.js';
import { decodeTensor } from '../src/onnx/read.js';

/** A tensor; the elements of a sequence; numbers by key; null for an optional that is not there. */
export type Stored = Tensor | readonly Stored[] | Map<string, number> | null;

/** Each input or output of a test data set, read as the type that the model declares for it. */
export function storedValues(folder: string, kind: 'input' | 'output', types: readonly (Type | undefined)[]): Stored[] {
  const names = readdirSync(folder).filter((name) => name.startsWith(`${kind}_`) && name.endsWith('.pb'));
  const number = (name: string) => Number(/\d+/.exec(name)?.[0]);
  return names
    .sort((a, b) => number(a) - number(b))
    .map((name, index) => stored(Uint8Array.from(readFileSync(join(folder, name))), types[index]));
}

function stored(bytes: Uint8Array, type: Type | undefined): Stored {
  if (type?.kind === 'sequence' && type.elem?.kind === 'map') return fields(bytes, 6).map(mapOf);
  if (type?.kind === 'sequence') return fields(bytes, 3).map((one) => stored(one, type.elem));
  if (type?.kind !== 'optional') return decodeTensor(bytes);
  // An optional that is there may be stored as the tensor that it holds: that has raw data.
  if (fields(bytes, 9).length > 0) return decodeTensor(bytes);
  const [content] = fields(bytes, type.elem?.kind === 'sequence' ? 5 : 3);
  return content ? stored(content, type.elem) : null;
}

/** Keys are int64 or strings, values a sequence of numbers. */
function mapOf(bytes: Uint8Array): Map<string, number> {
  const strings = fields(bytes, 4).map((one) => new TextDecoder().decode(one));
  const keys = strings.length > 0 ? strings : fields(bytes, 3).flatMap((one) => varints(one).map(String));
  const values = fields(bytes, 5)
    .flatMap((one) => fields(one, 3))
    .flatMap((one) => [...numbersOf(decodeTensor(one))]);
  return new Map(keys.map((key, index) => [key, values[index] ?? Number.NaN]));
}

/** int64, packed or one by one. */
function varints(bytes: Uint8Array): bigint[] {
  const found: bigint[] = [];
  let [value, shift] = [0n, 0n];
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    found.push(BigInt.asIntN(64, value));
    [value, shift] = [0n, 0n];
  }
  return found;
}

/** The values of one field of a message: length-delimited, or varints as they stand. */
function fields(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) {
      const from = at;
      varint();
      if (tag >> 3 === wanted) found.push(bytes.subarray(from, at));
    }
    if (wire === 2) {
      const length = varint();
      if (tag >> 3 === wanted) found.push(bytes.subarray(at, at + length));
      at += length;
    } else if (wire !== 0) at += wire === 5 ? 4 : 8;
  }
  return found;
}
