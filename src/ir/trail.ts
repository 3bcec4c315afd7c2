/**
 * What becomes of nodes while passes edit a model, where somebody asks: which copy is which node, and what came in whose place. A model without a trail
 * records nothing.
 */
import type { Node, NodeTrail, Value } from './structure.js';

/** A node through all copies of its model. */
export interface Identity {
  /** Of a repeat that was stamped out: the node that stood for it. */
  readonly of?: Identity;
}

/** What one node computed was read in the place of what another did. */
export interface NodeReplacement {
  readonly old: Identity;
  readonly by: Identity;
  readonly rewrite?: TracedRewrite;
}

/** A rewrite by a rule. */
export interface TracedRewrite {
  readonly rule: string;
  /** What equal rewrites have in common; undefined where it was not cut out. */
  readonly key?: string;
  /** The nodes that compute its operands: what it replaces ends there. */
  readonly operands: readonly Identity[];
}

/** Identities of the nodes of all copies. */
class Identities {
  readonly #known = new WeakMap<Node, Identity>();
  readonly #members = new WeakMap<Identity, Identity[]>();

  of(node: Node): Identity {
    let known = this.#known.get(node);
    if (!known) this.#known.set(node, (known = {}));
    return known;
  }

  set(node: Node, identity: Identity): void {
    this.#known.set(node, identity);
  }

  /** That of one repeat: the same each time it is stamped out. */
  memberOf(identity: Identity, member: number): Identity {
    const members = this.#members.get(identity) ?? [];
    this.#members.set(identity, members);
    return (members[member] ??= { of: identity });
  }

  membersOf(identity: Identity): readonly Identity[] {
    return this.#members.get(identity) ?? [];
  }
}

export class RecordedTrail implements NodeTrail {
  /** In order. */
  readonly replacements: NodeReplacement[] = [];
  /** Copies within the model, each with the node that it was copied from. */
  readonly copies = new Map<Identity, Identity>();
  #rewrite: TracedRewrite | undefined;

  constructor(readonly identities = new Identities()) {}

  /** That of a copy of the model. */
  forCopy(): RecordedTrail {
    return new RecordedTrail(this.identities);
  }

  copied(node: Node, copy: Node): void {
    if (node.graph.model === copy.graph.model) this.copies.set(this.identities.of(copy), this.identities.of(node));
    else this.identities.set(copy, this.identities.of(node));
  }

  /** A node that stands for repeats was copied for one of them. */
  stamped(node: Node, copy: Node, member: number): void {
    this.identities.set(copy, this.identities.memberOf(this.identities.of(node), member));
  }

  replaced(old: Value, by: Value): void {
    const [before, after] = [this.#producerOf(old), this.#producerOf(by)];
    if (before && after)
      this.replacements.push({ old: before, by: after, ...(this.#rewrite && { rewrite: this.#rewrite }) });
  }

  /** What is replaced in `edit` is a rewrite of a rule. */
  rewriting(rule: string, key: string | undefined, operands: readonly Value[], edit: () => void): void {
    this.#rewrite = {
      rule,
      ...(key !== undefined && { key }),
      operands: operands.flatMap((value) => this.#producerOf(value) ?? []),
    };
    try {
      edit();
    } finally {
      this.#rewrite = undefined;
    }
  }

  #producerOf({ producer }: Value): Identity | undefined {
    return producer && this.identities.of(producer);
  }
}
