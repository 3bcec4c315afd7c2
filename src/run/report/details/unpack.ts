/** Gives what a report says of nodes and weights as objects. */
import { named } from '../../../ir/collections/named.js';
import type { DeepReadonly } from '../deep-readonly.js';
import type { Report } from '../report.js';
import type { PackedDetails } from './packed.js';
import type { NodeDetails } from './readable.js';

type Packed = DeepReadonly<PackedDetails>;
type Side = NonNullable<NodeDetails['graph']>['before'];
type Node = Side['nodes'][number];
type TextOf = (place: number | null | undefined) => string | undefined;

/** The parts that the report has: both graphs node by node, what new nodes stand for, weights. A place without a text gives none. */
export function nodeDetails({ details }: Pick<Report, 'details'>): NodeDetails {
  if (!details) return {};
  const { texts, graph, lineage, weights } = details;
  const text: TextOf = (place) => (typeof place === 'number' ? texts[place] : undefined);
  return {
    ...(graph && { graph: { before: sideOf(graph.before, text), after: sideOf(graph.after, text) } }),
    ...(lineage && { lineage: lineageOf(lineage, text) }),
    ...(weights && { weights: weightsOf(weights, text) }),
  };
}

/** A text that each row has. */
const needed = (text: TextOf, place: number | undefined): string => text(place) as string;

/** The object without the fields that are undefined or null. */
const present = <T extends object>(fields: T): { [K in keyof T]: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };

function sideOf({ nodes, values, blocks, omitted }: NonNullable<Packed['graph']>['before'], text: TextOf): Side {
  const listed = (places: readonly number[] = []): string[] => places.map((place) => needed(text, place));
  const byName = named<Side['values'][string]>();
  for (const [at, name] of values.name.entries())
    byName[needed(text, name)] = {
      type: needed(text, values.type[at]),
      shape: needed(text, values.shape[at]),
      ...present({ bytes: values.bytes?.[at] }),
    };
  return {
    nodes: nodes.name.map((name, at) => ({
      name: needed(text, name),
      op: needed(text, nodes.op[at]),
      inputs: listed(nodes.inputs[at]),
      outputs: listed(nodes.outputs[at]),
      ...present({
        scope: text(nodes.scope?.[at]),
        block: nodes.block?.[at],
        repeat: nodes.repeat?.[at],
        provider: text(nodes.provider?.[at]),
        state: text(nodes.state?.[at]) as Node['state'],
        cause: text(nodes.cause?.[at]),
        ms: nodes.ms?.[at],
        multiplyAdds: nodes.multiplyAdds?.[at],
      }),
    })),
    values: byName,
    blocks,
    ...(omitted && { omitted }),
  };
}

const lineageOf = (entries: NonNullable<Packed['lineage']>, text: TextOf): NonNullable<NodeDetails['lineage']> =>
  entries.flatMap(({ nodes, from, pass, rule, proof }) =>
    nodes.map((names, at) => ({
      nodes: names.map((place) => needed(text, place)),
      from: (from[at] ?? []).map((place) => needed(text, place)),
      ...{ pass, ...(rule !== undefined && { rule }), proof },
    })),
  );

const weightsOf = (columns: NonNullable<Packed['weights']>, text: TextOf): NonNullable<NodeDetails['weights']> =>
  columns.name.map((name, at) => {
    const stored = ({ type, bytes }: typeof columns.before) => ({
      type: needed(text, type[at]),
      bytes: bytes[at] as number,
    });
    return {
      name: needed(text, name),
      ...present({ block: text(columns.block?.[at]), repeat: columns.repeat?.[at] }),
      ...{ before: stored(columns.before), after: stored(columns.after) },
      ...{ pass: needed(text, columns.pass[at]), why: needed(text, columns.why[at]) },
    };
  });
