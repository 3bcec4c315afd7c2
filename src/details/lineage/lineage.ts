/** Which nodes of the input model each new or changed node of a result stands for, through all passes. */
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import type { Identity, RecordedTrail } from '../../ir/trail.js';
import type { TracedPass, TracedRun } from '../../run/pipeline/pipeline-result.js';
import type { NodeDetails } from '../../run/report/details/readable.js';
import type { Verdict } from '../../run/verify/verifier.js';
import { type NodeSource, sourcesOf } from './step.js';

type Lineage = NonNullable<NodeDetails['lineage']>;
type Entry = Lineage[number];

/** How the report calls a node. */
interface Names {
  of(node: Node): string;
}

/** What a node stands for so far. */
interface Origin {
  readonly from: ReadonlySet<string>;
  readonly entry: Pick<Entry, 'pass' | 'rule' | 'proof'>;
}

/** `names`: how the nodes of the input model and of the result are called in the report. `end`: the verdict on the result. */
export function lineageOf(
  { start, passes, verdictOf }: TracedRun,
  result: Model,
  names: { readonly before: Names; readonly after: Names },
  end: Verdict | undefined,
): Lineage {
  const [first] = passes;
  if (!first) return [];
  const { identities } = first.trail;
  const known = new Map<Identity, string>();
  for (const { nodeSet } of start.graphs())
    for (const node of nodeSet) known.set(identities.of(node), names.before.of(node));
  const origins = new Map<Identity, Origin>();
  const fromOf = (identity: Identity): readonly string[] => [
    ...(origins.get(identity)?.from ?? [known.get(identity) ?? []].flat()),
  ];
  for (const pass of passes) {
    const sources = [...sourcesOf(pass)].map(([identity, source]): [Identity, Origin] => [
      identity,
      { from: new Set([...source.from].flatMap(fromOf)), entry: entryOf(pass, source, verdictOf, end) },
    ]);
    for (const [identity, origin] of sources) origins.set(identity, origin);
  }
  renamed(result, identities, known, names.after, origins);
  const groups = new Map<string, { nodes: string[]; origin: Origin }>();
  for (const graph of result.graphs())
    for (const node of graph.nodes()) {
      const origin = origins.get(identities.of(node));
      if (!origin) continue;
      const key = JSON.stringify([...origin.from, origin.entry]);
      // What stands for none was put in by itself.
      const group = (origin.from.size > 0 && groups.get(key)) || { nodes: [], origin };
      groups.set(origin.from.size > 0 ? key : `${groups.size}`, group);
      group.nodes.push(names.after.of(node));
    }
  return [...groups.values()].map(({ nodes, origin: { from, entry } }) => ({ nodes, from: [...from], ...entry }));
}

/** A node that stays may have another name in the file, as a new one took its own, or a pass left names out: it stands for itself. */
function renamed(
  result: Model,
  identities: RecordedTrail['identities'],
  known: ReadonlyMap<Identity, string>,
  names: Names,
  origins: Map<Identity, Origin>,
): void {
  for (const node of [...result.graphs()].flatMap(({ nodeSet }) => [...nodeSet])) {
    const identity = identities.of(node);
    const own = known.get(identity);
    if (own === undefined || own === names.of(node) || origins.has(identity)) continue;
    origins.set(identity, { from: new Set([own]), entry: { pass: '', proof: { how: 'exact by construction' } } });
  }
}

function entryOf(
  { result }: TracedPass,
  { rewrite }: NodeSource,
  verdictOf: TracedRun['verdictOf'],
  end: Verdict | undefined,
): Origin['entry'] {
  const alone = rewrite?.key === undefined ? undefined : verdictOf(rewrite.key);
  return {
    pass: result.name,
    ...(rewrite && { rule: rewrite.rule }),
    proof:
      compared('rewrite compared', alone) ??
      compared('pass compared', result.verdict) ??
      compared('end compared', end) ??
      ({ how: result.fidelity === 'exact' && !rewrite ? 'exact by construction' : 'not compared' } as const),
  };
}

const compared = (how: Entry['proof']['how'], verdict: Verdict | undefined): Entry['proof'] | undefined =>
  verdict?.outcome === 'accepted' ? { how, ...(verdict.error !== undefined && { error: verdict.error }) } : undefined;
