/** A model in numbers: what a report says of it before and after. */

import { under } from '../collections/named.js';
import type { Model } from '../model.js';
import { storedTensors } from '../tensors/constants.js';
import type { Tensor } from '../tensors/tensor.js';

/** Counts over every scope. */
export interface ModelSummary {
  readonly nodes: number;
  /** Nodes by op, `domain.Op` outside ai.onnx, the most frequent first. */
  readonly ops: Readonly<Record<string, number>>;
  /** Bytes of the constants and of the inputs' defaults (strings: of their text). */
  readonly bytes: number;
  /** The same by element type, the largest first. */
  readonly bytesByType: Readonly<Record<string, number>>;
  /** Operator sets by domain; ai.onnx is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly functions: number;
}

const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));

const byteSize = (tensor: Tensor): number =>
  tensor.strings ? tensor.strings.reduce((sum, { length }) => sum + length, 0) : tensor.byteLength;

/** Reads no weights. */
export function summarize(model: Model): ModelSummary {
  const ops = new Map<string, number>();
  const types = new Map<string, number>();
  const add = (counts: Map<string, number>, key: string, n: number) => counts.set(key, (counts.get(key) ?? 0) + n);
  for (const graph of model.graphs()) {
    for (const { domain, opType } of graph.nodeSet) add(ops, domain ? `${domain}.${opType}` : opType, 1);
    for (const tensor of storedTensors(graph)) add(types, tensor.type, byteSize(tensor));
  }
  const sum = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  return {
    nodes: sum(ops),
    ops: sorted(ops),
    bytes: sum(types),
    bytesByType: sorted(types),
    opsets: Object.fromEntries([...model.opsets].map(([domain, version]) => [domain || 'ai.onnx', version])),
    functions: model.functions.length,
  };
}

/** What a pass changed: op → difference of the number of nodes, zeros left out; what came first, contrib ops before all. */
export function opsChanged(before: ModelSummary, after: ModelSummary): Record<string, number> {
  const names = new Set([...Object.keys(after.ops), ...Object.keys(before.ops)]);
  const changed = [...names]
    .map((op): [string, number] => [op, (under(after.ops, op) ?? 0) - (under(before.ops, op) ?? 0)])
    .filter(([, n]) => n !== 0);
  const rank = ([op, n]: [string, number]) => (n < 0 ? 2 : op.includes('.') ? 0 : 1);
  changed.sort((a, b) => rank(a) - rank(b) || Math.abs(b[1]) - Math.abs(a[1]) || (a[0] < b[0] ? -1 : 1));
  return Object.fromEntries(changed);
}
