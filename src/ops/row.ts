/** What an op is: one row an operator. A row says what holds of every node of its kind; who reads rows asks no op for its name. */
import type { InferRule } from './call.js';

export interface OpRow {
  /** Shapes, element types and contents of the outputs. */
  readonly infer: InferRule;
}

/** The rows of a family, by op type. */
export type Rows = Readonly<Record<string, OpRow>>;

/** The same row for several ops. */
export const alike = (opTypes: string, row: OpRow): Rows =>
  Object.fromEntries(opTypes.split(' ').map((opType) => [opType, row]));
