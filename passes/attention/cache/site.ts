/**
 * Reads attention over cached keys and values: a kernel whose key and value are each Concat(past, new) along the keys, repeated for the heads that share
 * them or not.
 */
import type { Facts } from '../../../src/infer/index.js';
import { type Dim, equalDims, subtractDims } from '../../../src/ir/dims/dims.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import { helps, type Match, Miss } from '../../../src/match/miss.js';
import { type Axes, type AxisFactor, leavesOf, sameAxes, sizeOf, viewOf } from '../../../src/match/views/view.js';
import { type Causality, causalityOf } from '../mask/causal.js';

/** Key or value. */
export interface CachedPart {
  /** Concat(past [B, G, P, D], added [B, G, S, D]) */
  readonly joined: Node;
  readonly past: Value;
  readonly added: Value;
  /** The factors of [B, G, T, D]. */
  readonly axes: Axes;
  /** The factors of what the kernel reads. */
  readonly read: Axes;
}

export interface CachedSite {
  readonly node: Node;
  /** [B, S, N·D] or [B, N, S, D], as the result is. */
  readonly query: Value;
  readonly rows: Dim;
  readonly key: CachedPart;
  readonly value: CachedPart;
  /** [B|1, N|1, S, T] */
  readonly bias: Value | undefined;
  /** The heads of the query, and of key and value. */
  readonly heads: number;
  readonly groups: number;
  readonly causality: Causality;
}

/** The inputs and attributes of a kernel that this file reads. */
interface KernelCall {
  readonly heads: number | undefined;
  readonly bias: Value | undefined;
  /** The first thing of the call that GroupQueryAttention has no place for. */
  readonly beyond: string | undefined;
}

function callOf(node: Node): KernelCall | undefined {
  const { inputs } = node;
  const uses = (...at: readonly (readonly [index: number, name: string])[]): string | undefined =>
    at.find(([index]) => inputs[index])?.[1];
  if (node.opType === 'MultiHeadAttention' && node.domain === 'com.microsoft')
    return {
      heads: node.int('num_heads'),
      bias: inputs[5],
      beyond:
        uses(
          [3, 'a bias of query, key and value'],
          [4, 'a mask of padding'],
          [6, 'a cache of its own'],
          [7, 'a cache of its own'],
        ) ?? (node.int('unidirectional', 0) === 1 ? 'unidirectional' : undefined),
    };
  if (node.is('Attention'))
    return {
      heads: node.int('q_num_heads'),
      bias: inputs[3],
      beyond:
        uses([4, 'a cache of its own'], [5, 'a cache of its own'], [6, 'lengths of its own']) ??
        (node.int('is_causal', 0) === 1 ? 'is_causal' : undefined),
    };
  return undefined;
}

/** Undefined where the node is no attention over a cache. */
export function cachedSite(node: Node, facts: Facts): Match<CachedSite> | undefined {
  const call = callOf(node);
  const [query, ...pair] = node.inputs.slice(0, 3);
  if (!call || !query || node.hasReference) return undefined;
  const parts = pair.map((value) => value && cachedPart(value, facts));
  const [key, value] = parts;
  if (!key || !value) return undefined;
  if (call.beyond) return new Miss(`GroupQueryAttention has no place for what the node has: ${call.beyond}`, node);
  if (node.outputs.slice(1).some((output) => output?.uses.size)) return new Miss('more than its result is read', node);
  const { bias } = call;
  const isFlat = query.shape?.length === 3;
  const heads = isFlat ? call.heads : query.shape?.[1];
  const [groups, size] = [sizeOf(key.axes[1] ?? []), sizeOf(key.axes[3] ?? [])];
  if (typeof heads !== 'number' || typeof groups !== 'number' || typeof size !== 'number')
    return new Miss('the sizes of heads are not known', node, helps.shape);
  if (![key, value].every((part) => isRepeated(part, heads / groups)))
    return new Miss('the heads that share a key are not neighbours', node);
  const [rows, keys] = [query.shape?.at(-2) as Dim, sizeOf(key.axes[2] ?? [])];
  const past = subtractDims(keys, rows);
  const isWhole = [key, value].every(
    ({ added, past: before }) => equalDims(added.shape?.[2] ?? 0, rows) && equalDims(before.shape?.[2] ?? 0, past),
  );
  if (!isWhole || !equalDims(size, sizeOf(value.axes[3] ?? [])))
    return new Miss('the new keys and values are not shown to be those of the queries', node, helps.shape);
  if (rows !== 1 && query.shape?.[0] !== 1)
    return new Miss('the kernel takes several batches or several queries behind a cache, not both', node, ONE);
  const found = causalityOf(masked(node, bias, rows, keys), facts, past);
  const causality = rows === 1 ? ofOneRow(found) : found;
  if (causality instanceof Miss) return causality;
  return { node, query, rows, key, value, bias, heads, groups, causality };
}

const ONE = '--dim NAME=1 before this pass, of the batch or of the sequence, says which.';

/** One query has no later key; padding may mask all the others. */
const ofOneRow = (found: Match<Causality>): Causality => ({
  isPure: false,
  mayBeWhole: found instanceof Miss || found.mayBeWhole,
});

/** The view of Concat(past, new) that a kernel reads. */
function cachedPart(value: Value, facts: Facts): CachedPart | undefined {
  const view = viewOf(value, facts, true);
  const joined = view?.base.producer;
  const [past, added, ...others] = joined?.inputs ?? [];
  if (!view || !joined?.is('Concat') || joined.hasReference || !past || !added || others.length > 0) return undefined;
  if (view.scale !== 1 || view.base.shape?.length !== 4) return undefined;
  if (![2, -2].includes(joined.int('axis', 0))) return undefined;
  return { joined, past, added, axes: view.baseAxes.map(leavesOf), read: view.axes.map(leavesOf) };
}

/** True where the kernel reads [B, N, T, D] or [B, T, N·D], in which each head stands as often as it is shared. */
function isRepeated({ axes, read }: CachedPart, times: number): boolean {
  const [batch, groups, keys, columns] = axes as [AxisFactor[], AxisFactor[], AxisFactor[], AxisFactor[]];
  const known = new Set(axes.flat());
  const repeats = read.flat().filter((factor) => !known.has(factor));
  const heads = [...groups, ...repeats];
  if (!equalDims(sizeOf(repeats), times)) return false;
  return [
    [batch, heads, keys, columns],
    [batch, keys, [...heads, ...columns]],
  ].some((form) => sameAxes(read, form));
}

/** What the mask is read by: the bias, with rows and keys as factors. */
function masked(node: Node, bias: Value | undefined, rows: Dim, keys: Dim): Parameters<typeof causalityOf>[0] {
  const [query, key] = [{ rows: [{ size: rows }] }, { rows: [{ size: keys }] }];
  const elem = node.output.elem ?? 'float32';
  const axes = [[], [], query.rows, key.rows].slice(4 - (bias?.shape?.length ?? 0));
  const term = bias && ({ kind: 'bias', value: bias, axes, elem, at: node, unproven: [], factor: 1 } as const);
  return { softmax: node, terms: term ? [term] : [], query, key };
}
