/**
 * Reads the forms that `standard-forms.ts` lists, one a line, as JSON: operator, operator set, name, inputs, outputs, attributes. An operand is a type and a
 * shape, or of a constant type, shape and numbers; null where it is left out. A number that JSON does not have is its text.
 */
import { type AttributeLike, float, floats, toAttribute } from '../../../../ir/attribute.js';
import { tensorOf } from '../../../../ir/tensors/numbers.js';
import type { Tensor } from '../../../../ir/tensors/tensor.js';
import type { DataType } from '../../../../ir/types.js';
import type { Operand, ProbedForm } from '../form.js';

export type JsonNumber = number | string;
export type JsonTensor = readonly [DataType, readonly number[], readonly JsonNumber[]];
export type JsonOperand = JsonTensor | readonly [DataType, readonly number[] | null] | null;
export type JsonAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: JsonNumber }
  | { readonly floats: readonly JsonNumber[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: JsonTensor };
export type JsonForm = readonly [
  opType: string,
  opset: number,
  name: string,
  inputs: readonly JsonOperand[],
  outputs: readonly (DataType | null)[],
  attributes: Readonly<Record<string, JsonAttribute>>,
];

export function readForm(line: string): ProbedForm {
  const [opType, opset, name, inputs, outputs, attributes] = JSON.parse(line) as JsonForm;
  return {
    ...{ opType, domain: '', opset, name },
    inputs: inputs.map(operandOf),
    outputs: outputs.map((elem) => elem ?? undefined),
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)])),
  };
}

const tensor = ([elem, shape, numbers]: JsonTensor): Tensor => tensorOf(elem, numbers.map(Number), shape);

function operandOf(operand: JsonOperand): Operand {
  if (operand === null) return undefined;
  const [elem, shape, numbers] = operand;
  return numbers && shape ? { tensor: tensor([elem, shape, numbers]) } : { elem, shape: shape ?? undefined };
}

function attributeOf(value: JsonAttribute): AttributeLike {
  if (typeof value !== 'object' || Array.isArray(value)) return toAttribute(value as AttributeLike);
  if ('float' in value) return float(Number(value.float));
  if ('floats' in value) return floats(value.floats.map(Number));
  return 'strings' in value ? value.strings : tensor((value as { tensor: JsonTensor }).tensor);
}
