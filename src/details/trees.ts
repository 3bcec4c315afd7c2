/** The trees of places that no rule holds at, each once. */
import type { Trace } from '../match/trace.js';
import type { PassResult } from '../run/pipeline/pipeline-result.js';
import type { PackedDetails } from '../run/report/details/packed.js';
import { treeParts } from '../run/report/details/trees.js';
import type { Report } from '../run/report/report.js';
import type { TracedSite } from '../run/sites.js';

export type Trees = NonNullable<PackedDetails['trees']>;
type Tree = Trees[number];
type Sites = Report['passes'][number]['sites'];

/** More different trees, and larger ones, are left to `explain`. */
const MOST_TREES = 200;
const MOST_PARTS = 200;

/** The passes as the report has them, their sites with the places of their trees. */
export function withTrees(results: readonly PassResult[]): {
  readonly passes: Report['passes'];
  readonly trees: Trees;
} {
  const trees: Tree[] = [];
  const places = new Map<string, number>();
  const traced = new Map<Trace, number | undefined>();
  const placeOf = (trace: Trace): number | undefined => {
    if (traced.has(trace)) return traced.get(trace);
    const tree = treeParts(trace);
    // Where it was looked for differs from place to place, what was found does not.
    const key = JSON.stringify(tree.map(({ at: _, ...rest }) => rest));
    let place = places.get(key);
    if (place === undefined && trees.length < MOST_TREES && tree.length <= MOST_PARTS) {
      place = trees.push(tree) - 1;
      places.set(key, place);
    }
    traced.set(trace, place);
    return place;
  };
  const told = ({ trace, ...site }: TracedSite): NonNullable<Sites>[number] => {
    const tree = trace && placeOf(trace);
    return { ...site, ...(tree !== undefined && { tree }) };
  };
  const passes = results.map((result) => ({ ...result, sites: result.sites?.map(told) }));
  return { passes, trees };
}
