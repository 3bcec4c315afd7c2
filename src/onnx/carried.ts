/** What the reader leaves on a graph for the writer. */
import type { Entry } from '../ir/model.js';
import type { ByteSource } from '../ir/tensors/tensor.js';
import type { Type } from '../ir/types.js';
import type { EntryMessage, FunctionMessage, GraphMessage, ValueInfoMessage } from './proto/messages.js';
import type { CarriedOpsets } from './proto/opset-import.js';

/** What a graph's file said and the IR does not model; read again by the writer. */
export interface CarriedGraph {
  readonly message: GraphMessage;
  /** Order of the initializers and of value_info in the file, by name. */
  readonly initializers: readonly string[];
  readonly valueInfo: readonly string[];
  /** Entries of value_info that no value can hold: of another type than its constant, of an input, a second one, of nothing. */
  readonly strays: readonly StrayValueInfo[];
  /** Names that more than one node has. */
  readonly repeatedNames: ReadonlySet<string>;
}

/** What a model's file said and the IR does not model. */
export interface CarriedModel extends CarriedOpsets {
  /** By their place, functions that no runtime looks at. */
  readonly unread?: ReadonlyMap<number, FunctionMessage>;
  /** All of the file, where nothing of it is in another one. */
  source?: ByteSource;
}

/** An entry of value_info that is written as it was, as long as its value is what it was. */
export interface StrayValueInfo {
  readonly message: ValueInfoMessage;
  /** Its place in value_info. */
  readonly at: number;
  /** What the value of its name was when it was read. */
  readonly of: { readonly type: Type | undefined } | undefined;
}

/** The messages of metadata entries that say more than a key and a value, or less. */
export const entryOrigins = new WeakMap<Entry, EntryMessage>();
