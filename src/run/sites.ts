/** The sites of a pass as the report holds them. */
import type { SiteReport } from '../match/rule.js';
import type { Trace } from '../match/trace.js';
import { Regions } from '../region/regions.js';
import { type PlacesOf, placesIn } from './context.js';

export interface SiteResult {
  readonly kind: string;
  readonly at: string;
  readonly fused: boolean;
  readonly rule?: string;
  readonly reason?: string;
  readonly reached?: string;
  readonly matched?: number;
  readonly help?: string;
}

/** A site with the tree of the rule that came furthest. */
export interface TracedSite extends SiteResult {
  readonly trace?: Trace;
}

/** In the order the pass said them, one for each repeat that a site stands for; undefined where it said none. `isTraced`: with trees where nothing is fused. */
export function sitesOf(
  sites: readonly SiteReport[],
  placesOf: PlacesOf = placesIn(new Regions()),
  isTraced = false,
): readonly TracedSite[] | undefined {
  if (sites.length === 0) return undefined;
  return sites.flatMap(({ kind, at, isFused, rule, miss, trace: draw }) => {
    const trace = isTraced && !isFused ? draw?.() : undefined;
    const reached = miss ? placesOf(miss.at) : [];
    return placesOf(at).map((place, index) => ({
      kind,
      at: place,
      fused: isFused,
      ...(rule !== undefined && { rule }),
      ...(miss && {
        reason: miss.reason,
        reached: reached[index] ?? reached[0],
        matched: miss.depth,
        ...(miss.help !== undefined && { help: miss.help }),
      }),
      ...(trace && { trace }),
    }));
  });
}
