/** Attributes of nodes: ONNX's AttributeProto as one tagged union. Immutable. */
import type { Attribute, AttributeLike, Graph } from './structure.js';
import type { Tensor } from './tensors/tensor.js';

export type { Attribute, AttributeLike, AttributeType } from './structure.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A float attribute (a bare number is an int). */
export const float = (value: number): Attribute => ({ type: 'float', value: Math.fround(value) });
/** An attribute of several floats. */
export const floats = (value: readonly number[]): Attribute => ({ type: 'floats', value: value.map(Math.fround) });

const int = (value: number): bigint => {
  if (!Number.isSafeInteger(value))
    throw new TypeError(`attribute: expected a whole number; found ${value} (use float())`);
  return BigInt(value);
};

/** The attribute that a plain JavaScript value stands for. */
export function toAttribute(value: AttributeLike): Attribute {
  if (typeof value === 'bigint') return { type: 'int', value };
  if (typeof value === 'number') return { type: 'int', value: int(value) };
  if (typeof value === 'string') return { type: 'string', value: encoder.encode(value) };
  if (Array.isArray(value)) {
    if (typeof value[0] === 'string')
      return { type: 'strings', value: (value as string[]).map((text) => encoder.encode(text)) };
    return { type: 'ints', value: (value as number[]).map(int) };
  }
  if ('inputs' in (value as object)) return { type: 'graph', value: value as Graph };
  if ('chunks' in (value as object)) return { type: 'tensor', value: value as Tensor };
  return value as Attribute;
}

/** The text of a string attribute's bytes. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

const NONE: readonly Graph[] = [];

/** The graphs an attribute holds; none for other types. */
export const graphsOf = (attribute: Attribute | undefined): readonly Graph[] =>
  attribute?.type === 'graph' ? [attribute.value] : attribute?.type === 'graphs' ? attribute.value : NONE;

/** Numbers, text and references as text, the same for what is the same: -0 is not 0. undefined for graphs, tensors and types. */
export function attributeText(attribute: Attribute): string | undefined {
  const { type } = attribute;
  if (type === 'ref') return `ref ${attribute.name}`;
  if (type === 'float' || type === 'floats') {
    const numbers = [attribute.value].flat();
    return `${type} ${numbers.map((number) => (Object.is(number, -0) ? '-0' : String(number)))}`;
  }
  if (type === 'strings') return `${type} ${attribute.value.map((text) => `[${text}]`)}`;
  return type === 'int' || type === 'ints' || type === 'string' ? `${type} ${attribute.value}` : undefined;
}
