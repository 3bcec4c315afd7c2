/**
 * Strings that are no UTF-8 and NaNs that carry bits, as they stand in a file. Runtimes compare names as bytes and copy floats as bits;
 * JavaScript's decoding alone would lose both.
 */
import protobuf from 'protobufjs/light.js';
import { append } from '../../ir/collections/lists.js';

/** A NaN of other bits than JavaScript's own. A number to whoever asks for one; the writer asks for its bits. */
export class OddNaN extends Number {
  constructor(readonly bits: Uint8Array) {
    super(Number.NaN);
  }
}

const PLAIN = { 4: '0000c07f', 8: '000000000000f87f' } as const;

/** A NaN as the bits at a place say. */
function nanAt(bytes: Uint8Array, start: number, size: 4 | 8): number {
  const bits = bytes.slice(start, start + size);
  const isPlain = bits.every((byte, at) => byte === Number.parseInt(PLAIN[size].slice(at * 2, at * 2 + 2), 16));
  return isPlain ? Number.NaN : (new OddNaN(bits) as unknown as number);
}

/** A reader of messages that keeps every bit of strings and floats, and unknown fields. */
export function losslessReader(bytes: Uint8Array): protobuf.Reader {
  const reader = protobuf.Reader.create(bytes);
  const plain = protobuf.Reader.prototype;
  const number = (value: number, size: 4 | 8): number =>
    Number.isNaN(value) ? nanAt(bytes, reader.pos - size, size) : value;
  const packed = (read: (list?: number[]) => number[], size: 4 | 8) => (before?: number[]) => {
    const known = before?.length ?? 0;
    const list = read.call(reader, before);
    for (let at = known; at < list.length; at++)
      if (Number.isNaN(list[at])) list[at] = nanAt(bytes, reader.pos - size * (list.length - at), size);
    return list;
  };
  return Object.assign(reader, {
    discardUnknown: false,
    string(): string {
      const start = reader.pos;
      const text = plain.string.call(reader);
      if (!text.includes('\ufffd')) return text;
      reader.pos = start;
      return textOf(reader.bytes());
    },
    float: () => number(plain.float.call(reader), 4),
    double: () => number(plain.double.call(reader), 8),
    floats: packed(plain.floats, 4),
    doubles: packed(plain.doubles, 8),
  });
}

/** The writer that goes with it. */
export function losslessWriter(): protobuf.Writer {
  const writer = protobuf.Writer.create();
  const { string, float, double } = writer;
  const number = (write: (value: number) => protobuf.Writer) => (value: number | OddNaN) =>
    value instanceof OddNaN ? writer.raw(value.bits) : write.call(writer, value as number);
  const packed = (size: 4 | 8, write: (value: number) => protobuf.Writer) => (values: readonly number[]) => {
    writer.uint32(values.length * size);
    for (const value of values) write(value);
    return writer;
  };
  const [one, two] = [number(float), number(double)];
  return Object.assign(writer, {
    string: (text: string) => (ESCAPED.test(text) ? writer.bytes(bytesOf(text)) : string.call(writer, text)),
    float: one,
    double: two,
    floats: packed(4, one),
    doubles: packed(8, two),
  });
}

/** A byte that is no UTF-8 is a lone surrogate, U+DC80 to U+DCFF, which no UTF-8 gives (as Python's surrogateescape has it). */
const ESCAPED = /[\udc80-\udcff]/u;

/** The text of bytes that may be no UTF-8. */
function textOf(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let text = '';
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = lengthAt(bytes, at);
    if (length === 0) {
      text += decoder.decode(bytes.subarray(from, at)) + String.fromCharCode(0xdc00 + (bytes[at] as number));
      from = at + 1;
    }
    at += length || 1;
  }
  return text + decoder.decode(bytes.subarray(from));
}

/** The bytes of the character at a place, 0 where none is well formed there. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const [lead = 0, next = 0] = bytes.subarray(at, at + 2);
  if (lead < 0x80) return 1;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  const [low, high] = SECOND.get(lead) ?? [0x80, 0xbf];
  if (at + length > bytes.length || next < low || next > high) return 0;
  for (let more = 2; more < length; more++) if (((bytes[at + more] as number) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Where the second byte is bounded: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
const SECOND = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]) as ReadonlyMap<number, readonly [number, number]>;

function bytesOf(text: string): Uint8Array {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const character of text) {
    if (ESCAPED.test(character)) bytes.push(character.charCodeAt(0) - 0xdc00);
    else append(bytes, encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}
