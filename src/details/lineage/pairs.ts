/** What a pass put in the place of what, in the models before and after it. */
import { appendTo } from '../../ir/collections/lists.js';
import type { Identity, NodeReplacement, RecordedTrail, TracedRewrite } from '../../ir/trail.js';
import { type NodesByIdentity, slotsOf } from './nodes.js';

/** A node of the model after, and the nodes of the model before whose values are read from it now. */
export interface Pair {
  readonly roots: readonly Identity[];
  readonly by: Identity;
  readonly rewrite: TracedRewrite | undefined;
}

/** The recorded replacements whose new node is still there, once for each repeat. */
export function recordedPairs(trail: RecordedTrail, old: NodesByIdentity, now: NodesByIdentity): Pair[] {
  const all = trail.replacements.flatMap((one) => forMembers(one, trail));
  const earlier = new Map<Identity, MemberReplacement[]>();
  for (const one of all) if (!old.has(one.by)) appendTo(earlier, one.by, one);
  // What a pass made and replaced again stands for what it had replaced, in the same repeat.
  const rootsOf = (identity: Identity, member: number, seen = new Set<Identity>()): Identity[] => {
    if (old.has(identity)) return [identity];
    if (seen.has(identity)) return [];
    seen.add(identity);
    return (earlier.get(identity) ?? []).flatMap((one) =>
      one.count > 1 && one.member !== member ? [] : rootsOf(one.old, member, seen),
    );
  };
  return all.flatMap(({ old: root, by, rewrite, member }) =>
    now.has(by) ? [{ roots: rootsOf(root, member), by, rewrite }] : [],
  );
}

/** A replacement in one of some repeats. */
interface MemberReplacement extends NodeReplacement {
  readonly member: number;
  readonly count: number;
}

/** A replacement in what stands for repeats happened in each. */
function forMembers({ old, by, rewrite }: NodeReplacement, { identities }: RecordedTrail): MemberReplacement[] {
  const [olds, bys] = [identities.membersOf(old), identities.membersOf(by)];
  const count = Math.max(olds.length, bys.length, 1);
  return Array.from({ length: count }, (_, member) => ({
    old: olds[member] ?? old,
    by: bys[member] ?? by,
    ...(rewrite && { rewrite }),
    ...{ member, count },
  }));
}

/** Replacements that were made input by input: a reader that stays reads a new node where it read one that is gone. */
export function slotPairs(old: NodesByIdentity, now: NodesByIdentity, isNew: (identity: Identity) => boolean): Pair[] {
  const pairs: Pair[] = [];
  for (const [was, is] of slotsOf(old, now)) {
    const [root, by] = [old.producerOf(was), now.producerOf(is)];
    if (by && root && isNew(by) && !now.has(root)) pairs.push({ roots: [root], by, rewrite: undefined });
  }
  return pairs;
}
