/** Where a tensor's bytes go when a model is written: into the message, behind it in the same file, or into the data file. */

import type { Tensor } from '../ir/tensors/tensor.js';
import { dataTypes } from '../ir/types.js';
import type { Message, SparseTensorMessage, TensorMessage } from './proto/messages.js';
import { EXTERNAL, lazySources, lazyTriples, sparseOrigins, tensorOrigins } from './proto/tensor-proto.js';
import { type Payload, rangePayload } from './proto/wire.js';

/** Tensors below this many bytes stand in the message itself. */
const SMALL = 1024;

/** Offsets in the data file: a page, so that runtimes can map it. */
const ALIGNMENT = 4096;

/** A tensor in a data file. */
interface ExternalTensor {
  readonly offset: number;
  readonly tensor: Tensor;
}

interface Entry {
  readonly key: string;
  value: string;
}

/** What one data file contains. */
export interface DataFileLayout {
  /** The entries with its name: they are set when the file is written, before the message is encoded. */
  readonly locations: Entry[];
  readonly externals: ExternalTensor[];
}

/** A place in a data file that another model has written. */
export interface LentPlace {
  readonly location: string;
  readonly offset: number;
}

/** A tensor whose place is not known yet, with the entries of all messages that read it. */
interface PendingTensor {
  readonly tensor: Tensor;
  readonly entries: { readonly location: Entry; readonly offset: Entry }[];
}

/** The end of a data file's last tensor, in bytes. */
export const endOf = ({ externals }: DataFileLayout): number => {
  const last = externals.at(-1);
  return last ? last.offset + last.tensor.byteLength : 0;
};

export class TensorPlacer {
  /** Streamed into the model's file, in order of their index in `lazy`. */
  readonly payloads: Payload[] = [];
  readonly dataFiles: DataFileLayout[] = [];
  readonly #pending = new Map<Tensor, PendingTensor>();

  /**
   * `largestDataFile`: the most bytes of one data file, unless one tensor has more; with 0 there is none, and everything is in the model's file. `lent`
   * tensors are read from the data of another model.
   */
  constructor(
    readonly largestDataFile: number,
    readonly lent: ReadonlyMap<Tensor, LentPlace> = new Map(),
  ) {}

  isExternal(tensor: Tensor): boolean {
    return this.largestDataFile > 0 && !tensor.sparse && tensor.byteLength >= SMALL;
  }

  /** `name` undefined keeps the tensor's own. Only initializers may be external: runtimes expect no others there. */
  tensor(tensor: Tensor, name: string | undefined, isInitializer: boolean): TensorMessage {
    const origin = tensorOrigins.get(tensor);
    const isMoved = isInitializer && this.isExternal(tensor);
    if (origin && !isMoved && origin.dataLocation !== EXTERNAL) return named(this.carried(origin), name);
    const message = baseOf(tensor, origin);
    if (name !== undefined) message.name = name;
    if (isMoved) return this.#external(tensor, message);
    if (tensor.strings) message.stringData = [...tensor.strings];
    // A field without bytes would be read as none, and not be written again.
    else if (tensor.byteLength === 0) return message;
    else if (tensor.byteLength < SMALL) message.rawData = tensor.bytes();
    else message.lazy = this.#payload(9, { length: tensor.byteLength, chunks: (place) => tensor.chunks(place) });
    return message;
  }

  sparse(tensor: Tensor, name: string | undefined): SparseTensorMessage {
    const { values, indices } = tensor.sparse as NonNullable<Tensor['sparse']>;
    const { $unknowns } = sparseOrigins.get(tensor) ?? {};
    return {
      ...($unknowns ? { $unknowns } : {}),
      values: this.tensor(values, name, false),
      indices: this.tensor(indices, undefined, false),
      dims: [...tensor.shape],
    };
  }

  /** A message that was read, as it was: fields that were left in the file stream from there. */
  carried<T extends object>(message: T): T {
    const source = lazySources.get(message);
    if (!source && !Object.values(message).some((part) => typeof part === 'object')) return message;
    const copy = Object.fromEntries(Object.entries(message).map(([key, part]) => [key, this.#part(part)])) as T &
      TensorMessage;
    if (source)
      copy.lazy = lazyTriples(message).flatMap(([field, offset, length]) =>
        this.#payload(field, rangePayload(source, offset, length)),
      );
    const { $unknowns } = message as Message;
    return $unknowns ? { ...copy, $unknowns } : copy;
  }

  #part(part: unknown): unknown {
    if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part) || part instanceof Number) return part;
    return Array.isArray(part) ? part.map((item) => this.#part(item)) : this.carried(part);
  }

  #payload(field: number, payload: Payload): number[] {
    this.payloads.push(payload);
    return [field, this.payloads.length - 1];
  }

  /** Gives tensors in data files their places, in this order; those that it does not name come last. Each tensor has one place. */
  place(order: Iterable<Tensor>): void {
    for (const tensor of order) this.#settle(tensor);
    for (const tensor of [...this.#pending.keys()]) this.#settle(tensor);
  }

  #settle(tensor: Tensor): void {
    const pending = this.#pending.get(tensor);
    if (!pending) return;
    this.#pending.delete(tensor);
    const { file, offset } = this.#placeFor(tensor.byteLength);
    file.externals.push({ offset, tensor });
    for (const entry of pending.entries) {
      file.locations.push(entry.location);
      entry.offset.value = String(offset);
    }
  }

  #placeFor(length: number): { readonly file: DataFileLayout; readonly offset: number } {
    const last = this.dataFiles.at(-1);
    if (last) {
      const offset = Math.ceil(endOf(last) / ALIGNMENT) * ALIGNMENT;
      if (offset + length <= this.largestDataFile) return { file: last, offset };
    }
    const file: DataFileLayout = { locations: [], externals: [] };
    this.dataFiles.push(file);
    return { file, offset: 0 };
  }

  #external(tensor: Tensor, message: TensorMessage): TensorMessage {
    const lent = this.lent.get(tensor);
    const location = { key: 'location', value: lent?.location ?? '' };
    const offset = { key: 'offset', value: String(lent?.offset ?? 0) };
    if (!lent) {
      const pending = this.#pending.get(tensor) ?? { tensor, entries: [] };
      pending.entries.push({ location, offset });
      this.#pending.set(tensor, pending);
    }
    return {
      ...message,
      dataLocation: 1,
      externalData: [location, offset, { key: 'length', value: String(tensor.byteLength) }],
    };
  }
}

/** A new message of what is said besides the numbers: what it said in the file, if it came from one. */
function baseOf(tensor: Tensor, origin: TensorMessage | undefined): TensorMessage {
  const base: TensorMessage = { dims: [...tensor.shape], dataType: dataTypes[tensor.type].code };
  if (!origin) return base;
  const { name, docString, metadataProps, segment, $unknowns } = origin;
  const said = Object.entries({ name, docString, metadataProps, segment, $unknowns }).filter(([key]) =>
    Object.hasOwn(origin, key),
  );
  return { ...base, ...Object.fromEntries(said) };
}

/** The message with a name; undefined leaves it without one. */
function named(message: TensorMessage, name: string | undefined): TensorMessage {
  if (name === undefined || (Object.hasOwn(message, 'name') && message.name === name)) return message;
  const { $unknowns } = message;
  return { ...message, name, ...($unknowns ? { $unknowns } : {}) };
}
