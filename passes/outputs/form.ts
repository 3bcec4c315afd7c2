/** Defines the form of a value that is no tensor: tensors, and the structure that joins them. */
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';

export interface MapLabels {
  readonly keys: 'int64' | 'string';
  /** One for each column; int64 beyond 2^53 as text. */
  readonly labels: readonly (number | string)[];
}

export type TensorForm =
  | { readonly kind: 'tensor'; readonly tensor: Value }
  /** A sequence of known length. */
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  /** A sequence of elements of one shape, stacked along a new first axis. */
  | { readonly kind: 'stack'; readonly tensor: Value }
  /** A sequence of elements of any shapes: their numbers in a row, their shapes, and, where they may differ, their ranks. */
  | { readonly kind: 'packed'; readonly data: Value; readonly shapes: Value; readonly ranks: Value | undefined }
  /** `present`: a bool. */
  | { readonly kind: 'optional'; readonly present: Value; readonly form: TensorForm }
  | { readonly kind: 'absent' }
  /** A map for each row. */
  | ({ readonly kind: 'maps'; readonly tensor: Value } & MapLabels);

/** The reason that a value cannot be made of tensors. */
export class FormRefusal extends Error {
  constructor(
    readonly reason: string,
    readonly at: Node | Value,
  ) {
    super(reason);
  }
}
