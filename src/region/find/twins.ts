/** Weights that hold the same in some repeats and not in all: whoever makes one of such weights cannot do so in a bank. */
import type { Graph } from '../../ir/graph.js';
import { hashOfBeginning, isSameTensor } from '../../ir/tensors/same-tensor.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import type { Value } from '../../ir/value.js';

/** Bytes by which weights are told apart before they are compared: little to read. */
const HASHED = 1024;

/** Whether a weight of a repeat holds what another one does, or one that is no repeat's. Columns: what plays one part. */
export function hasTwins(graph: Graph, columns: readonly (readonly Value[])[]): boolean {
  const own = new Set(columns.flat());
  const kinds = new Map<string, Map<number, Tensor[]>>();
  /** True where an equal one was there before. */
  const enter = (tensor: Tensor, pool: Map<number, Tensor[]>): boolean => {
    const hash = hashOfBeginning(tensor, HASHED);
    const known = pool.get(hash);
    if (known?.some((other) => isSameTensor(other, tensor))) return true;
    if (known) known.push(tensor);
    else pool.set(hash, [tensor]);
    return false;
  };
  for (const { tensor } of own) {
    if (!tensor) continue;
    const kind = kindOf(tensor);
    const pool = kinds.get(kind) ?? new Map<number, Tensor[]>();
    kinds.set(kind, pool);
    if (enter(tensor, pool)) return true;
  }
  for (const value of graph.constants) {
    const tensor = value.tensor as Tensor;
    const pool = own.has(value) ? undefined : kinds.get(kindOf(tensor));
    if (pool?.get(hashOfBeginning(tensor, HASHED))?.some((other) => isSameTensor(other, tensor))) return true;
  }
  return false;
}

const kindOf = ({ type, shape }: Tensor): string => `${type}[${shape}]`;
