/** Writes what protobuf puts on the wire, into bytes that grow. */
import { bytesOf, ESCAPED, OddNaN } from './lossless.js';
import type { Int64 } from './reader.js';

export class WireWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  /** Makes room for `count` bytes, and gives where they begin. */
  #take(count: number): number {
    const start = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#at, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }

  #byte(value: number): void {
    const at = this.#take(1);
    this.#bytes[at] = value;
  }

  /** A tag or a length. */
  short(value: number): void {
    let rest = value;
    for (; rest > 127; rest >>>= 7) this.#byte((rest & 127) | 128);
    this.#byte(rest);
  }

  int64(value: Int64): void {
    let low = typeof value === 'number' ? value >>> 0 : value.low >>> 0;
    let high = typeof value === 'number' ? Math.floor(value / 2 ** 32) >>> 0 : value.high >>> 0;
    for (; high > 0; high >>>= 7) {
      this.#byte((low & 127) | 128);
      low = ((low >>> 7) | (high << 25)) >>> 0;
    }
    this.short(low);
  }

  uint64(value: Int64): void {
    this.int64(value);
  }

  int32(value: number): void {
    this.int64(value | 0);
  }

  float(value: number): void {
    if ((value as number | OddNaN) instanceof OddNaN) this.raw((value as unknown as OddNaN).bits);
    else {
      const at = this.#take(4);
      this.#view.setFloat32(at, value, true);
    }
  }

  double(value: number): void {
    if ((value as number | OddNaN) instanceof OddNaN) this.raw((value as unknown as OddNaN).bits);
    else {
      const at = this.#take(8);
      this.#view.setFloat64(at, value, true);
    }
  }

  raw(bytes: Uint8Array): void {
    const start = this.#take(bytes.length);
    this.#bytes.set(bytes, start);
  }

  bytes(bytes: Uint8Array): void {
    this.short(bytes.length);
    this.raw(bytes);
  }

  string(text: string): void {
    const before = this.#at;
    this.short(text.length);
    const start = this.#take(text.length);
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.#at = before;
        this.#wide(text);
        return;
      }
      bytes[start + i] = code;
    }
  }

  #wide(text: string): void {
    if (ESCAPED.test(text)) this.bytes(bytesOf(text));
    else {
      const start = this.open();
      this.#text(text);
      this.close(start);
    }
  }

  /** Lone surrogates are written like any other character: names that differ stay different. */
  #text(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i) as number;
      if (code < 0x80) this.#byte(code);
      else if (code < 0x800) this.#bytesOf(code, 0xc0, 6);
      else if (code < 0x10000) this.#bytesOf(code, 0xe0, 12);
      else {
        i++;
        this.#bytesOf(code, 0xf0, 18);
      }
    }
  }

  #bytesOf(code: number, lead: number, bits: number): void {
    this.#byte(lead | (code >> bits));
    for (let shift = bits - 6; shift >= 0; shift -= 6) this.#byte(0x80 | ((code >> shift) & 63));
  }

  /** Begins what has its length before it, and gives its place for `close`. */
  open(): number {
    return this.#take(1);
  }

  /** Puts the length of all that was written since `open` before it. */
  close(start: number): void {
    const length = this.#at - start - 1;
    let more = 0;
    for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) more++;
    if (more > 0) {
      this.#take(more);
      this.#bytes.copyWithin(start + 1 + more, start + 1, start + 1 + length);
    }
    const end = this.#at;
    this.#at = start;
    this.short(length);
    this.#at = end;
  }
}
