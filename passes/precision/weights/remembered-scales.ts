/** Scales of weights, remembered for as long as the same weight is asked about again: its error, its numbers and its scales each want them. */
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { scalesOf } from '../quantize.js';
import { type Groups, matrixOf } from './groups.js';

interface Known {
  /** Weak, so that no model outlives its use. */
  readonly tensor: WeakRef<Tensor>;
  readonly key: string;
  readonly scales: Float32Array | undefined;
}

/** The most scales that are kept, those of the last weights; one that is remembered counts as so many more. */
const MOST = 1 << 20;
const EACH = 1 << 8;

const kept: Known[] = [];

/** The scale of each group, which nobody may change; undefined where a number is not finite. */
export function rememberedScales(tensor: Tensor, groups: Groups, levels: number): Float32Array | undefined {
  const { rows, columns, rowGroups, columnGroups } = groups;
  const key = JSON.stringify([rows, columns, rowGroups, columnGroups, levels]);
  const known = kept.find((one) => one.tensor.deref() === tensor && one.key === key);
  if (known) return known.scales;
  const scales = scalesOf(matrixOf(tensor, groups), levels);
  kept.unshift({ tensor: new WeakRef(tensor), key, scales });
  let size = 0;
  const end = kept.findIndex((one) => (size += EACH + (one.scales?.length ?? 0)) > MOST);
  if (end >= 0) kept.length = end;
  return scales;
}
