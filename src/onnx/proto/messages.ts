/** The messages of onnx.proto, as they are decoded. `lazy` is ours: see wire.ts. */
import type { Int64 } from '../codec/fields.js';

export interface Message {
  /** The bytes of fields that onnx.proto did not have when this was written; no own key that is enumerable. */
  $unknowns?: Uint8Array[];
}
export interface EntryMessage extends Message {
  key?: string;
  value?: string;
}
export interface TensorMessage extends Message {
  dims?: Int64[];
  dataType?: number;
  segment?: object;
  floatData?: number[];
  int32Data?: number[];
  stringData?: Uint8Array[];
  int64Data?: Int64[];
  name?: string;
  docString?: string;
  rawData?: Uint8Array;
  externalData?: EntryMessage[];
  dataLocation?: number;
  doubleData?: number[];
  uint64Data?: Int64[];
  metadataProps?: EntryMessage[];
  /** Fields that were left where they are: `proto/wire.ts` and `codec/pieces.ts` say how. */
  lazy?: Int64[];
}
export interface SparseTensorMessage extends Message {
  values?: TensorMessage;
  indices?: TensorMessage;
  dims?: Int64[];
}
export interface DimensionMessage extends Message {
  dimValue?: Int64;
  dimParam?: string;
  denotation?: string;
}
export interface ShapeMessage extends Message {
  dim?: DimensionMessage[];
}
export interface TypeMessage extends Message {
  tensorType?: { elemType?: number; shape?: ShapeMessage };
  sequenceType?: { elemType?: TypeMessage };
  mapType?: { keyType?: number; valueType?: TypeMessage };
  optionalType?: { elemType?: TypeMessage };
  sparseTensorType?: { elemType?: number; shape?: ShapeMessage };
  opaqueType?: { domain?: string; name?: string };
  denotation?: string;
}
export interface ValueInfoMessage extends Message {
  name?: string;
  type?: TypeMessage;
  docString?: string;
  metadataProps?: EntryMessage[];
}
export interface AttributeMessage extends Message {
  name?: string;
  refAttrName?: string;
  docString?: string;
  type?: number;
  f?: number;
  i?: Int64;
  s?: Uint8Array;
  t?: TensorMessage;
  g?: GraphMessage;
  sparseTensor?: SparseTensorMessage;
  tp?: TypeMessage;
  floats?: number[];
  ints?: Int64[];
  strings?: Uint8Array[];
  tensors?: TensorMessage[];
  graphs?: GraphMessage[];
  sparseTensors?: SparseTensorMessage[];
  typeProtos?: TypeMessage[];
}
export interface NodeMessage extends Message {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  domain?: string;
  overload?: string;
  attribute?: AttributeMessage[];
  docString?: string;
  metadataProps?: EntryMessage[];
  deviceConfigurations?: object[];
}
export interface GraphMessage extends Message {
  node?: NodeMessage[];
  name?: string;
  initializer?: TensorMessage[];
  sparseInitializer?: SparseTensorMessage[];
  docString?: string;
  input?: ValueInfoMessage[];
  output?: ValueInfoMessage[];
  valueInfo?: ValueInfoMessage[];
  quantizationAnnotation?: object[];
  metadataProps?: EntryMessage[];
}
export interface OperatorSetMessage extends Message {
  domain?: string;
  version?: Int64;
}
export interface FunctionMessage extends Message {
  name?: string;
  input?: string[];
  output?: string[];
  attribute?: string[];
  attributeProto?: AttributeMessage[];
  node?: NodeMessage[];
  docString?: string;
  opsetImport?: OperatorSetMessage[];
  domain?: string;
  overload?: string;
  valueInfo?: ValueInfoMessage[];
  metadataProps?: EntryMessage[];
}
export interface ModelMessage extends Message {
  irVersion?: Int64;
  opsetImport?: OperatorSetMessage[];
  producerName?: string;
  producerVersion?: string;
  domain?: string;
  modelVersion?: Int64;
  docString?: string;
  graph?: GraphMessage;
  metadataProps?: EntryMessage[];
  trainingInfo?: object[];
  functions?: FunctionMessage[];
  configuration?: object[];
}

/** An int64 as a bigint. */
export function toBigint(value: Int64 | undefined): bigint {
  if (value === undefined) return 0n;
  if (typeof value === 'number') return BigInt(value);
  const bits = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? bits : BigInt.asIntN(64, bits);
}

/** A bigint as an int64 for the wire. */
export const fromBigint = (value: bigint): Int64 => {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  const bits = BigInt.asUintN(64, value);
  return { low: Number(bits & 0xffffffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: false };
};

/**
 * What a message says beyond what the IR holds of it: fields it does not model, and modelled strings that are stated although they
 * are empty, which the IR does not tell from absent ones. The writer starts from it.
 */
export function leftover<T extends object>(message: T, modelled: readonly (keyof T)[]): Partial<T> | undefined {
  let rest: Record<string, unknown> | undefined;
  for (const key of Object.keys(message)) {
    const value = message[key as keyof T];
    if (modelled.includes(key as keyof T) ? value !== '' : Array.isArray(value) && value.length === 0) continue;
    rest ??= {};
    rest[key] = value;
  }
  const { $unknowns } = message as Message;
  if ($unknowns?.length) rest = { ...rest, $unknowns };
  if (!rest) return undefined;
  const keys = Object.keys(rest);
  if (!keys.every((key) => rest[key] === '')) return rest as Partial<T>;
  const alike = keys.join(' ');
  const known = stated.get(alike) ?? Object.freeze(rest);
  stated.set(alike, known);
  return known as Partial<T>;
}

/** Of many nodes the same empty strings are stated: one object stands for all. */
const stated = new Map<string, object>();
