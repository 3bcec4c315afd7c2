/** What an op is: one row an operator. A row says what holds of every node of its kind; who reads rows asks no op for its name. */
import type { Node } from '../ir/node.js';
import type { DataType } from '../ir/types.js';
import type { Call, InferRule, Reading } from './call.js';
import type { Demand } from './demands.js';
import type { Maybe } from './interval.js';
import { type Movement, movedContents } from './movement.js';
import type { Precision } from './precision.js';
import type { ProductRule } from './products.js';
import type { WeightRule } from './weights.js';

/** The interval of a node's first output, by those of its inputs: before it is rounded to its type, and whatever their shapes. */
export type RangeRule = (input: (index: number) => Maybe, node: Node) => Maybe;

export interface OpRow {
  /** Shapes, element types, and the contents of outputs that are computed. */
  readonly infer: InferRule;
  /** Inputs that every run refuses. */
  readonly demands?: Demand;
  /** Each element of the first output is computed from the elements at its place, broadcasting included. */
  readonly isElementwise?: true;
  /** The inputs may change places. */
  readonly isCommutative?: true;
  /** Of an op of one number: odd where f(−x) is −f(x), even where it is f(x). */
  readonly parity?: 'odd' | 'even';
  /** What the first output lies between; without it, nothing is known of that. */
  readonly range?: RangeRule | undefined;
  /** Random numbers: others every time. */
  readonly draws?: true;
  readonly precision?: Precision;
  /** Of an op that has weights of its own: how it reads them. */
  readonly weights?: WeightRule;
  /** Of an op whose time goes into sums of products: how many multiply-adds it takes. */
  readonly products?: ProductRule;
  /** Of an op that is given floats: true where it quantizes them and multiplies integers. */
  readonly multipliesIn8Bits?: (node: Node) => boolean;
  /** Of an op whose outputs hold elements of its inputs. */
  readonly moves?: Moves;
  /** Of an op that does in one kernel what other models spell as several nodes: the name of that. */
  readonly fuses?: FusedKind;
}

/** What passes fuse, as reports name it. */
export type FusedKind = 'GELU' | 'SiLU or quick GELU' | 'layer norm' | 'RMS norm' | 'group norm' | 'rotary embedding';

/** Every element of the outputs is one of some inputs, or of a fill: nothing is computed. */
export interface Moves {
  /** Those inputs; the others say which elements, and where they go. */
  readonly from: readonly number[] | 'all';
  /** Where they stand; without it, or undefined, that is not told. */
  readonly how?: (reading: Reading, output: number) => Movement | undefined;
  /** How many outputs hold them: without it all. The others say something about them. */
  readonly outputs?: number;
  /** Which nodes do so: without it all of the op. */
  readonly when?: (node: Node) => boolean;
  /** A number that may stand among them. */
  readonly fill?: (node: Node) => number | undefined;
  /** What the numbers are decides which element stands where: the larger, those that a condition says. */
  readonly isChoice?: true;
  /** The elements are cast: what becomes of a number in the output's type, but for rounding; undefined where that is not known. */
  readonly recasts?: (number: number, elem: DataType | undefined) => number | undefined;
}

/** The rows of a family, by op type. */
export type Rows = Readonly<Record<string, OpRow>>;

/** The same row for several ops. */
export const alike = (opTypes: string, row: OpRow): Rows =>
  Object.fromEntries(opTypes.split(' ').map((opType) => [opType, row]));

/**
 * True where a node does what the row of its op says of moving: a function of the model is what its body is, and what depends on an
 * attribute is not known where the function's caller gives it.
 */
export const isMover = ({ when, fill }: Moves, node: Node): boolean =>
  node.graph.model.functionOf(node) === undefined && !(node.hasReference && (when || fill)) && (when?.(node) ?? true);

export const isFrom = ({ from }: Moves, index: number): boolean => from === 'all' || from.includes(index);

/** Infers an operator: by its rule, and, where it moves what it is given, what it holds. */
export function inferBy({ infer, moves }: OpRow, call: Call): void {
  infer(call);
  if (!moves?.how || moves.recasts || !isMover(moves, call.node)) return;
  const { inputs, outputs } = call.node;
  const isKnown = inputs.some((value, index) => value && isFrom(moves, index) && call.contentsIn(value));
  for (let index = 0; index < (moves.outputs ?? outputs.length); index++) {
    const movement = isKnown ? moves.how(call, index) : undefined;
    call.setContents(index, movement && movedContents(movement, index, call));
  }
}
