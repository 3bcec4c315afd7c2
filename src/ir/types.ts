/** Element types and value types, as ONNX defines them. Types are immutable: to change one, make another. */
import { type Dim, equalDims } from './dims/dims.js';
import { numberedText } from './dims/symbols.js';

/** What a tensor's elements are: ONNX's TensorProto.DataType, floats spelled with their width. */
export type DataType = keyof typeof dataTypes;

interface DataTypeInfo {
  /** TensorProto.DataType number. */
  readonly code: number;
  /** Bits of one element; 0 where the size varies. */
  readonly bits: number;
  readonly kind: 'float' | 'signed' | 'unsigned' | 'bool' | 'string' | 'complex' | 'undefined';
}

const info = (code: number, bits: number, kind: DataTypeInfo['kind']): DataTypeInfo => ({ code, bits, kind });

export const dataTypes = {
  undefined: info(0, 0, 'undefined'),
  float32: info(1, 32, 'float'),
  uint8: info(2, 8, 'unsigned'),
  int8: info(3, 8, 'signed'),
  uint16: info(4, 16, 'unsigned'),
  int16: info(5, 16, 'signed'),
  int32: info(6, 32, 'signed'),
  int64: info(7, 64, 'signed'),
  string: info(8, 0, 'string'),
  bool: info(9, 8, 'bool'),
  float16: info(10, 16, 'float'),
  float64: info(11, 64, 'float'),
  uint32: info(12, 32, 'unsigned'),
  uint64: info(13, 64, 'unsigned'),
  complex64: info(14, 64, 'complex'),
  complex128: info(15, 128, 'complex'),
  bfloat16: info(16, 16, 'float'),
  float8e4m3fn: info(17, 8, 'float'),
  float8e4m3fnuz: info(18, 8, 'float'),
  float8e5m2: info(19, 8, 'float'),
  float8e5m2fnuz: info(20, 8, 'float'),
  uint4: info(21, 4, 'unsigned'),
  int4: info(22, 4, 'signed'),
  float4e2m1: info(23, 4, 'float'),
  float8e8m0: info(24, 8, 'float'),
  uint2: info(25, 2, 'unsigned'),
  int2: info(26, 2, 'signed'),
  float6e2m3: info(27, 6, 'float'),
  float6e3m2: info(28, 6, 'float'),
} as const satisfies Record<string, DataTypeInfo>;

const byCode = new Map<number, DataType>(
  Object.entries(dataTypes).map(([name, { code }]) => [code, name as DataType] as const),
);

/** The element type of a TensorProto.DataType number; undefined if ONNX defines no such number. */
export const dataTypeOfCode = (code: number): DataType | undefined => byCode.get(code);

/** Bytes of a dense tensor of `count` elements; sub-byte elements are packed. Strings have no fixed size: 0. */
export const byteLengthOf = (type: DataType, count: number): number => Math.ceil((count * dataTypes[type].bits) / 8);

/** True for the element types that hold real numbers in floating point. */
export const isFloat = (type: DataType | undefined): boolean => type !== undefined && dataTypes[type].kind === 'float';

/** True for integers, signed or not (bool is not one). */
export const isInteger = (type: DataType | undefined): boolean =>
  type !== undefined && (dataTypes[type].kind === 'signed' || dataTypes[type].kind === 'unsigned');

/** Dims from the outermost to the innermost. */
export type Shape = readonly Dim[];

/** A tensor whose element type is known, and its shape where the rank is. */
export interface TensorType {
  readonly kind: 'tensor';
  readonly elem: DataType;
  readonly shape: Shape | undefined;
}

/** What a value is: ONNX's TypeProto. */
export type Type =
  | TensorType
  | { readonly kind: 'sparse'; readonly elem: DataType; readonly shape: Shape | undefined }
  | { readonly kind: 'sequence'; readonly elem: Type | undefined }
  | { readonly kind: 'optional'; readonly elem: Type | undefined }
  | { readonly kind: 'map'; readonly key: DataType; readonly value: Type | undefined }
  | { readonly kind: 'opaque'; readonly domain: string; readonly name: string };

/** The type of a tensor. */
export const tensorType = (elem: DataType, shape?: Shape): TensorType => ({ kind: 'tensor', elem, shape });

/** A shape as people write it: `[batch, 12, 64]`, or `[...]` where the rank is unknown. */
const shapeText = (shape: Shape | undefined, dimText: (dim: Dim) => string): string =>
  shape === undefined ? '[...]' : `[${shape.map(dimText).join(', ')}]`;

/** A type as people write it: `float32[batch, 12]`, `sequence(int64[...])`. Types shown together share a `dimText`. */
export function typeText(type: Type | undefined, dimText: (dim: Dim) => string = numberedText()): string {
  if (type === undefined) return '?';
  switch (type.kind) {
    case 'tensor':
      return `${type.elem}${shapeText(type.shape, dimText)}`;
    case 'sparse':
      return `sparse(${type.elem}${shapeText(type.shape, dimText)})`;
    case 'map':
      return `map(${type.key}, ${typeText(type.value, dimText)})`;
    case 'opaque':
      return `opaque(${type.domain}.${type.name})`;
    default:
      return `${type.kind}(${typeText(type.elem, dimText)})`;
  }
}

/** True for two shapes of equal dims, and for two unknown ones. */
export const equalShapes = (a: Shape | undefined, b: Shape | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && a.length === b.length && a.every((d, i) => equalDims(d, b[i] as Dim)));

/** Equal by value: same kind, element type and dims. */
export function equalTypes(a: Type | undefined, b: Type | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'tensor':
    case 'sparse': {
      const other = b as TensorType;
      return a.elem === other.elem && equalShapes(a.shape, other.shape);
    }
    case 'map':
      return a.key === (b as typeof a).key && equalTypes(a.value, (b as typeof a).value);
    case 'opaque':
      return a.domain === (b as typeof a).domain && a.name === (b as typeof a).name;
    default:
      return equalTypes(a.elem, (b as typeof a).elem);
  }
}
