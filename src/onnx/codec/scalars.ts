/** Numbers and text as protobufjs reads and writes them, with every bit of strings, NaNs and whole numbers kept. */
import type { Reader, Writer } from 'protobufjs/minimal.js';
import type { Int64, Scalar } from './fields.js';
import { bytesOf, ESCAPED, nanAt, OddNaN, textOf } from './lossless.js';

/** protobufjs gives halves for all, as it has `long`. */
function exactly({ low, high, unsigned }: Exclude<Int64, number>): Int64 {
  const value = (unsigned ? high >>> 0 : high) * 2 ** 32 + (low >>> 0);
  return Number.isSafeInteger(value) ? value : { low, high, unsigned: unsigned === true };
}

const int64 = (reader: Reader, read: 'int64' | 'uint64'): Int64 => {
  // Most are of one byte, which needs no object.
  const byte = reader.buf[reader.pos] as number;
  if (byte >= 128 || reader.pos >= reader.len) return exactly(reader[read]());
  reader.pos++;
  return byte;
};

const number = (reader: Reader, value: number, size: 4 | 8): number =>
  Number.isNaN(value) ? nanAt(reader.buf, reader.pos - size, size) : value;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function text(bytes: Uint8Array): string {
  const decoded = utf8.decode(bytes);
  return decoded.includes('\ufffd') ? textOf(bytes) : decoded;
}

/** Text that is shorter is read faster without a decoder. */
const SHORT = 64;
/** The characters of such a text. Text that grows by one after another, as protobufjs makes it, is kept as all its beginnings. */
const characters: number[] = [];

/** Undefined where a character is none of ASCII's. */
function ascii(bytes: Uint8Array, start: number, end: number): string | undefined {
  characters.length = 0;
  for (let at = start; at < end && (bytes[at] as number) < 128; at++) characters.push(bytes[at] as number);
  return characters.length === end - start ? String.fromCharCode.apply(null, characters) : undefined;
}

export const read: Readonly<Record<Scalar, (reader: Reader) => unknown>> = {
  int32: (reader) => reader.int32(),
  int64: (reader) => int64(reader, 'int64'),
  uint64: (reader) => int64(reader, 'uint64'),
  float: (reader) => number(reader, reader.float(), 4),
  double: (reader) => number(reader, reader.double(), 8),
  bytes: (reader) => reader.bytes(),
  string(reader) {
    const length = reader.size();
    const start = reader.pos;
    reader.skip(length);
    return (length < SHORT ? ascii(reader.buf, start, reader.pos) : undefined) ?? text(reader.raw(start, reader.pos));
  },
};

const float =
  (type: 'float' | 'double') =>
  (writer: Writer, value: number | OddNaN): Writer =>
    value instanceof OddNaN ? writer.raw(value.bits) : writer[type](value);

// Halves are all that it asks of what it calls Long.
const whole = (writer: Writer, value: Int64): Writer => writer.int64(value as number);

/** By type; the value is what `read` gives. */
export const write: Readonly<Record<Scalar, (writer: Writer, value: never) => Writer>> = {
  int32: (writer, value: number) => writer.int32(value),
  int64: whole,
  uint64: whole,
  float: float('float'),
  double: float('double'),
  bytes: (writer, value: Uint8Array) => writer.bytes(value),
  string: (writer, value: string) => (ESCAPED.test(value) ? writer.bytes(bytesOf(value)) : writer.string(value)),
};
