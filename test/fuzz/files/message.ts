/** Messages as the mutator sees them: fields by their types, and every message of a model by its kind. */
import { decodeMessage, encodeMessage, type Message } from '../../../src/onnx/proto/messages.js';

/** A field of a message's type, as protobufjs knows it. */
export interface Field {
  readonly name: string;
  /** `string`, `int64`, or the name of a message. */
  readonly type: string;
  readonly repeated: boolean;
}

type Any = Record<string, unknown>;
interface Typed {
  readonly $type: { readonly name: string; readonly fieldsArray: readonly Field[] };
}

export const kindOf = (message: Message): string => (message as unknown as Typed).$type.name;

/** What is left in a file is the reader's own affair. */
export const fieldsOf = (message: Message): readonly Field[] =>
  (message as unknown as Typed).$type.fieldsArray.filter(({ name }) => name !== 'lazy');

export const contentOf = (message: Message, { name }: Field): unknown =>
  Object.hasOwn(message, name) ? (message as Any)[name] : undefined;

export function setValue(message: Message, { name }: Field, value: unknown): void {
  if (value === undefined) delete (message as Any)[name];
  else (message as Any)[name] = value;
}

/** A message of its own with the same content. */
export const copyOf = <T extends Message>(message: T): T =>
  decodeMessage(kindOf(message), encodeMessage(kindOf(message), message));

export const empty = (kind: string): Message => decodeMessage(kind, new Uint8Array(0));

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
      for (const item of Array.isArray(value) ? value : [value])
        if (typeof item === 'object' && item !== null && '$type' in item) visit(item as Message);
    }
  };
  visit(whole);
  return found;
}
