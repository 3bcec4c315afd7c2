/** Decodes and encodes the messages of onnx.proto by the table of their fields, on protobufjs' wire. No code is made of text: a page may forbid that. */
import protobuf from 'protobufjs/minimal.js';
import type { Message } from '../proto/messages.js';
import { type Field, type MessageType, messageType, wires } from './fields.js';
import { read, write } from './scalars.js';

/** Messages nested deeper than this are refused, as every protobuf decoder does by default. */
export const DEPTH = 100;
/** The message of that error. */
export const TOO_DEEP = 'max depth exceeded';

export type Content = Record<string, unknown>;

/** Decodes one message, unknown fields kept; it stands `depth` messages deep. Throws Error on bytes that are no such message. */
export function decodeMessage<T extends Message>(name: string, bytes: Uint8Array, depth = 0): T {
  const message = {};
  readFields(message, messageType(name), protobuf.Reader.create(bytes), depth);
  return message as T;
}

/** Reads fields up to the end of the message. A field that is repeated adds to what is there, as does a message inside. */
function readFields(message: Content, type: MessageType, reader: protobuf.Reader, depth: number): void {
  if (depth > DEPTH) throw new Error(TOO_DEEP);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.tag();
    const field = type.byTag.get(tag);
    if (field) readField(message, field, reader, tag & 7, depth);
    else {
      reader.skipType(tag & 7, depth, tag >>> 3);
      keepUnknown(message, reader.raw(start, reader.pos));
    }
  }
}

function readField(message: Content, field: Field, reader: protobuf.Reader, wire: number, depth: number): void {
  const { name, type, repeated } = field;
  if (!repeated) {
    message[name] = typeof type === 'string' ? read[type](reader) : inner(message[name] ?? {}, type, reader, depth);
    return;
  }
  const list = (message[name] ??= []) as unknown[];
  if (typeof type !== 'string') list.push(inner({}, type, reader, depth));
  else if (wire === wires[type]) list.push(read[type](reader));
  else
    within(reader, () => {
      while (reader.pos < reader.len) list.push(read[type](reader));
    });
}

function inner(message: unknown, type: MessageType, reader: protobuf.Reader, depth: number): unknown {
  within(reader, () => readFields(message as Content, type, reader, depth + 1));
  return message;
}

/** What has its length before it ends there. */
function within(reader: protobuf.Reader, work: () => void): void {
  const outer = reader.len;
  const length = reader.size();
  const end = reader.pos + length;
  if (end > outer) throw new RangeError(`index out of range: ${reader.pos} + ${length} > ${outer}`);
  reader.len = end;
  work();
  reader.len = outer;
}

/** Beside the fields: who goes through these does not find it. */
function keepUnknown(message: Message, bytes: Uint8Array): void {
  if (message.$unknowns) message.$unknowns.push(bytes);
  else Object.defineProperty(message, '$unknowns', { value: [bytes], writable: true, configurable: true });
}

/** The bytes of a message, fields in the order of their numbers and the unknown ones last. */
export function encodeMessage(name: string, message: Message): Uint8Array {
  // Not `create`, which in Node writes surrogates that stand alone as one and the same character.
  const writer = new protobuf.Writer();
  writeFields(message as Content, messageType(name), writer, 0);
  return writer.finish();
}

function writeFields(message: Content, type: MessageType, writer: protobuf.Writer, depth: number): void {
  if (depth > DEPTH) throw new Error(TOO_DEEP);
  for (const field of type.fields) {
    const value = message[field.name];
    if (value !== undefined && value !== null) writeField(value, field, writer, depth);
  }
  writeUnknown(message, writer);
}

export function writeUnknown(message: Content, writer: protobuf.Writer): void {
  for (const bytes of (message as Message).$unknowns ?? []) writer.raw(bytes);
}

export function writeField(
  value: unknown,
  { number, type, repeated, packed }: Field,
  writer: protobuf.Writer,
  depth: number,
): void {
  const items = repeated ? (value as unknown[]) : [value];
  const scalar = typeof type === 'string' ? type : undefined;
  if (packed && scalar && items.length > 0) {
    writer.uint32(number * 8 + 2).fork();
    for (const item of items) write[scalar](writer, item as never);
    writer.ldelim();
    return;
  }
  const tag = number * 8 + (scalar ? wires[scalar] : 2);
  for (const item of items) {
    writer.uint32(tag);
    if (scalar) write[scalar](writer, item as never);
    else {
      writer.fork();
      writeFields(item as Content, type as MessageType, writer, depth + 1);
      writer.ldelim();
    }
  }
}
