/**
 * Weights that have 16 bits although they could have 8: as many as a limit of the file leaves room for.
 *
 * Why this way: every weight of a network adds about as much error, whatever its size, so 16 bits are spent where they cost the fewest bytes. The windows
 * of single channels go first: each has one scale and few numbers over which errors could add up to nothing.
 */
import { appendTo } from '../../../src/ir/collections/lists.js';
import type { Model } from '../../../src/ir/model.js';
import { Divergence, markOf } from '../../../src/ir/tensors/bank.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../../src/ir/types.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { sweep } from '../../../src/ir/whole-model/sweep.js';
import type { PassContext } from '../../../src/run/pass.js';
import { type StorageForm, storedIn } from './forms.js';
import { isKeptFloat, MIN_STORED } from './half.js';
import { type WeightSite, weightSites } from './sites.js';
import { putStored } from './store.js';

/** Bytes of the file if its weights were float32. */
export const bytesInFloat32 = (model: Model, { fileBytes, timesOf }: PassContext): number =>
  weightSites(model).reduce(
    (sum, { value, tensor }) => sum + (dataTypes[tensor.type].bits === 16 ? timesOf(value) * tensor.byteLength : 0),
    fileBytes(model),
  );

/**
 * The tensors, of those of the sites, that have 16 bits in a file of so many bytes: all others have the form, and what is no site 16 bits.
 * Throws Divergence where that ends among repeats that are compiled once.
 */
export function wideWithin(
  model: Model,
  sites: readonly WeightSite[],
  form: StorageForm,
  bytes: number,
  { fileBytes, timesOf, target }: PassContext,
): Set<Tensor> {
  const narrow = new Set(sites.map(({ tensor }) => tensor));
  const originals = weightSites(model, { withLayers: true });
  const copy = cloneModel(model);
  let later = 0;
  for (const [index, site] of weightSites(copy, { withLayers: true }).entries()) {
    const stored = narrow.has(site.tensor) ? storedIn(site, form) : undefined;
    if (stored && typeof stored !== 'string') putStored(site, stored, target);
    else if (site.tensor.type === 'float32' && !isKeptFloat(site))
      later += timesOf((originals[index] as WeightSite).value) * (site.tensor.byteLength / 2 - CAST);
  }
  sweep(copy);
  let room = bytes - (fileBytes(copy) - Math.max(0, later));
  const wide = new Set<Tensor>();
  for (const equals of byRank(sites)) {
    const repeated = equals.find(({ tensor }) => markOf(tensor));
    for (const { value, tensor } of equals) {
      // The scale of 8 bits, its Mul and its Reshape go.
      room -= timesOf(value) * elementCount(tensor.shape);
      // Of equals the first go first, in the order of all repeats.
      if (room < 0 && repeated) throw new Divergence(markOf(repeated.tensor));
      if (room < 0) return wide;
      wide.add(tensor);
    }
  }
  return wide;
}

/** Bytes of a Cast, about. */
const CAST = 60;

/** Sites of one rank are one list. */
function byRank(sites: readonly WeightSite[]): readonly (readonly WeightSite[])[] {
  const lists = new Map<number, WeightSite[]>();
  for (const site of sites) appendTo(lists, rank(site), site);
  return [...lists].sort(([a], [b]) => a - b).map(([, list]) => list);
}

/** The order in which weights are given 16 bits. */
function rank({ tensor, main: { contracted } }: WeightSite): number {
  const summed = elementCount((contracted ?? []).map((axis) => tensor.shape[axis] as number));
  const count = elementCount(tensor.shape);
  return contracted && summed <= MIN_STORED ? Math.min(count, summed) : count;
}
