/** Messages as the mutator sees them: fields by their types, and every message of a model by its kind. */
import { type MessageType, messageType } from '../../../src/onnx/codec/fields.js';
import { decodeMessage, encodeMessage } from '../../../src/onnx/codec/message.js';
import type { Message } from '../../../src/onnx/proto/messages.js';

/** A field of a message's type. */
export interface Field {
  readonly name: string;
  /** `string`, `int64`, or the name of a message. */
  readonly type: string;
  readonly repeated: boolean;
}

type Any = Record<string, unknown>;

/** The types of messages that were decoded here. */
const types = new WeakMap<object, MessageType>();

export const isMessage = (item: unknown): item is Message => typeof item === 'object' && types.has(item as object);
export const kindOf = (message: Message): string => (types.get(message) as MessageType).name;

/** What is left in a file is the reader's own affair. */
export const fieldsOf = (message: Message): readonly Field[] =>
  (types.get(message) as MessageType).fields
    .filter(({ name }) => name !== 'lazy')
    .map(({ name, type, repeated }) => ({ name, type: typeof type === 'string' ? type : type.name, repeated }));

export const contentOf = (message: Message, { name }: Field): unknown =>
  Object.hasOwn(message, name) ? (message as Any)[name] : undefined;

export function setValue(message: Message, { name }: Field, value: unknown): void {
  if (value === undefined) delete (message as Any)[name];
  else (message as Any)[name] = value;
}

/** Decodes a message, and notes the type of each that is in it. */
export function decoded<T extends Message>(kind: string, bytes: Uint8Array): T {
  const note = (message: Message, type: MessageType): void => {
    types.set(message, type);
    for (const field of type.fields)
      for (const item of [(message as Any)[field.name] ?? []].flat())
        if (typeof field.type !== 'string') note(item as Message, field.type);
  };
  const message = decodeMessage<T>(kind, bytes);
  note(message, messageType(kind));
  return message;
}

/** A message of its own with the same content. */
export const copyOf = <T extends Message>(message: T): T =>
  decoded(kindOf(message), encodeMessage(kindOf(message), message));

export const empty = (kind: string): Message => decoded(kind, new Uint8Array(0));

/** Every message in one, itself included, by kind. */
export function messagesIn(whole: Message): ReadonlyMap<string, readonly Message[]> {
  const found = new Map<string, Message[]>();
  const visit = (message: Message): void => {
    const kind = kindOf(message);
    const list = found.get(kind);
    if (list) list.push(message);
    else found.set(kind, [message]);
    for (const field of fieldsOf(message)) {
      const value = contentOf(message, field);
      for (const item of Array.isArray(value) ? value : [value]) if (isMessage(item)) visit(item);
    }
  };
  visit(whole);
  return found;
}
