/** Reads what protobuf puts on the wire: varints, numbers, text and bytes, within bounds. Every bit of strings and NaNs is kept. */
import { nanAt, textOf } from './lossless.js';

/** An int64 on the wire: a number where that is exact, else its halves. */
export type Int64 = number | { low: number; high: number; unsigned?: boolean };

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
/** Text that is shorter is read faster without a decoder. */
const SHORT = 64;
/** The characters of such a text. Text that grows by one after another is kept as all its beginnings. */
const characters: number[] = [];

export class WireReader {
  at = 0;
  /** The end of the message that is read. */
  end: number;
  readonly #view: DataView;
  constructor(readonly data: Uint8Array) {
    this.end = data.length;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** Takes `count` bytes, and gives where they began. */
  take(count: number): number {
    const start = this.at;
    if (start + count > this.end) throw this.#beyond(count);
    this.at = start + count;
    return start;
  }

  /** Goes into what has its length before it, and gives the end of what that is in. */
  enter(): number {
    const outer = this.end;
    const start = this.take(this.length());
    this.end = this.at;
    this.at = start;
    return outer;
  }

  #beyond = (count: number) => new RangeError(`index out of range: ${this.at} + ${count} > ${this.end}`);

  #byte(): number {
    if (this.at >= this.end) throw this.#beyond(1);
    return this.data[this.at++] as number;
  }

  /** A varint of at most 32 bits, of which the last byte holds no more than `last`. */
  #short(last: number, what: string): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    const byte = this.#byte();
    if (byte > last) throw new Error(`invalid ${what} encoding`);
    return (value | (byte << 28)) >>> 0;
  }

  /** The number of a field times eight, plus its wire type. */
  readonly tag = (): number => this.#short(15, 'tag');
  readonly length = (): number => this.#short(7, 'length');

  int64(unsigned = false): Int64 {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 127) << shift;
      if (byte < 128) return low;
    }
    let byte = this.#byte();
    low |= (byte & 127) << 28;
    let high = (byte & 127) >> 4;
    for (let shift = 3; byte >= 128; shift += 7) {
      if (shift > 31) throw new Error('invalid varint encoding');
      byte = this.#byte();
      high |= (byte & 127) << shift;
    }
    const value = (unsigned ? high >>> 0 : high) * 2 ** 32 + (low >>> 0);
    return Number.isSafeInteger(value) ? value : { low, high, unsigned };
  }

  uint64 = (): Int64 => this.int64(true);

  int32(): number {
    const value = this.int64();
    return typeof value === 'number' ? value | 0 : value.low;
  }

  float(): number {
    const at = this.take(4);
    const value = this.#view.getFloat32(at, true);
    return Number.isNaN(value) ? nanAt(this.data, at, 4) : value;
  }

  double(): number {
    const at = this.take(8);
    const value = this.#view.getFloat64(at, true);
    return Number.isNaN(value) ? nanAt(this.data, at, 8) : value;
  }

  /** A part of the file, not a copy. */
  bytes(): Uint8Array {
    const start = this.take(this.length());
    return this.data.subarray(start, this.at);
  }

  string(): string {
    const length = this.length();
    const start = this.take(length);
    if (length < SHORT) {
      characters.length = 0;
      for (let at = start; at < this.at && (this.data[at] as number) < 128; at++)
        characters.push(this.data[at] as number);
      if (characters.length === length) return String.fromCharCode.apply(null, characters);
    }
    const bytes = this.data.subarray(start, this.at);
    const text = utf8.decode(bytes);
    return text.includes('\ufffd') ? textOf(bytes) : text;
  }

  /** Passes over what follows a tag; groups are messages between two tags. */
  skip(tag: number, depth: number, deepest: number): void {
    if (depth > deepest) throw new Error(TOO_DEEP);
    const wire = tag & 7;
    refuseZero(tag);
    if (wire === 0) while (this.#byte() > 127);
    else if (wire === 1) this.take(8);
    else if (wire === 5) this.take(4);
    else if (wire === 2) this.take(this.length());
    else if (wire === 3) {
      let next = this.tag();
      for (; (next & 7) !== 4; next = this.tag()) this.skip(next, depth + 1, deepest);
      refuseZero(next);
      if (next >>> 3 !== tag >>> 3) throw new Error('invalid end group tag');
    } else throw new Error(`invalid wire type ${wire} at offset ${this.at}`);
  }
}

function refuseZero(tag: number): void {
  if (tag >>> 3 === 0) throw new Error('illegal tag: field number 0');
}

/** The message of the error for messages nested too deep. */
export const TOO_DEEP = 'max depth exceeded';
