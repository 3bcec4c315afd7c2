/** The sites of a pass as the report holds them. */
import type { SiteReport } from '../match/rule.js';

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

/** In the order the pass said them; undefined where it said none. */
export function sitesOf(sites: readonly SiteReport[]): readonly SiteResult[] | undefined {
  if (sites.length === 0) return undefined;
  return sites.map(({ kind, at, isFused, rule, miss }) => ({
    kind,
    at: at.label,
    fused: isFused,
    ...(rule !== undefined && { rule }),
    ...(miss && {
      reason: miss.reason,
      reached: 'opType' in miss.at ? miss.at.label : miss.at.name,
      matched: miss.depth,
      ...(miss.help !== undefined && { help: miss.help }),
    }),
  }));
}
