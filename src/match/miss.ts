/** Why something did not match: the reason, without names so that equal reasons group, and the place. */
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';

export class Miss {
  constructor(
    readonly reason: string,
    readonly at: Node | Value,
    /** How much of the pattern had matched; of several attempts the deepest is reported. */
    readonly depth = 0,
  ) {}
}

/** The result of an attempt: what matched, or why nothing did. */
export type Match<T> = T | Miss;

/** The deeper of two misses; the first where they are equal. */
export const deeper = (a: Miss, b: Miss): Miss => (b.depth > a.depth ? b : a);
