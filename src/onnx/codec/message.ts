/** Decodes and encodes the messages of onnx.proto by the table of their fields. No code is made of text: a page may forbid that. */
import type { Message } from '../proto/messages.js';
import { type Field, type MessageType, messageType, wires } from './fields.js';
import { TOO_DEEP, WireReader } from './reader.js';
import { WireWriter } from './writer.js';

/** Messages nested deeper than this are refused, as every protobuf decoder does by default. */
export const DEPTH = 100;

type Content = Record<string, unknown>;

/** Decodes one message, unknown fields kept. Throws Error on bytes that are no such message. */
export function decodeMessage<T extends Message>(name: string, bytes: Uint8Array): T {
  const message = {};
  readFields(message, messageType(name), new WireReader(bytes), 0);
  return message as T;
}

/** Reads fields up to the end of the message. A field that is repeated adds to what is there, as does a message inside. */
function readFields(message: Content, type: MessageType, reader: WireReader, depth: number): void {
  if (depth > DEPTH) throw new Error(TOO_DEEP);
  while (reader.at < reader.end) {
    const start = reader.at;
    const tag = reader.tag();
    const field = type.byTag.get(tag);
    if (field) readField(message, field, reader, tag & 7, depth);
    else {
      reader.skip(tag, depth, DEPTH);
      keepUnknown(message, reader.data.subarray(start, reader.at));
    }
  }
}

function readField(message: Content, field: Field, reader: WireReader, wire: number, depth: number): void {
  const { name, type, repeated } = field;
  if (!repeated) {
    message[name] = typeof type === 'string' ? reader[type]() : inner(message[name] ?? {}, type, reader, depth);
    return;
  }
  const list = (message[name] ??= []) as unknown[];
  if (typeof type !== 'string') list.push(inner({}, type, reader, depth));
  else if (wire === wires[type]) list.push(reader[type]());
  else {
    const outer = reader.enter();
    while (reader.at < reader.end) list.push(reader[type]());
    reader.end = outer;
  }
}

function inner(message: unknown, type: MessageType, reader: WireReader, depth: number): unknown {
  const outer = reader.enter();
  readFields(message as Content, type, reader, depth + 1);
  reader.end = outer;
  return message;
}

/** Beside the fields: who goes through these does not find it. */
function keepUnknown(message: Message, bytes: Uint8Array): void {
  if (message.$unknowns) message.$unknowns.push(bytes);
  else Object.defineProperty(message, '$unknowns', { value: [bytes], writable: true, configurable: true });
}

/** The bytes of a message, fields in the order of their numbers and the unknown ones last. */
export function encodeMessage(name: string, message: Message): Uint8Array {
  const writer = new WireWriter();
  writeFields(message as Content, messageType(name), writer, 0);
  return writer.finish();
}

function writeFields(message: Content, type: MessageType, writer: WireWriter, depth: number): void {
  if (depth > DEPTH) throw new Error(TOO_DEEP);
  for (const field of type.fields) {
    const value = message[field.name];
    if (value !== undefined && value !== null) writeField(value, field, writer, depth);
  }
  for (const bytes of (message as Message).$unknowns ?? []) writer.raw(bytes);
}

function writeField(
  value: unknown,
  { number, type, repeated, packed }: Field,
  writer: WireWriter,
  depth: number,
): void {
  const items = repeated ? (value as unknown[]) : [value];
  const scalar = typeof type === 'string' ? type : undefined;
  if (packed && scalar && items.length > 0) {
    writer.short(number * 8 + 2);
    const start = writer.open();
    for (const item of items) writer[scalar](item as never);
    writer.close(start);
    return;
  }
  const tag = number * 8 + (scalar ? wires[scalar] : 2);
  for (const item of items) {
    writer.short(tag);
    if (scalar) writer[scalar](item as never);
    else {
      const start = writer.open();
      writeFields(item as Content, type as MessageType, writer, depth + 1);
      writer.close(start);
    }
  }
}
