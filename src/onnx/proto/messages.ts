/**
 * The messages of onnx.proto, for protobufjs: names, numbers and types of their fields (ONNX IR version 14).
 * `lazy` is ours: see wire.ts. Fields that are not listed are kept by protobufjs as `$unknowns`.
 */
import protobuf from 'protobufjs/light.js';
import { losslessReader, losslessWriter } from './lossless.js';

/** An int64 on the wire, as protobufjs gives it. */
export type Int64 = number | { low: number; high: number; unsigned?: boolean };

/** Unknown fields, kept by protobufjs. */
export interface Message {
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
  /** Triples of (field number, offset or payload, length): fields that were left where they are. */
  lazy?: number[];
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

/** Number of the field that stands for the fields left in the file. The largest number protobuf has: ONNX will not use it. */
export const LAZY_FIELD = 536870911;

/** `name number type`, `*` for repeated, `+` for repeated and packed. */
const fields: Record<string, string> = {
  AttributeProto:
    'name 1 string, refAttrName 21 string, docString 13 string, type 20 int32, f 2 float, i 3 int64, s 4 bytes, t 5 TensorProto, g 6 GraphProto, sparseTensor 22 SparseTensorProto, tp 14 TypeProto, floats 7 *float, ints 8 *int64, strings 9 *bytes, tensors 10 *TensorProto, graphs 11 *GraphProto, sparseTensors 23 *SparseTensorProto, typeProtos 15 *TypeProto',
  ValueInfoProto: 'name 1 string, type 2 TypeProto, docString 3 string, metadataProps 4 *StringStringEntryProto',
  NodeProto:
    'input 1 *string, output 2 *string, name 3 string, opType 4 string, domain 7 string, overload 8 string, attribute 5 *AttributeProto, docString 6 string, metadataProps 9 *StringStringEntryProto, deviceConfigurations 10 *Opaque',
  ModelProto:
    'irVersion 1 int64, opsetImport 8 *OperatorSetIdProto, producerName 2 string, producerVersion 3 string, domain 4 string, modelVersion 5 int64, docString 6 string, graph 7 GraphProto, metadataProps 14 *StringStringEntryProto, trainingInfo 20 *Opaque, functions 25 *FunctionProto, configuration 26 *Opaque',
  StringStringEntryProto: 'key 1 string, value 2 string',
  GraphProto:
    'node 1 *NodeProto, name 2 string, initializer 5 *TensorProto, sparseInitializer 15 *SparseTensorProto, docString 10 string, input 11 *ValueInfoProto, output 12 *ValueInfoProto, valueInfo 13 *ValueInfoProto, quantizationAnnotation 14 *Opaque, metadataProps 16 *StringStringEntryProto',
  TensorProto: `dims 1 *int64, dataType 2 int32, segment 3 Opaque, floatData 4 +float, int32Data 5 +int32, stringData 6 *bytes, int64Data 7 +int64, name 8 string, docString 12 string, rawData 9 bytes, externalData 13 *StringStringEntryProto, dataLocation 14 int32, doubleData 10 +double, uint64Data 11 +uint64, metadataProps 16 *StringStringEntryProto, lazy ${LAZY_FIELD} +uint64`,
  SparseTensorProto: 'values 1 TensorProto, indices 2 TensorProto, dims 3 *int64',
  TensorShapeProto: 'dim 1 *Dimension',
  Dimension: 'dimValue 1 int64, dimParam 2 string, denotation 3 string',
  TypeProto:
    'tensorType 1 TensorTypeProto, sequenceType 4 ElementTypeProto, mapType 5 MapTypeProto, optionalType 9 ElementTypeProto, sparseTensorType 8 TensorTypeProto, opaqueType 7 OpaqueTypeProto, denotation 6 string',
  TensorTypeProto: 'elemType 1 int32, shape 2 TensorShapeProto',
  ElementTypeProto: 'elemType 1 TypeProto',
  MapTypeProto: 'keyType 1 int32, valueType 2 TypeProto',
  OpaqueTypeProto: 'domain 1 string, name 2 string',
  OperatorSetIdProto: 'domain 1 string, version 2 int64',
  FunctionProto:
    'name 1 string, input 4 *string, output 5 *string, attribute 6 *string, attributeProto 11 *AttributeProto, node 7 *NodeProto, docString 8 string, opsetImport 9 *OperatorSetIdProto, domain 10 string, overload 13 string, valueInfo 12 *ValueInfoProto, metadataProps 14 *StringStringEntryProto',
  // Messages the IR does not look into: every field is unknown, so every field is kept.
  Opaque: '',
};

function define(): protobuf.Root {
  const root = new protobuf.Root();
  for (const [name, list] of Object.entries(fields)) {
    const type = new protobuf.Type(name);
    for (const field of list ? list.split(', ') : []) {
      const [key, id, text] = field.split(' ') as [string, string, string];
      const rule = /^[*+]/.test(text) ? 'repeated' : undefined;
      // proto2: a repeated number is packed only where the schema says so.
      const options = { packed: text.startsWith('+') };
      type.add(new protobuf.Field(key, Number(id), text.replace(/^[*+]/, ''), rule, undefined, rule && options));
    }
    root.add(type);
  }
  return root;
}

let root: protobuf.Root | undefined;
const typeNamed = (name: string): protobuf.Type => (root ??= define()).lookupType(name);

/** Decodes one message, unknown fields kept. Throws what protobufjs throws on bytes that are no such message. */
export function decodeMessage<T extends Message>(name: string, bytes: Uint8Array): T {
  return typeNamed(name).decode(losslessReader(bytes)) as unknown as T;
}

export const encodeMessage = (name: string, message: Message): Uint8Array =>
  typeNamed(name)
    .encode(message as { [k: string]: unknown }, losslessWriter())
    .finish();

/** An int64 as a bigint. */
export function toBigint(value: Int64 | undefined): bigint {
  if (value === undefined) return 0n;
  if (typeof value === 'number') return BigInt(value);
  const bits = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? bits : BigInt.asIntN(64, bits);
}

/** A bigint as an int64 for the wire. */
export const fromBigint = (value: bigint): Int64 => {
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
