/** Stores a weight in fewer bits: everything that reads it is given the same numbers back, rounded, in the type that it had. */
import { decoded, partsOf, type StoredWeight } from './decode.js';
import { type StorageForm, storedIn } from './forms.js';
import type { WeightSite } from './sites.js';
import { lookUpNarrow } from './tables.js';

/** Stores a weight in a form, once for all that read it; returns why not, or undefined. */
export function storeWeight(site: WeightSite, form: StorageForm): string | undefined {
  if (site.obstacle) return site.obstacle;
  const stored = storedIn(site, form);
  if (typeof stored === 'string') return stored;
  putStored(site, stored);
  return undefined;
}

/** Puts what any quantizer made of a weight in its place. Tables stay narrow in memory; the rest is decoded once, at load. */
export function putStored(site: WeightSite, stored: StoredWeight): void {
  const { value, tensor, uses } = site;
  const { graph } = value;
  const parts = partsOf(graph, stored, value.name);
  const isWhole = uses.map((use) => !lookUpNarrow(site, use, parts)).some((left) => left);
  if (isWhole) graph.replaceUses(value, decoded(graph, parts, tensor.shape, tensor.type));
}
