/** A shortened model in numbers: each stand-in counts as often as it stands for a repeat. */

import { named } from '../ir/collections/named.js';
import type { Model } from '../ir/model.js';
import { MIXED, markOf } from '../ir/tensors/bank.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';
import { type ModelSummary, summarize } from '../ir/whole-model/summary.js';
import type { ShortRun } from './short-run.js';
import { standingFor } from './stand-ins.js';

/** The stand-in that owns a constant that all repeats share, and that each stand-in has meanwhile; 0 for other constants. */
export function standInOfAnchor({ tensor }: Value, runs: readonly ShortRun[]): number {
  const { run, standIn, slot } = (tensor && markOf(tensor)) ?? {};
  return slot !== MIXED && runs.find(({ id }) => id === run)?.anchor ? (standIn as number) : 0;
}

/** The summary of the whole model, told from the shortened one. */
export function summarizeWhole(model: Model, runs: readonly ShortRun[]): ModelSummary {
  const summary = summarize(model);
  if (runs.length === 0) return summary;
  const [ops, bytesByType] = [named(Object.entries(summary.ops)), named(Object.entries(summary.bytesByType))];
  let [nodes, bytes] = [summary.nodes, summary.bytes];
  const add = (counts: Record<string, number>, key: string, n: number) => {
    counts[key] = (counts[key] ?? 0) + n;
  };
  for (const run of runs) {
    const more = run.members.length - 1;
    const standing = new Set(standingFor(model, run));
    for (const { domain, opType } of standing) {
      nodes += more;
      add(ops, domain ? `${domain}.${opType}` : opType, more);
    }
    const own = new Set([...standing].flatMap(({ inputs }) => inputs.filter((value) => value?.tensor)));
    for (const value of own) {
      const { tensor, uses } = value as Value;
      if (!tensor || [...uses].some(({ node }) => !standing.has(node))) continue;
      if (standInOfAnchor(value as Value, runs) > 0) continue;
      bytes += more * tensor.byteLength;
      add(bytesByType, tensor.type, more * tensor.byteLength);
    }
  }
  for (const value of model.graph.constants) {
    const { type, byteLength } = value.tensor as Tensor;
    if (standInOfAnchor(value, runs) < 2) continue;
    bytes -= byteLength;
    add(bytesByType, type, -byteLength);
  }
  return { ...summary, nodes, ops, bytes, bytesByType };
}
