/** What each new or changed node of one pass stands for, in the model before that pass. */
import { appendTo } from '../../ir/collections/lists.js';
import type { Identity, TracedRewrite } from '../../ir/trail.js';
import type { TracedPass } from '../../run/pipeline/pipeline-result.js';
import { isChanged, NodesByIdentity } from './nodes.js';
import { type Pair, recordedPairs, slotPairs } from './pairs.js';

/** The nodes that a node stands for, and the rewrite that made it. */
export interface NodeSource {
  readonly from: Set<Identity>;
  rewrite?: TracedRewrite | undefined;
}

export type Sources = ReadonlyMap<Identity, NodeSource>;

/** The sources of the nodes that a pass added or changed. */
export function sourcesOf({ before, after, trail }: Pick<TracedPass, 'before' | 'after' | 'trail'>): Sources {
  const [old, now] = [new NodesByIdentity(before, trail), new NodesByIdentity(after, trail)];
  const step = new Step(old, now, trail.copies);
  step.addStanding();
  step.addPairs(recordedPairs(trail, old, now));
  step.addPairs(slotPairs(old, now, (one) => !old.has(one) && !step.sources.has(one)));
  step.addOthers();
  return step.sources;
}

class Step {
  readonly sources = new Map<Identity, NodeSource>();

  constructor(
    readonly old: NodesByIdentity,
    readonly now: NodesByIdentity,
    readonly copies: ReadonlyMap<Identity, Identity>,
  ) {}

  #sourceOf(identity: Identity): NodeSource {
    const own = this.sources.get(identity) ?? { from: new Set(this.old.has(identity) ? [identity] : []) };
    this.sources.set(identity, own);
    return own;
  }

  /** Nodes that were changed where they stand, and copies of others. */
  addStanding(): void {
    for (const [identity, node] of this.now) {
      const was = this.old.get(identity);
      if (was && isChanged(was, node)) this.#sourceOf(identity);
      const copied = was ? undefined : this.copies.get(identity);
      if (copied) this.#sourceOf(identity).from.add(copied);
    }
  }

  /** New nodes that stand for none: they were put in. */
  addOthers(): void {
    for (const [identity] of this.now) if (!this.old.has(identity)) this.#sourceOf(identity);
  }

  addPairs(pairs: readonly Pair[]): void {
    const ends = new Map<Identity, Identity[]>();
    for (const { roots, by } of pairs) for (const root of roots) appendTo(ends, by, root);
    const isNew = (identity: Identity) => !this.old.has(identity);
    // What one pair replaces ends where another begins.
    const replaced = new Set([...ends].flatMap(([by, roots]) => (isNew(by) || this.sources.has(by) ? roots : [])));
    for (const pair of pairs) {
      const from = this.#replacedBy(pair, replaced);
      for (const made of this.#madeBy(pair, (one) => isNew(one) && !ends.has(one), from.length > 0)) {
        const source = this.#sourceOf(made);
        for (const origin of from) source.from.add(origin);
        source.rewrite ??= pair.rewrite;
      }
    }
  }

  /** The nodes that are gone, from the roots up to what stayed, what the rewrite reads, and what others replaced. */
  #replacedBy({ roots, rewrite }: Pair, replaced: ReadonlySet<Identity>): Identity[] {
    const operands = new Set(rewrite?.operands);
    const isGone = (one: Identity) => !this.now.has(one);
    const isOperand = (one: Identity) => operands.has(one) || (one.of !== undefined && operands.has(one.of));
    const goes = (one: Identity) => isGone(one) && !isOperand(one) && (!replaced.has(one) || roots.includes(one));
    return roots.filter((root) => isGone(root) || rewrite).flatMap((root) => this.old.upwards(root, goes));
  }

  /** The new nodes up to what was there; a node that was there where it was changed, or does what the replaced one did. */
  #madeBy({ roots, by }: Pair, goes: (identity: Identity) => boolean, isStanding: boolean): Identity[] {
    if (!this.old.has(by)) return this.now.upwards(by, goes).filter((one) => !this.copies.has(one));
    const isEqual = roots.some((root) => this.old.get(root)?.opType === this.now.get(by)?.opType);
    return isStanding && (isEqual || this.sources.has(by)) ? [by] : [];
  }
}
