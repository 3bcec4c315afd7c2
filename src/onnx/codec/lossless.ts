/**
 * Strings that are no UTF-8 and NaNs that carry bits, as they stand in a file. Runtimes compare names as bytes and copy floats as bits;
 * JavaScript's decoding alone would lose both.
 */
import { append } from '../../ir/collections/lists.js';

/** A NaN of other bits than JavaScript's own. A number to whoever asks for one; the writer asks for its bits. */
export class OddNaN extends Number {
  constructor(readonly bits: Uint8Array) {
    super(Number.NaN);
  }
}

const PLAIN = { 4: '0000c07f', 8: '000000000000f87f' } as const;

/** A NaN as the bits at a place say. */
export function nanAt(bytes: Uint8Array, start: number, size: 4 | 8): number {
  const bits = bytes.slice(start, start + size);
  const isPlain = bits.every((byte, at) => byte === Number.parseInt(PLAIN[size].slice(at * 2, at * 2 + 2), 16));
  return isPlain ? Number.NaN : (new OddNaN(bits) as unknown as number);
}

/** A byte that is no UTF-8 is a lone surrogate, U+DC80 to U+DCFF, which no UTF-8 gives (as Python's surrogateescape has it). */
export const ESCAPED = /[\udc80-\udcff]/u;

/** The text of bytes that may be no UTF-8. */
export function textOf(bytes: Uint8Array): string {
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

/** The opposite of `textOf`. */
export function bytesOf(text: string): Uint8Array {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const character of text) {
    if (ESCAPED.test(character)) bytes.push(character.charCodeAt(0) - 0xdc00);
    else append(bytes, encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}
