/**
 * Defines a miss: the reason for a failed match, and its place. The reason has no names, so that equal reasons group.
 */
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';

/** Why a rule does not apply: the reason, the place, and the remedy if there is one. */
export class Miss {
  constructor(
    readonly reason: string,
    readonly at: Node | Value,
    /** The remedy in one sentence; undefined where the user can do nothing. */
    readonly help?: string,
    /** The matched part of the pattern; of several attempts the deepest is reported. */
    readonly depth = 0,
  ) {}
}

/** The remedies shared by many misses. */
export const helps = {
  shape: 'Sizes that are known may show it: --dim NAME=SIZE or --shape, and simplify before this pass.',
  use: 'It would be computed twice. It fuses where nothing else reads the value.',
  output: 'It fuses where the value is not asked for: --outputs keeps only the outputs that are named.',
  kernel: 'Another --target may have one.',
  opset: 'opset:to=N before this pass raises the model.',
} as const;

/** The result of an attempt: a match, or the reason that there is none. */
export type Match<T> = T | Miss;

/** The deeper of two misses; the first where they are equal. */
export const deeper = (a: Miss, b: Miss): Miss => (b.depth > a.depth ? b : a);
