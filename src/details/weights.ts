/** How each weight of the input model is stored in the result: followed from pass to pass by who reads it, and by the names that passes derive from its own. */
import type { Model } from '../ir/model.js';
import { parametersOf } from '../ir/tensors/parameters.js';
import type { RecordedTrail } from '../ir/trail.js';
import type { Value } from '../ir/value.js';
import type { TracedPass, TracedRun } from '../run/pipeline/pipeline-result.js';
import type { NodeDetails } from '../run/report/details/readable.js';
import type { GraphSide } from './graph/side.js';

type Weights = NonNullable<NodeDetails['weights']>;
type Stored = Weights[number]['after'];

/** The constants that hold a weight now, and the pass that stored it so. */
interface Holder {
  readonly names: ReadonlySet<string>;
  readonly pass: string;
}

/** `left`: why weights stay float, by name. */
export function weightsOf(
  { start, passes }: TracedRun,
  result: Model,
  left: ReadonlyMap<string, string>,
  { nodes, blocks }: GraphSide,
): Weights {
  const first = constantsOf(start);
  const weights = [...first.values()].filter((value) => parametersOf(value) > 0);
  let holders = new Map<string, Holder>(weights.map(({ name }) => [name, { names: new Set([name]), pass: '' }]));
  for (const pass of passes) holders = afterPass(holders, pass);
  const last = constantsOf(result);
  const places = new Map(nodes.flatMap((node) => node.inputs.map((name) => [name, node] as const)));
  const entries = weights.map((value) => {
    const { names, pass } = holders.get(value.name) as Holder;
    const [before, after] = [storedIn([value]), storedIn([...names].flatMap((name) => last.get(name) ?? []))];
    const isLeft = before.type === after.type;
    const { block, repeat } = places.get(value.name) ?? {};
    return {
      name: value.name,
      ...(block !== undefined && { block: blocks[block]?.name ?? '', repeat }),
      ...{ before, after, pass, why: whyOf(pass, after, names, isLeft ? left : new Map()) },
    };
  });
  return entries.sort((a, b) => b.before.bytes - a.before.bytes);
}

function whyOf(pass: string, { bytes }: Stored, names: ReadonlySet<string>, left: ReadonlyMap<string, string>): string {
  const reason = [...names].map((name) => left.get(name)).find((one) => one !== undefined);
  if (bytes === 0) return pass ? `${pass} left nothing that reads it` : 'nothing reads it';
  return reason ?? (pass ? `${pass} stores it so` : 'as it was: no pass that was applied stores it otherwise');
}

/** The type of the largest part, and the bytes of all. */
function storedIn(values: readonly Value[]): Stored {
  const sizes = values.map(({ tensor }) => ({ type: tensor?.type ?? '', bytes: tensor?.byteLength ?? 0 }));
  const [largest] = sizes.toSorted((a, b) => b.bytes - a.bytes);
  return { type: largest?.type ?? 'none', bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Of two constants of one name, in two scopes, the first. */
function constantsOf(model: Model): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const { constants } of model.graphs())
    for (const value of constants) if (!found.has(value.name)) found.set(value.name, value);
  return found;
}

function afterPass(
  holders: ReadonlyMap<string, Holder>,
  { before, after, trail, result }: TracedPass,
): Map<string, Holder> {
  const [old, now] = [constantsOf(before), constantsOf(after)];
  const derived = new Map<string, string[]>();
  for (const name of now.keys()) {
    if (old.has(name)) continue;
    for (let at = name.lastIndexOf('_'); at > 0; at = name.lastIndexOf('_', at - 1)) {
      const base = name.slice(0, at);
      if (old.has(base)) {
        derived.set(base, [...(derived.get(base) ?? []), name]);
        break;
      }
    }
  }
  const renamed = readInstead(before, after, trail);
  return new Map(
    [...holders].map(([weight, { names, pass }]) => {
      const next = new Set(
        [...names].flatMap((name) => [
          ...(now.has(name) ? [name] : [renamed.get(name) ?? []].flat()),
          ...(derived.get(name) ?? []),
        ]),
      );
      const types = (list: Iterable<string>, all: ReadonlyMap<string, Value>) =>
        [...list].flatMap((name) => all.get(name)?.tensor ?? []).map(({ type, byteLength }) => `${type} ${byteLength}`);
      const isSame = types(names, old).sort().join() === types(next, now).sort().join();
      return [weight, { names: next, pass: isSame ? pass : result.name }];
    }),
  );
}

/** By the name of a constant: what the nodes that read it read in its place. */
function readInstead(before: Model, after: Model, { identities }: RecordedTrail): Map<string, string> {
  const nodes = new Map(
    [...after.graphs()].flatMap(({ nodeSet }) => [...nodeSet].map((node) => [identities.of(node), node])),
  );
  const instead = new Map<string, string>();
  for (const { nodeSet } of before.graphs())
    for (const node of nodeSet) {
      const twin = nodes.get(identities.of(node));
      node.inputs.forEach((value, index) => {
        const other = twin?.inputs[index];
        if (value?.tensor && other?.tensor) instead.set(value.name, other.name);
      });
    }
  return instead;
}
