/** Times of single nodes, by the runtime's own profile of one run of each model. */
import { named } from '../ir/collections/named.js';
import type { NodeDetails } from '../run/report/details/readable.js';
import type { Report } from '../run/report/report.js';
import type { NodeRun } from '../runtime/isolate.js';
import type { Profiles } from '../validate/profile.js';
import type { GraphSide } from './graph/side.js';

type Profile = NonNullable<Report['profile']>;

/** The profile as a whole, and the graph with the times on its nodes. */
export function withProfile(
  graph: NonNullable<NodeDetails['graph']>,
  { provider, before, after, notProfiled }: Profiles,
): { readonly graph: NonNullable<NodeDetails['graph']>; readonly profile: Profile } {
  const sides = { before: before && timed(graph.before, before), after: after && timed(graph.after, after) };
  const told = (side: typeof sides.before, runs: readonly NodeRun[] = []): Profile['before'] =>
    side && { provider, ms: sum(runs), matched: side.matched, byOp: byOp(runs) };
  return {
    graph: { before: sides.before?.side ?? graph.before, after: sides.after?.side ?? graph.after },
    profile: {
      ...(sides.before && { before: told(sides.before, before) }),
      ...(sides.after && { after: told(sides.after, after) }),
      ...(notProfiled !== undefined && { notProfiled }),
    },
  };
}

const sum = (runs: readonly NodeRun[]): number => runs.reduce((total, { ms }) => total + ms, 0);

function byOp(runs: readonly NodeRun[]): Record<string, number> {
  const times = named<number>();
  for (const { opType, ms } of runs) times[opType] = (times[opType] ?? 0) + ms;
  return named(Object.entries(times).sort(([, a], [, b]) => b - a));
}

/** A node that runs more than once, as in a loop, has the sum. The runtime keeps the name of a node that it changes. */
function timed(side: GraphSide, runs: readonly NodeRun[]): { readonly side: GraphSide; readonly matched: number } {
  const times = new Map<string, { ms: number; provider: string }>();
  for (const { name, ms, provider } of runs)
    if (name) times.set(name, { ms: (times.get(name)?.ms ?? 0) + ms, provider });
  let matched = 0;
  const nodes = side.nodes.map((node) => {
    const found = times.get(node.name);
    if (!found) return node;
    matched += found.ms;
    return { ...node, ...found };
  });
  return { side: { ...side, nodes }, matched };
}
