/** Stores a weight in fewer bits: its readers get the rounded numbers in the former type. */
import type { Target } from '../../../src/ir/targets/targets.js';
import { type DataType, isFloat } from '../../../src/ir/types.js';
import { decoded, partsOf, type StoredWeight } from './decode.js';
import { type StorageForm, storedIn } from './forms.js';
import type { WeightSite } from './sites.js';
import { lookUpNarrow } from './tables.js';

/** Stores a weight in a form, once for all readers; returns the reason where it cannot. */
export function storeWeight(site: WeightSite, form: StorageForm, target: Target): string | undefined {
  if (site.obstacle) return site.obstacle;
  const stored = storedIn(site, form);
  if (typeof stored === 'string') return stored;
  putStored(site, stored, target);
  return undefined;
}

/** Replaces a weight by its stored form, of any quantizer. Tables stay narrow in memory; other weights are decoded once, at load. */
export function putStored(site: WeightSite, stored: StoredWeight, target: Target): void {
  const { value, tensor, uses } = site;
  const { graph } = value;
  const parts = partsOf(graph, stored, value.name);
  const isWhole = uses.map((use) => !lookUpNarrow(site, use, parts, target)).some((left) => left);
  if (!isWhole) return;
  // A weight that was narrow already is decoded to the type that its Casts give, so that it is rounded once.
  const casts = value.users.filter((node) => node.is('Cast') && node.graph === graph && isFloat(node.output.elem));
  for (const elem of new Set(casts.map((node) => node.output.elem as DataType))) {
    const made = decoded(graph, parts, tensor.shape, elem);
    for (const node of casts) if (node.output.elem === elem) graph.replaceUses(node.output, made);
  }
  if ([...value.uses].some(({ node }) => !casts.includes(node)))
    graph.replaceUses(value, decoded(graph, parts, tensor.shape, tensor.type));
}
