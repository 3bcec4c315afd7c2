/**
 * Models without their weights: on the way in, long fields of TensorProto are left in the file and their places noted;
 * on the way out, they are put back while the bytes stream. The codec sees only the small rest.
 *
 * Why this way: it decodes a message from one array and encodes it into one, so a 2 GiB model would need 2 GiB
 * twice. The place of a field stands in the TensorProto itself, as the field `lazy` that no file has.
 */

import { append } from '../../ir/collections/lists.js';
import { type ByteSource, CHUNK, type PiecePlace, rangeOf } from '../../ir/tensors/tensor.js';
import { ModelError } from '../../ir/text/errors.js';
import { LAZY_FIELD, LAZY_MARK } from '../codec/fields.js';
import { DEPTH } from '../codec/message.js';
import { varints } from '../codec/varints.js';
import { lazyFields } from './typed-data.js';

/** Which fields of a message lead to tensors. */
const paths: Record<string, Record<number, string>> = {
  Model: { 7: 'Graph', 25: 'Function' },
  Graph: { 1: 'Node', 5: 'Tensor', 15: 'Sparse' },
  Function: { 7: 'Node', 11: 'Attribute' },
  Node: { 5: 'Attribute' },
  Attribute: { 5: 'Tensor', 6: 'Graph', 10: 'Tensor', 11: 'Graph', 22: 'Sparse', 23: 'Sparse' },
  Sparse: { 1: 'Tensor', 2: 'Tensor' },
  Tensor: {},
};

/** A field shorter than this is left in the message; a message shorter than this has no long field to look for. */
const SHORT = 1024;

export const tooDeep = (place: string): ModelError =>
  new ModelError(place, `messages nested at most ${DEPTH} deep`, 'deeper ones', 'Flatten the bodies of its nodes');

const WINDOW = 1 << 16;

/** Reads a source forwards through a window. */
export class Cursor {
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;
  #scratch?: Uint8Array<ArrayBuffer>;
  constructor(
    readonly source: ByteSource,
    readonly place: string,
  ) {}

  byte(at: number): number {
    if (at < this.#start || at >= this.#start + this.#window.length) {
      this.#start = at;
      this.#scratch ??= new Uint8Array(Math.min(WINDOW, this.source.size));
      this.#window = this.source.read(at, Math.min(WINDOW, this.source.size - at), this.#scratch);
    }
    return this.#window[at - this.#start] as number;
  }

  /** A varint that fits a double, and where it ends. */
  varint(at: number, end: number): [value: number, next: number] {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (at + i >= end)
        throw new ModelError(this.place, `a whole varint at byte ${at}`, 'the end of the data', TRUNCATED);
      const byte = this.byte(at + i);
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return [value, at + i + 1];
    }
    throw new ModelError(this.place, `a varint at byte ${at}`, 'more than 10 bytes', NOT_ONNX);
  }
}

export const inMemory = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (at, length) => bytes.subarray(at, at + length),
});

const TRUNCATED = 'The file is truncated: copy it again';
const NOT_ONNX = 'The file is not an ONNX model, or is damaged';

