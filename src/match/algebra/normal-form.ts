/** Defines the normal form of algebra: sums of products of powers of atoms. */
import type { Node } from '../../ir/node.js';
import type { Shape } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';

/** coefficient · Π atom^exponent. Powers of one atom that may not be added stand beside each other. */
export interface Term {
  readonly coefficient: number;
  readonly factors: readonly Factor[];
}

export interface Factor {
  readonly atom: Atom;
  readonly exponent: number;
}

/** Σ terms; none for 0. */
export interface Expression {
  readonly terms: readonly Term[];
  /** The nodes of its spelling, without those inside its atoms. */
  readonly nodes: ReadonlySet<Node>;
  /** The value it was read from. */
  readonly value?: Value;
}

/** A value that is no algebra, or not to be looked into. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly value: Value;
}

/** A function of one expression. */
export interface UnaryCall {
  readonly kind: 'call';
  readonly opType: string;
  readonly of: Expression;
  readonly node: Node;
  readonly value?: Value;
}

/** A mean, total or highest number over axes. */
export interface Reduction {
  readonly kind: 'reduction';
  readonly opType: 'Mean' | 'Total' | 'Highest';
  readonly of: Expression;
  readonly axes: readonly number[];
  /** The shape with 1 for each of the axes. */
  readonly shape: Shape;
  /** True if it keeps that shape; false while its reduced axes are missing. */
  readonly isKept: boolean;
  /** The number of elements that are reduced to one; undefined where it is unknown. */
  readonly count: number | undefined;
  /** True if the graph has it as a sum, not as a mean. */
  readonly isSummed: boolean;
  readonly node: Node;
  readonly value?: Value;
}

/** A sum, or a power that may not be merged, to a power. */
export interface Group {
  readonly kind: 'group';
  readonly of: Expression;
  readonly value?: Value;
}

export type Atom = Leaf | UnaryCall | Reduction | Group;
