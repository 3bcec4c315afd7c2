/** What an op is: one row an operator. A row says what holds of every node of its kind; who reads rows asks no op for its name. */
import type { InferRule } from './call.js';

export interface OpRow {
  /** Shapes, element types and contents of the outputs. */
  readonly infer: InferRule;
  /** Each element of the first output is computed from the elements at its place, broadcasting included. */
  readonly isElementwise?: true;
  /** Of an op of one number: odd where f(−x) is −f(x), even where it is f(x). */
  readonly parity?: 'odd' | 'even';
}

/** The rows of a family, by op type. */
export type Rows = Readonly<Record<string, OpRow>>;

/** The same row for several ops. */
export const alike = (opTypes: string, row: OpRow): Rows =>
  Object.fromEntries(opTypes.split(' ').map((opType) => [opType, row]));
