/**
 * Weights that have 16 bits although they could have 8: as many as a limit of the file leaves room for.
 *
 * Where errors cannot be measured, every weight of a network is taken to add about as much, whatever its size, so 16 bits are spent where they cost the fewest
 * bytes. The windows of single channels go first: each has one scale and few numbers over which errors could add up to nothing.
 */
import { appendTo } from '../../../src/ir/collections/lists.js';
import type { Model } from '../../../src/ir/model.js';
import { Divergence, markOf } from '../../../src/ir/tensors/bank.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../../src/ir/types.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { sweep } from '../../../src/ir/whole-model/sweep.js';
import type { PassContext } from '../../../src/run/pass.js';
import { compacted, SMALL_FILE, structureShare } from '../../compact/compacted.js';
import { isKeptFloat, MIN_STORED } from './half.js';
import type { NarrowSite } from './narrow-site.js';
import { isRepeated, wideByError } from './priced.js';
import { type WeightSite, weightSites } from './sites.js';
import { putStored } from './store.js';

/** Bytes of the file if its weights were float32. */
export const bytesInFloat32 = (model: Model, { fileBytes, timesOf }: PassContext): number =>
  weightSites(model).reduce(
    (sum, { value, tensor }) => sum + (dataTypes[tensor.type].bits === 16 ? timesOf(value) * tensor.byteLength : 0),
    fileBytes(model),
  );

/** What a file of so many bytes leaves weights that could have 8 bits. */
export interface Room {
  /** The tensors that have 16 bits. */
  readonly wide: ReadonlySet<Tensor>;
  /** Bytes that are too many although no weight has 16; 0 where there is room. */
  readonly lacking: number;
}

/**
 * Where every site that is not wide has its 8 bits, and what is no site 16.
 * Throws Divergence where the room ends among repeats that are compiled once.
 */
export async function roomWithin(
  model: Model,
  sites: readonly NarrowSite[],
  bytes: number,
  context: PassContext,
): Promise<Room> {
  const { fileBytes, timesOf, target } = context;
  const narrow = new Map(sites.map(({ site, stored }) => [site.tensor, stored] as const));
  const originals = weightSites(model, { withLayers: true });
  const copy = cloneModel(model);
  let later = 0;
  for (const [index, site] of weightSites(copy, { withLayers: true }).entries()) {
    const stored = narrow.get(site.tensor);
    if (stored) putStored(site, stored, target);
    else if (site.tensor.type === 'float32' && !isKeptFloat(site))
      later += timesOf((originals[index] as WeightSite).value) * (site.tensor.byteLength / 2 - CAST);
  }
  sweep(copy);
  let known: boolean | undefined;
  const repeats = (): boolean => {
    known ??= isRepeated(model, sites);
    return known;
  };
  let size = fileBytes(copy);
  if (structureShare(copy, size) > CLEARLY_SMALL && !repeats()) {
    compacted(copy);
    size = fileBytes(copy);
  }
  const room = bytes - (size - Math.max(0, later));
  if (room < 0) return { wide: new Set(), lacking: -room };
  const usual = smallestFirst(
    sites.map(({ site }) => site),
    room,
    timesOf,
  );
  return { wide: (await wideByError(model, sites, { room, usual, repeats }, context)) ?? usual, lacking: 0 };
}

/** The weights that are had without a measurement. */
function smallestFirst(sites: readonly WeightSite[], bytes: number, timesOf: PassContext['timesOf']): Set<Tensor> {
  let room = bytes;
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

/** The file grows by what gets 16 bits, and names stay where all else is a smaller share then: room may not count on their bytes. */
const CLEARLY_SMALL = 1.5 * SMALL_FILE;

/** Bytes of a Cast, about. */
export const CAST = 60;

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
