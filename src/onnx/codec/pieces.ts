/** Encodes a message whose long fields stand elsewhere: its bytes in pieces, with the payloads between them, which memory never holds as a whole. */
import protobuf from 'protobufjs/minimal.js';
import type { Message } from '../proto/messages.js';
import { type Field, LAZY_FIELD, type MessageType, messageType } from './fields.js';
import { type Content, DEPTH, TOO_DEEP, writeField, writeUnknown } from './message.js';
import { varints } from './varints.js';

/** What stands in no array yet, but has its length. */
interface Sized {
  readonly length: number;
}

/** All bytes in order. */
export interface Pieces<P extends Sized> {
  readonly length: number;
  readonly pieces: readonly (Uint8Array | P)[];
}

/** The bytes of a message; `lazy` of its tensors holds pairs: the number of a field, and the index of its payload. */
export function encodePieces<P extends Sized>(name: string, message: Message, payloads: readonly P[]): Pieces<P> {
  const encoder = new PieceEncoder(payloads);
  encoder.fields(message as Content, messageType(name), 0);
  return encoder.end();
}

/** The fields that lead to tensors. A graph is taken to hold a payload, so that nobody has to look through it. */
const leading: Readonly<Record<string, readonly string[]>> = {
  NodeProto: ['attribute'],
  AttributeProto: ['t', 'g', 'tensors', 'graphs', 'sparseTensor', 'sparseTensors'],
  SparseTensorProto: ['values', 'indices'],
};
const OPEN = new Set(['ModelProto', 'GraphProto', 'FunctionProto']);

function holdsPayload(message: Content, type: MessageType): boolean {
  if (OPEN.has(type.name)) return true;
  if (type.name === 'TensorProto') return message.lazy !== undefined;
  const names = leading[type.name];
  if (!names) return false;
  for (const field of type.fields) {
    const value = message[field.name];
    if (value === undefined || !names.includes(field.name)) continue;
    const isMet = (one: unknown) => holdsPayload(one as Content, field.type as MessageType);
    if (field.repeated ? (value as unknown[]).some(isMet) : isMet(value)) return true;
  }
  return false;
}

/** Something between the bytes that were written before a place and those behind it: a payload, or the length of a message. */
interface Cut<P> {
  readonly at: number;
  piece: P | number;
}

class PieceEncoder<P extends Sized> {
  // Not `create`: see `encodeMessage`.
  readonly #writer = new protobuf.Writer();
  readonly #cuts: Cut<P>[] = [];
  /** Bytes of the cuts so far. */
  #inserted = 0;

  constructor(readonly payloads: readonly P[]) {}

  fields(message: Content, type: MessageType, depth: number): void {
    if (depth > DEPTH) throw new Error(TOO_DEEP);
    const waiting = this.#payloadsOf(message);
    for (const field of type.fields) {
      const value = message[field.name];
      if (value === undefined || value === null) continue;
      // In the order of their numbers, as every encoder writes fields.
      while (waiting[0] && waiting[0].number < field.number) this.#payload(waiting.shift() as (typeof waiting)[0]);
      if (field.number !== LAZY_FIELD) this.#field(value, field, depth);
    }
    writeUnknown(message, this.#writer);
  }

  #payloadsOf({ lazy }: Content): { readonly number: number; readonly piece: P }[] {
    if (!lazy) return [];
    const pairs = lazy as readonly number[];
    const all: { number: number; piece: P }[] = [];
    for (let at = 0; at < pairs.length; at += 2)
      all.push({ number: pairs[at] as number, piece: this.payloads[pairs[at + 1] as number] as P });
    return all.sort((a, b) => a.number - b.number);
  }

  #payload({ number, piece }: { readonly number: number; readonly piece: P }): void {
    this.#writer.uint32(number * 8 + 2).uint64(piece.length);
    this.#cuts.push({ at: this.#writer.pos, piece });
    this.#inserted += piece.length;
  }

  #field(value: unknown, field: Field, depth: number): void {
    const { type, repeated, number } = field;
    if (typeof type === 'string') {
      writeField(value, field, this.#writer, depth);
      return;
    }
    for (const item of repeated ? (value as Content[]) : [value as Content]) {
      if (!holdsPayload(item, type)) {
        writeField(repeated ? [item] : item, field, this.#writer, depth);
        continue;
      }
      this.#writer.uint32(number * 8 + 2);
      const length: Cut<P> = { at: this.#writer.pos, piece: 0 };
      this.#cuts.push(length);
      const before = this.#inserted;
      this.fields(item, type, depth + 1);
      length.piece = this.#writer.pos - length.at + this.#inserted - before;
      this.#inserted += varints([length.piece]).length;
    }
  }

  end(): Pieces<P> {
    const bytes = this.#writer.finish();
    const lengths = this.#cuts.reduce(
      (sum, { piece }) => sum + (typeof piece === 'number' ? varints([piece]).length : 0),
      0,
    );
    const whole = new Uint8Array(bytes.length + lengths);
    const pieces: (Uint8Array | P)[] = [];
    let [read, written, begin] = [0, 0, 0];
    const copyTo = (end: number): void => {
      whole.set(bytes.subarray(read, end), written);
      written += end - read;
      read = end;
    };
    const close = (): void => {
      if (written > begin) pieces.push(whole.subarray(begin, written));
      begin = written;
    };
    for (const { at, piece } of this.#cuts) {
      copyTo(at);
      if (typeof piece === 'number') {
        const length = varints([piece]);
        whole.set(length, written);
        written += length.length;
        continue;
      }
      close();
      pieces.push(piece);
    }
    copyTo(bytes.length);
    close();
    return { length: bytes.length + this.#inserted, pieces };
  }
}
