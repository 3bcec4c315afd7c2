/**
 * Instances put right that took a part of another one: of an encoder's layers and a decoder's, which hold a part like them, the last
 * encoder layer's attention stands where that of the first decoder layer should, as nothing leads from the one to the other.
 */
import { appendTo } from '../../ir/collections/lists.js';
import type { AlignedRows } from './align.js';
import type { Wiring } from './wiring.js';

/** An edge that most instances have: `reader` reads at `place` what `source` gives at `output`. Rows, by number. */
interface Edge {
  readonly reader: number;
  readonly place: number;
  readonly source: number;
  readonly output: number;
}

/**
 * The rows, where every instance that is not wired like most can be: its largest part that is stays, the rest is followed from there
 * along the edges. The rows themselves where there is none such. `shared`: what most instances read there, as a row; -1 for none.
 */
export function realigned(
  wiring: Wiring,
  rows: AlignedRows,
  shared: readonly Int32Array[],
  isAlike: (node: number, other: number) => boolean,
): AlignedRows {
  const { producers, reads } = wiring;
  const edges: Edge[] = [];
  shared.forEach((sources, reader) => {
    sources.forEach((source, place) => {
      if (source < 0) return;
      const at = rows[source]?.findIndex(
        (node, instance) => node === producers[rows[reader]?.[instance] ?? 0]?.[place],
      );
      const output = reads[rows[reader]?.[at ?? 0] as number]?.[place]?.index ?? 0;
      edges.push({ reader, place, source, output });
    });
  });
  const made = rows.map((row) => row.slice());
  const isWired = (nodes: readonly number[], { reader, place, source }: Edge) =>
    producers[nodes[reader] as number]?.[place] === nodes[source];
  rows[0]?.forEach((_, instance) => {
    const nodes = rows.map((row) => row[instance] as number);
    if (edges.every((edge) => isWired(nodes, edge))) return;
    const own = largestPart(
      nodes,
      edges.filter((edge) => isWired(nodes, edge)),
    );
    follow(wiring, own, edges, (node, row) => isAlike(node, rows[row]?.[instance] as number));
    if (
      own.size < rows.length ||
      !edges.every((edge) =>
        isWired(
          [...own].sort(([a], [b]) => a - b).map(([, one]) => one),
          edge,
        ),
      )
    )
      return;
    for (const [row, node] of own) (made[row] as number[])[instance] = node;
  });
  const all = made.flat();
  return new Set(all).size === all.length ? made : rows;
}

/** Of the rows that these edges connect, the most: each with its node. */
function largestPart(nodes: readonly number[], edges: readonly Edge[]): Map<number, number> {
  const neighbours = new Map<number, number[]>();
  for (const { reader, source } of edges) {
    appendTo(neighbours, reader, source);
    appendTo(neighbours, source, reader);
  }
  const seen = new Set<number>();
  let largest: number[] = [];
  for (const start of nodes.keys()) {
    if (seen.has(start)) continue;
    seen.add(start);
    const part = [start];
    for (const row of part)
      for (const next of neighbours.get(row) ?? [])
        if (!seen.has(next)) {
          seen.add(next);
          part.push(next);
        }
    if (part.length > largest.length) largest = part;
  }
  return new Map(largest.map((row) => [row, nodes[row] as number]));
}

/** Adds the rows that edges lead to from those that are known. */
function follow(
  { producers, readers }: Wiring,
  own: Map<number, number>,
  edges: readonly Edge[],
  isMeant: (node: number, row: number) => boolean,
): void {
  for (let before = -1; before !== own.size; ) {
    before = own.size;
    for (const { reader, place, source, output } of edges) {
      const [down, up] = [own.get(reader), own.get(source)];
      if (down !== undefined && up === undefined) {
        const node = producers[down]?.[place] ?? -1;
        if (node >= 0 && isMeant(node, source)) own.set(source, node);
      } else if (up !== undefined && down === undefined) {
        const found = (readers[up]?.[output] ?? []).filter((one) => one.place === place && isMeant(one.node, reader));
        if (found.length === 1) own.set(reader, found[0]?.node as number);
      }
    }
  }
}
