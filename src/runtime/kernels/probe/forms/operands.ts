/** The words that forms are written in. Float operands are float32: the forms in other types are derived from these. */
import type { Attribute, AttributeLike } from '../../../../ir/attribute.js';
import { tensorOf } from '../../../../ir/tensors/numbers.js';
import type { Tensor } from '../../../../ir/tensors/tensor.js';
import { type DataType, dataTypes } from '../../../../ir/types.js';
import type { Operand, ProbedForm } from '../form.js';

export interface Rest {
  readonly name?: string;
  readonly domain?: string;
  readonly opset?: number;
  readonly outputs?: readonly (DataType | undefined)[];
  readonly attributes?: Readonly<Record<string, AttributeLike>>;
  readonly read?: string;
}

export const form = (opType: string, inputs: readonly Operand[], rest: Rest = {}): ProbedForm => ({
  opType,
  domain: 'com.microsoft',
  opset: 17,
  name: 'plain',
  inputs,
  outputs: ['float32'],
  attributes: {},
  ...rest,
});

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
export const filled = (elem: DataType, value: number, shape: readonly number[]): { tensor: Tensor } => ({
  tensor: tensorOf(elem, new Array(count(shape)).fill(value), shape),
});

export const code = (elem: DataType): Attribute => ({ type: 'int', value: BigInt(dataTypes[elem].code) });

/** A float operand that is computed. */
export const x = (...shape: number[]): Operand => ({ elem: 'float32', shape });
/** A float operand that is constant. */
export const w = (...shape: number[]): Operand => filled('float32', 0.5, shape);
export const port = (elem: DataType, ...shape: number[]): Operand => ({ elem, shape });
export const u8 = (...shape: number[]): Operand => filled('uint8', 0, shape);
export const i8 = (...shape: number[]): Operand => filled('int8', 1, shape);
export const i32 = (...values: number[]): Operand => ({ tensor: tensorOf('int32', values, [values.length]) });
export const positions = (length: number): Operand => ({
  tensor: tensorOf(
    'int64',
    Array.from({ length }, (_, i) => i),
    [1, length],
  ),
});
export const none = undefined;

export const SEQUENCE = 64;
export const HEADS = 4;
export const HEAD = 64;
export const WIDTH = HEADS * HEAD;

export const hidden = x(1, SEQUENCE, WIDTH);
export const heads = x(1, HEADS, SEQUENCE, HEAD);
export const scores = x(1, 1, SEQUENCE, SEQUENCE);
export const num_heads = HEADS;
