/** TypeProto ↔ Type. A type that was read from a message that says more than it does remembers that: denotations and the like are written back. */
import { type Dim, dimText, symbol, unknownDim } from '../../ir/dims/dims.js';
import { isUnknown, nameOf } from '../../ir/dims/symbols.js';
import { type DataType, dataTypeOfCode, dataTypes, type Shape, type Type } from '../../ir/types.js';
import { fromBigint, type Message, type ShapeMessage, type TypeMessage, toBigint } from './messages.js';

const origins = new WeakMap<Type, TypeMessage>();

const elementType = (code: number | undefined): DataType => dataTypeOfCode(code ?? 0) ?? 'undefined';

function readShape(message: ShapeMessage | null | undefined): Shape | undefined {
  if (!message) return undefined;
  return (message.dim ?? []).map((dim): Dim => {
    if (dim.dimParam) return symbol(dim.dimParam);
    const size = Object.hasOwn(dim, 'dimValue') ? Number(toBigint(dim.dimValue)) : -1;
    return Number.isSafeInteger(size) && size >= 0 ? size : unknownDim();
  });
}

/** The type of a message; undefined where the message states none, or one this version of ONNX does not know. */
export function readType(message: TypeMessage | null | undefined): Type | undefined {
  if (!message) return undefined;
  const type = convert(message);
  if (type && !isSame(message, fresh(type))) origins.set(type, message);
  return type;
}

/** Has a type written as another: both say the same in a file. */
export function writeAs(type: Type, other: Type): void {
  const message = origins.get(other);
  if (message) origins.set(type, message);
}

/** True where messages of types say the same: most do, and then nothing has to be remembered. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if ((a as Message).$unknowns) return false;
  if ('low' in a && 'low' in b)
    return a.low === b.low && (a as { high?: number }).high === (b as { high?: number }).high;
  const said = (message: object) =>
    Object.keys(message).filter((key) => {
      const value: unknown = Reflect.get(message, key);
      return value !== undefined && !(Array.isArray(value) && value.length === 0);
    });
  const keys = said(a);
  return keys.length === said(b).length && keys.every((key) => isSame(Reflect.get(a, key), Reflect.get(b, key)));
}

function convert(message: TypeMessage): Type | undefined {
  const { tensorType, sparseTensorType, sequenceType, optionalType, mapType, opaqueType } = message;
  if (tensorType) return { kind: 'tensor', elem: elementType(tensorType.elemType), shape: readShape(tensorType.shape) };
  if (sparseTensorType)
    return { kind: 'sparse', elem: elementType(sparseTensorType.elemType), shape: readShape(sparseTensorType.shape) };
  if (sequenceType) return { kind: 'sequence', elem: readType(sequenceType.elemType) };
  if (optionalType) return { kind: 'optional', elem: readType(optionalType.elemType) };
  if (mapType) return { kind: 'map', key: elementType(mapType.keyType), value: readType(mapType.valueType) };
  if (opaqueType) return { kind: 'opaque', domain: opaqueType.domain ?? '', name: opaqueType.name ?? '' };
  return undefined;
}

const writeShape = (shape: Shape | undefined): ShapeMessage | undefined =>
  shape && {
    dim: shape.map((dim) => {
      if (typeof dim === 'number') return { dimValue: fromBigint(BigInt(dim)) };
      // In a file an unknown dim is nameless.
      return isUnknown(dim) ? {} : { dimParam: String(nameOf(dim) ?? dimText(dim)) };
    }),
  };

/** The message of a type: the one it was read from, if it was. */
export function writeType(type: Type | undefined): TypeMessage | undefined {
  return type && (origins.get(type) ?? fresh(type));
}

function fresh(type: Type): TypeMessage {
  switch (type.kind) {
    case 'tensor':
      return { tensorType: { elemType: dataTypes[type.elem].code, shape: writeShape(type.shape) } };
    case 'sparse':
      return { sparseTensorType: { elemType: dataTypes[type.elem].code, shape: writeShape(type.shape) } };
    case 'sequence':
      return { sequenceType: { elemType: writeType(type.elem) } };
    case 'optional':
      return { optionalType: { elemType: writeType(type.elem) } };
    case 'map':
      return { mapType: { keyType: dataTypes[type.key].code, valueType: writeType(type.value) } };
    case 'opaque':
      return { opaqueType: { domain: type.domain, name: type.name } };
  }
}
