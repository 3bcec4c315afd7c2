/** OperatorSetIdProto ↔ the versions in force by domain. */
import { ModelError } from '../../ir/text/errors.js';
import type { Int64 } from '../codec/fields.js';
import { fromBigint, type Message, type OperatorSetMessage, toBigint } from './messages.js';

const domainOf = ({ domain = '' }: OperatorSetMessage): string => (domain === 'ai.onnx' ? '' : domain);

/** A version as a number; `what` it is a version of. Throws ModelError where it could not be written back. */
export function versionOf(message: Int64 | undefined, what: string, place: string): number {
  const version = Number(toBigint(message));
  if (!Number.isSafeInteger(version)) throw new ModelError(place, `${what} below 2^53`, `${toBigint(message)}`);
  return version;
}

/** By domain, '' for ai.onnx. Of a domain that is listed twice the last counts, as in onnxruntime. */
export const opsetsOf = (messages: readonly OperatorSetMessage[] | undefined, place: string): Map<string, number> =>
  new Map(
    messages?.map((message) => [
      domainOf(message),
      versionOf(message.version, `a version of "${message.domain || 'ai.onnx'}"`, place),
    ]),
  );

/** How a file imports operator sets, and what was in force once it was read: a domain that a node names is, imported or not. */
export interface CarriedOpsets {
  readonly opsetImport: readonly OperatorSetMessage[];
  readonly opsets: ReadonlyMap<string, number>;
}

/** The messages of operator sets: what the file says, as it says it, of every domain whose version is still that. */
export function opsetMessages(
  opsets: ReadonlyMap<string, number>,
  { opsetImport = [], opsets: before = new Map() }: Partial<CarriedOpsets> = {},
): OperatorSetMessage[] {
  const changed = new Map([...opsets].filter(([domain, version]) => before.get(domain) !== version));
  const messages: OperatorSetMessage[] = [];
  for (const message of opsetImport) {
    const domain = domainOf(message);
    const version = changed.get(domain);
    if (version !== undefined && changed.delete(domain)) messages.push(atVersion(message, version));
    else if (opsets.get(domain) === before.get(domain)) messages.push(message);
  }
  for (const [domain, version] of changed) messages.push(atVersion({ domain }, version));
  return messages;
}

const atVersion = (message: OperatorSetMessage, version: number): OperatorSetMessage => {
  const { $unknowns } = message as Message;
  return { ...message, version: fromBigint(BigInt(version)), ...($unknowns ? { $unknowns } : {}) };
};
