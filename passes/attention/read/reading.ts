/** The scores of an attention, and what reads a node of them. */

import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import type { Match } from '../../../src/match/miss.js';
import type { Axes, View } from '../../../src/match/view.js';
import type { Term } from '../mask/term.js';
import type { Contraction } from './contraction.js';
import type { Trail } from './trail.js';

/** A factor of the scores that is no number, as a scale learned for each head. */
export interface Scale {
  readonly value: Value;
  /** Its own axes, in factors of the scores; none where its size is 1. */
  readonly axes: Axes;
  readonly isDivisor: boolean;
  readonly at: Node;
}

/** A factor of the scores that is no number: what is added next may show that it is a mask. */
export interface Gate {
  readonly value: Value;
  /** What it multiplies, or divides. */
  readonly scores: Value;
  readonly at: Node;
}

/** factor · scales · QKᵀ, or factor · tanh(capped · scales · QKᵀ), with the terms added. */
export interface Scores {
  readonly product: Contraction;
  /** Views of the product's operands: the product's axes are their factors. */
  readonly views: readonly [View, View];
  /** Of the value that was read. */
  readonly axes: Axes;
  readonly factor: number;
  readonly scales: readonly Scale[];
  readonly capped: number | undefined;
  readonly terms: readonly Term[];
  /** Axes over which the highest score was subtracted, as a Softmax over them does itself. */
  readonly lowered: Axes;
  /** What multiplies the value that was read, and is not shown to be a mask yet. */
  readonly gate?: Gate;
}

/** What reads the scores below a node, and what it has read. */
export interface Reading {
  readonly facts: Facts;
  readonly trail: Trail;
  inner(value: Value | undefined): Match<Scores>;
  /** Those whose last factor may turn out to be a mask. */
  gated(value: Value | undefined): Match<Scores>;
}

/** Reads a node of some op: the scores that its output is, from those that it reads. */
export type Reader = (node: Node, reading: Reading) => Match<Scores>;
