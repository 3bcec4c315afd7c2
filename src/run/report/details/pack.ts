/** Puts what is known of nodes and weights into columns, each text once. */
import type { PackedDetails } from './packed.js';
import type { NodeDetails } from './readable.js';

type Side = NonNullable<NodeDetails['graph']>['before'];
type Packed = Pick<PackedDetails, 'texts' | 'graph' | 'lineage' | 'weights'>;

/** Undefined where there are none. */
export function packed({ graph, lineage, weights }: NodeDetails): Packed | undefined {
  if (!graph && !lineage && !weights) return undefined;
  const texts = new Texts();
  if (graph) for (const text of frequentIn(graph)) texts.of(text);
  return {
    // Filled by the rest.
    texts: texts.all,
    ...(graph && { graph: { before: sideIn(texts, graph.before), after: sideIn(texts, graph.after) } }),
    ...(lineage && { lineage: lineageIn(texts, lineage) }),
    ...(weights && { weights: weightsIn(texts, weights) }),
  };
}

/** Texts that many nodes and values share: they come first, where places are short numbers. */
function* frequentIn(graph: NonNullable<NodeDetails['graph']>): Iterable<string> {
  for (const { nodes, values } of [graph.before, graph.after]) {
    for (const { op, provider, state } of nodes) yield* [op, provider ?? '', state ?? ''];
    for (const { type, shape } of Object.values(values)) yield* [type, shape];
  }
}

/** Texts by their places, in the order in which they came. */
class Texts {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();

  of = (text: string): number => {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.all.length);
    return this.all.push(text) - 1;
  };

  optional = (text: string | undefined): number | undefined => (text === undefined ? undefined : this.of(text));

  list = (list: readonly string[]): number[] => list.map(this.of);
}

/** What some rows lack: null there, up to the last that has one; undefined where none has one. */
function column<Row, Cell>(rows: readonly Row[], of: (row: Row) => Cell | undefined): (Cell | null)[] | undefined {
  const cells = rows.map((row) => of(row) ?? null);
  const last = cells.findLastIndex((cell) => cell !== null);
  return last < 0 ? undefined : cells.slice(0, last + 1);
}

function sideIn(texts: Texts, { nodes, values, blocks, omitted }: Side): NonNullable<Packed['graph']>['before'] {
  const entries = Object.entries(values);
  const isConstant = ([, { bytes }]: (typeof entries)[number]): boolean => bytes !== undefined;
  const ordered = [...entries.filter(isConstant), ...entries.filter((one) => !isConstant(one))];
  return {
    nodes: {
      name: nodes.map(({ name }) => texts.of(name)),
      op: nodes.map(({ op }) => texts.of(op)),
      inputs: nodes.map(({ inputs }) => texts.list(inputs)),
      outputs: nodes.map(({ outputs }) => texts.list(outputs)),
      scope: column(nodes, ({ scope }) => texts.optional(scope)),
      block: column(nodes, ({ block }) => block),
      repeat: column(nodes, ({ repeat }) => repeat),
      provider: column(nodes, ({ provider }) => texts.optional(provider)),
      state: column(nodes, ({ state }) => texts.optional(state)),
      cause: column(nodes, ({ cause }) => texts.optional(cause)),
      ms: column(nodes, ({ ms }) => ms),
      multiplyAdds: column(nodes, ({ multiplyAdds }) => multiplyAdds),
    },
    values: {
      name: ordered.map(([name]) => texts.of(name)),
      type: ordered.map(([, { type }]) => texts.of(type)),
      shape: ordered.map(([, { shape }]) => texts.of(shape)),
      bytes: column(ordered, ([, { bytes }]) => bytes),
    },
    blocks: blocks.map((block) => ({ ...block })),
    ...(omitted && { omitted: { ...omitted } }),
  };
}

function lineageIn(texts: Texts, lineage: NonNullable<NodeDetails['lineage']>): NonNullable<Packed['lineage']> {
  type Entry = NonNullable<Packed['lineage']>[number];
  const entries = new Map<string, Entry>();
  for (const { nodes, from, pass, rule, proof } of lineage) {
    const key = JSON.stringify([pass, rule, proof.how, proof.error]);
    const entry: Entry = entries.get(key) ?? { pass, ...(rule !== undefined && { rule }), proof, nodes: [], from: [] };
    entries.set(key, entry);
    entry.nodes.push(texts.list(nodes));
    entry.from.push(texts.list(from));
  }
  return [...entries.values()];
}

function weightsIn(texts: Texts, weights: NonNullable<NodeDetails['weights']>): NonNullable<Packed['weights']> {
  const stored = (side: 'before' | 'after') => ({
    type: weights.map((one) => texts.of(one[side].type)),
    bytes: weights.map((one) => one[side].bytes),
  });
  return {
    name: weights.map(({ name }) => texts.of(name)),
    block: column(weights, ({ block }) => texts.optional(block)),
    repeat: column(weights, ({ repeat }) => repeat),
    before: stored('before'),
    after: stored('after'),
    pass: weights.map(({ pass }) => texts.of(pass)),
    why: weights.map(({ why }) => texts.of(why)),
  };
}
