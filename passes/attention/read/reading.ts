/** Defines the scores of an attention, and the readers of their nodes. */

import type { Facts } from '../../../src/infer/index.js';
import type { Node } from '../../../src/ir/node.js';
import type { Value } from '../../../src/ir/value.js';
import type { Match } from '../../../src/match/miss.js';
import type { Axes, View } from '../../../src/match/views/view.js';
import type { MaskTerm } from '../mask/term.js';
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

/** A factor of the scores that is no number: the next addition may show that it is a mask. */
export interface GateFactor {
  readonly value: Value;
  /** The scores that it multiplies, or divides. */
  readonly scores: Value;
  readonly at: Node;
}

/** factor · scales · QKᵀ, or factor · tanh(capped · scales · QKᵀ), with the terms added. */
export interface Scores {
  readonly product: Contraction;
  /** Views of the product's operands: the product's axes are their factors. */
  readonly views: readonly [View, View];
  /** The axes of the value that was read. */
  readonly axes: Axes;
  readonly factor: number;
  readonly scales: readonly Scale[];
  readonly capped: number | undefined;
  readonly terms: readonly MaskTerm[];
  /** Axes over which the highest score was subtracted, as a Softmax over them does itself. */
  readonly lowered: Axes;
  /** The factor of the value that was read, if it is not yet shown to be a mask. */
  readonly gate?: GateFactor;
}

/** The state of reading scores: it reads the values below a node, and keeps the nodes it passed. */
export interface ScoresReading {
  readonly facts: Facts;
  readonly trail: Trail;
  inner(value: Value | undefined): Match<Scores>;
  /** Reads scores whose last factor may turn out to be a mask. */
  gated(value: Value | undefined): Match<Scores>;
}

/** Reads a node of some op as scores, from the scores below it. */
export type ScoresReader = (node: Node, reading: ScoresReading) => Match<Scores>;