interface Field {
  readonly number: number;
  readonly wire: number;
  /** Where the tag, the content and the next field begin. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

export function* fieldsOf(cursor: Cursor, start: number, end: number): Iterable<Field> {
  for (let at = start; at < end; ) {
    const [tag, afterTag] = cursor.varint(at, end);
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    let content = afterTag;
    let next: number;
    if (wire === 0) next = cursor.varint(afterTag, end)[1];
    else if (wire === 1) next = afterTag + 8;
    else if (wire === 5) next = afterTag + 4;
    else if (wire === 2) {
      const [length, afterLength] = cursor.varint(afterTag, end);
      content = afterLength;
      next = afterLength + length;
    } else if (wire === 3) next = endOfGroup(cursor, number, at, end);
    else throw new ModelError(cursor.place, `a protobuf field at byte ${at}`, `wire type ${wire}`, NOT_ONNX);
    if (number === 0) throw new ModelError(cursor.place, `a protobuf field at byte ${at}`, 'field number 0', NOT_ONNX);
    if (next > end)
      throw new ModelError(cursor.place, `${next - content} bytes at byte ${content}`, `${end - content}`, TRUNCATED);
    yield { number, wire, start: at, content, end: next };
    at = next;
  }
}

/** Where a group ends that begins at a byte. ONNX has none: it is an unknown field. Groups nest as deep as messages may. */
function endOfGroup(cursor: Cursor, number: number, start: number, end: number): number {
  const open: number[] = [];
  for (let at = start, count = 0; at < end && count < MOST_FIELDS; count++) {
    const [tag, afterTag] = cursor.varint(at, end);
    const wire = tag % 8;
    if (wire === 3 && open.length === DEPTH) throw tooDeep(cursor.place);
    if (wire === 3) open.push(Math.floor(tag / 8));
    if (wire === 4 && open.pop() !== Math.floor(tag / 8)) break;
    if (open.length === 0) return afterTag;
    const [field] = wire === 3 || wire === 4 ? [] : fieldsOf(cursor, at, end);
    at = field?.end ?? afterTag;
  }
  throw new ModelError(cursor.place, `the end of group ${number} at byte ${start}`, 'none', NOT_ONNX);
}

/** Top-level fields of a model, an opset, a function or an entry of metadata each, and fields of an unknown group. */
const MOST_FIELDS = 1e6;

/** True for bytes that are fields from the first to the last, a graph among them. Reads no more of them than their lengths. Throws RangeError where they have no end. */
export function isModel(source: ByteSource): boolean {
  let hasGraph = false;
  let count = 0;
  try {
    for (const { number, wire } of fieldsOf(new Cursor(source, ''), 0, source.size)) {
      hasGraph ||= number === 7 && wire === 2;
      if (++count > MOST_FIELDS) throw new RangeError(`${count} fields`);
    }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return false;
  }
  return hasGraph;
}

/** A model's bytes without the long fields of its tensors, which `lazy` tells. Throws ModelError on bytes that are no protobuf. */
export function collapse(source: ByteSource, place: string): Uint8Array {
  const cursor = new Cursor(source, place);
  const message = (kind: string, start: number, end: number, depth: number): Uint8Array[] => {
    if (depth > DEPTH) throw tooDeep(place);
    const pieces: Uint8Array[] = [];
    const lazy: number[] = [];
    let pending = start;
    const flush = (upTo: number): void => {
      if (upTo > pending) append(pieces, copies(source, pending, upTo));
    };
    for (const field of fieldsOf(cursor, start, end)) {
      if (field.wire !== 2 || field.end - field.content < SHORT) continue;
      const inner = paths[kind]?.[field.number];
      const isPayload = kind === 'Tensor' && lazyFields.has(field.number);
      if (!inner && !isPayload) continue;
      flush(field.start);
      pending = field.end;
      if (isPayload) lazy.push(field.number, field.content, field.end - field.content, LAZY_MARK);
      else pushMessage(pieces, field.number, message(inner as string, field.content, field.end, depth + 1));
    }
    flush(end);
    if (lazy.length) pushMessage(pieces, LAZY_FIELD, [varints(lazy)]);
    return pieces;
  };
  return concatenate(message('Model', 0, source.size, 0));
}

/** A tensor's payload on its way out. */
export interface Payload {
  readonly length: number;
  /** The bytes in order, each piece valid until the next: it may be read where `place` says. */
  chunks(place: PiecePlace): Iterable<Uint8Array>;
}

/** A range of a source as a payload. */
export const rangePayload = (source: ByteSource, offset: number, length: number): Payload => ({
  length,
  chunks: (place) => rangeOf(source, offset, length, place),
});

export function pushMessage(pieces: Uint8Array[], number: number, content: Uint8Array[]): void {
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  pieces.push(varints([number * 8 + 2, length]));
  for (const piece of content) pieces.push(piece);
}

function* copies(source: ByteSource, start: number, end: number): Iterable<Uint8Array> {
  for (let at = start; at < end; at += CHUNK) yield source.read(at, Math.min(CHUNK, end - at));
}

export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
