/** What the reader leaves on a graph for the writer. */
import type { GraphMessage, NodeMessage } from './messages.js';

/** What a graph's file said and the IR does not model; read again by the writer. */
export interface CarriedGraph {
  readonly message: GraphMessage;
  /** Order of the initializers and of value_info in the file, by name. */
  readonly initializers: readonly string[];
  readonly valueInfo: readonly string[];
  /** Names that more than one node has. */
  readonly repeatedNames: ReadonlySet<string>;
}

/** Names that more than one of the nodes has. */
export const repeatedNames = (nodes: readonly NodeMessage[] = []): ReadonlySet<string> => {
  const seen = new Set<string>();
  const isRepeated = (name: string): boolean => seen.size === seen.add(name).size;
  return new Set(nodes.map(({ name = '' }) => name).filter(isRepeated));
};
