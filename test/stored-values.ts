/** What a test data set stores of a value that may be no tensor: SequenceProto and OptionalProto, read field by field. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '../src/ir/tensor.js';
import type { Type } from '../src/ir/types.js';
import { decodeTensor } from '../src/onnx/read.js';

/** A tensor; the elements of a sequence; null for an optional that is not there. */
export type Stored = Tensor | readonly Stored[] | null;

/** Each input or output of a test data set, read as the type that the model declares for it. */
export function storedValues(folder: string, kind: 'input' | 'output', types: readonly (Type | undefined)[]): Stored[] {
  const names = readdirSync(folder).filter((name) => name.startsWith(`${kind}_`) && name.endsWith('.pb'));
  const number = (name: string) => Number(/\d+/.exec(name)?.[0]);
  return names
    .sort((a, b) => number(a) - number(b))
    .map((name, index) => stored(Uint8Array.from(readFileSync(join(folder, name))), types[index]));
}

function stored(bytes: Uint8Array, type: Type | undefined): Stored {
  if (type?.kind === 'sequence') return fields(bytes, 3).map((one) => stored(one, type.elem));
  if (type?.kind !== 'optional') return decodeTensor(bytes);
  // An optional that is there may be stored as the tensor that it holds: that has raw data.
  if (fields(bytes, 9).length > 0) return decodeTensor(bytes);
  const [content] = fields(bytes, type.elem?.kind === 'sequence' ? 5 : 3);
  return content ? stored(content, type.elem) : null;
}

/** The length-delimited values of one field of a message. */
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
    if (wire === 0) varint();
    else if (wire === 2) {
      const length = varint();
      if (tag >> 3 === wanted) found.push(bytes.subarray(at, at + length));
      at += length;
    } else at += wire === 5 ? 4 : 8;
  }
  return found;
}
