/** Reports errors of values: by part of the model, and the places where errors begin. */
import { maxOf } from '../../ir/collections/lists.js';
import type { Node } from '../../ir/node.js';
import { isSameTensor } from '../../ir/tensors/same-tensor.js';
import type { Value } from '../../ir/value.js';
import type { ModelPart } from '../../region/blocks/parts.js';
import { attributesText } from '../../run/verify/cut-out.js';
import type { Provider } from '../../runtime/isolate.js';
import type { Drift } from './drift.js';
import type { ModelPair } from './model-pair.js';
import { canBeGiven, isShapeLike } from './read-values.js';

/**
 * An error of a value is relative, ‖result − original‖ / ‖original‖, the worst of all sets of inputs; infinite where
 * NaN or infinities differ.
 */
export interface ValueError {
  /** The value's name in the original. */
  readonly value: string;
  readonly node: string;
  readonly part: number;
  readonly error: number;
}

/** The error of one block, or of the nodes between two. */
export interface PartError {
  readonly name: string;
  readonly instance?: { readonly number: number; readonly of: number };
  readonly nodes: number;
  /** The number of compared values. */
  readonly values: number;
  /** The largest error among them; undefined where none was compared. */
  readonly error: number | undefined;
}

/** The value at which the error of a result begins. */
export interface DriftReport extends ValueError {
  /** The largest error of the values before it. */
  readonly inherited: number;
  /** The original's nodes that made the error: those between the last shared values and this one. */
  readonly nodes: readonly string[];
  /** Constants that these nodes read and that have other numbers in the result. */
  readonly constants: readonly string[];
}

/** The errors of a result by its blocks, from inputs to outputs. */
export interface ErrorByBlock {
  readonly provider: Provider;
  readonly inputs: readonly string[];
  /** In dependency order. */
  readonly parts: readonly PartError[];
  readonly values: readonly ValueError[];
  /**
   * The place to look at first; undefined where nothing drifts. `without`: the largest error of an output where the
   * result is fed the original's numbers there; undefined where no place takes most of the error away.
   */
  readonly first: (DriftReport & { readonly without: number | undefined }) | undefined;
  /** Every place where an error begins, in dependency order. */
  readonly drifts: readonly DriftReport[];
  /** The largest error of an output. */
  readonly outputError: number;
  /** Errors up to this are the noise of sums. */
  readonly floor: number;
  /**
   * Counts of computed numbers that were not compared. `alone`: the result lacks them, or the runtime does not return
   * them; `inside`: they are in bodies and functions.
   */
  readonly notCompared: { readonly alone: number; readonly inside: number };
  /** Inner values, among those that stand alone, that were left out for lack of time; absent where there was no limit, or time for all and for the cause. */
  readonly cut?: number;
}

/** The places where errors begin, and the one to look at first. */
export interface ErrorCause {
  readonly drifts: readonly Drift[];
  readonly first: Drift | undefined;
  /**
   * The largest error of an output where the result is fed the original's numbers there; undefined where that was not
   * measured.
   */
  readonly without?: number;
}

/** The report of measured errors, by part and by value of the original. */
export function reportOf(
  { original: { graph }, pairs, outputs }: Pick<ModelPair, 'original' | 'pairs' | 'outputs'>,
  errors: ReadonlyMap<Value, number>,
  { drifts, first, without }: ErrorCause,
  parts: readonly ModelPart[],
  floor: number,
): Omit<ErrorByBlock, 'provider' | 'inputs'> {
  const partOf = new Map(parts.flatMap(({ nodes }, part) => nodes.map((node): [Node, number] => [node, part])));
  const computed = graph.nodes().flatMap((node) => node.outputs.filter((value) => value !== undefined));
  const describe = (value: Value, part = partOf.get(value.producer as Node) ?? 0) => ({
    value: value.name,
    node: (value.producer as Node).label,
    part,
    error: errors.get(value) as number,
  });
  const reports = drifts.map(
    ({ value, inherited, nodes }): DriftReport => ({
      ...describe(value, guiltyPart(nodes, pairs, partOf)),
      inherited,
      nodes: nodes.map(({ label }) => label),
      constants: changedConstants(nodes, pairs),
    }),
  );
  const values = computed.filter((value) => errors.has(value)).map((value) => describe(value));
  let inside = 0;
  for (const scope of graph.model.graphs())
    if (scope !== graph) for (const { outputs } of scope.nodeSet) inside += outputs.length;
  return {
    parts: parts.map(({ name, instance, nodes }, part) => {
      const own = values.filter((value) => value.part === part);
      const error = own.length ? maxOf(own.map((value) => value.error)) : undefined;
      return { name, ...(instance && { instance }), nodes: nodes.length, values: own.length, error };
    }),
    values,
    first: first && { ...(reports[drifts.indexOf(first)] as DriftReport), without },
    drifts: reports,
    outputError: maxOf(
      outputs.map((value) => errors.get(value) ?? 0),
      0,
    ),
    floor,
    notCompared: {
      alone: computed.filter((value) => !errors.has(value) && canBeGiven(value) && !isShapeLike(value)).length,
      inside,
    },
  };
}

/**
 * The part of the last node that reads other constants or has other attributes in the result; otherwise the part with
 * most of the nodes.
 */
function guiltyPart(
  nodes: readonly Node[],
  pairs: ReadonlyMap<Value, Value>,
  partOf: ReadonlyMap<Node, number>,
): number {
  const changed = nodes.findLast((node) => {
    const twin = twinOf(node, pairs);
    return twin && (changedConstants([node], pairs).length > 0 || attributesText(twin) !== attributesText(node));
  });
  if (changed) return partOf.get(changed) ?? 0;
  const counts = new Map<number, number>();
  for (const node of nodes) counts.set(partOf.get(node) ?? 0, (counts.get(partOf.get(node) ?? 0) ?? 0) + 1);
  const most = maxOf(counts.values());
  return [...counts].find(([, count]) => count === most)?.[0] ?? 0;
}

/** The result's node that computes the same value by the same op. */
function twinOf(node: Node, pairs: ReadonlyMap<Value, Value>): Node | undefined {
  const twin = node.outputs[0] && pairs.get(node.outputs[0])?.producer;
  return twin?.opType === node.opType && twin.inputs.length === node.inputs.length ? twin : undefined;
}

/**
 * Names of constants with other numbers in the result. A constant that is only stored in another type is not among
 * them.
 */
function changedConstants(nodes: readonly Node[], pairs: ReadonlyMap<Value, Value>): string[] {
  const changed = nodes.flatMap((node) => {
    const twin = twinOf(node, pairs);
    return node.inputs.filter((value, at) => {
      const [own, its] = [value?.tensor, (twin ? twin.inputs[at] : value && pairs.get(value))?.tensor];
      return own && its && own.type === its.type && !isSameTensor(own, its);
    });
  });
  return [...new Set(changed.map((value) => value?.name ?? ''))];
}
