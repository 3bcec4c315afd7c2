/**
 * The nodes of a large graph, decoded some at a time: their messages together would take more memory than the graph that is made of them.
 */
import type { GraphMessage, NodeMessage } from './messages.js';
import { Cursor, concatenate, fieldsOf, inMemory, pushMessage } from './wire.js';

/** Nodes that are decoded at a time. */
const BATCH = 256;
/** The nodes of graphs with fewer bytes are decoded with the rest. */
const LARGE = 1 << 16;

/** Decodes the GraphProto that these bytes are. */
type DecodeGraph = (bytes: Uint8Array) => GraphMessage;

export class NodeBatches implements Iterable<NodeMessage> {
  readonly #batches: readonly Uint8Array[];
  readonly #decode: DecodeGraph;

  constructor(batches: readonly Uint8Array[], decode: DecodeGraph) {
    this.#batches = batches;
    this.#decode = decode;
  }

  *[Symbol.iterator](): Iterator<NodeMessage> {
    for (const bytes of this.#batches) yield* this.#decode(bytes).node ?? [];
  }

  /** The batches in which a text stands, decoded. */
  *with(text: string): Iterable<NodeMessage> {
    const wanted = new TextEncoder().encode(text);
    for (const bytes of this.#batches) if (isIn(bytes, wanted)) yield* this.#decode(bytes).node ?? [];
  }
}

function isIn(bytes: Uint8Array, wanted: Uint8Array): boolean {
  for (let at = bytes.indexOf(wanted[0] as number); at >= 0; at = bytes.indexOf(wanted[0] as number, at + 1))
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return true;
  return false;
}

/** The bytes of a model without the nodes of its graph where that is large, and those nodes; without them where it is not. */
export function withoutNodes(model: Uint8Array): {
  readonly rest: Uint8Array;
  readonly batches?: readonly Uint8Array[];
} {
  const cursor = new Cursor(inMemory(model), 'model');
  const graphs = [...fieldsOf(cursor, 0, model.length)].filter(({ number, wire }) => number === 7 && wire === 2);
  const [graph] = graphs;
  // Whoever decodes a graph that stands there twice makes one of both.
  if (!graph || graphs.length > 1 || graph.end - graph.content < LARGE) return { rest: model };
  const batches: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  let [start, count] = [graph.content, 0];
  const close = (list: Uint8Array[], end: number): void => {
    if (end > start) list.push(model.subarray(start, end));
    [start, count] = [end, 0];
  };
  for (const field of fieldsOf(cursor, graph.content, graph.end)) {
    const isNode = field.number === 1 && field.wire === 2;
    if (count === BATCH || (count > 0 && !isNode)) close(batches, field.start);
    if (!isNode) continue;
    if (count === 0) close(others, field.start);
    count++;
  }
  close(count > 0 ? batches : others, graph.end);
  const pieces = [model.subarray(0, graph.start)];
  pushMessage(pieces, 7, others);
  pieces.push(model.subarray(graph.end));
  return { rest: concatenate(pieces), batches };
}
