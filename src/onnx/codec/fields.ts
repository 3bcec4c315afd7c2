/** The messages of onnx.proto: names, numbers and types of their fields (ONNX IR version 14). A field that is not listed is kept as its bytes. */

/** Number of the field that stands for the fields left in the file, `lazy` (proto/wire.ts). The largest number protobuf has: ONNX will not use it. */
export const LAZY_FIELD = 536870911;
/** Ends each entry of `lazy`. A file that states the field itself cannot know the number: it is another in each process. */
export const LAZY_MARK = Math.floor(Math.random() * 2 ** 48);

/** `name number type`, `*` for repeated, `+` for repeated and packed. */
const texts: Readonly<Record<string, string>> = {
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

/** Types of numbers and text, and how each stands on the wire: 0 a varint, 1 and 5 eight and four bytes, 2 bytes with their length before them. */
export const wires = { int32: 0, int64: 0, uint64: 0, double: 1, string: 2, bytes: 2, float: 5 } as const;
export type Scalar = keyof typeof wires;

/** An int64 on the wire: a number where that is exact, else its halves. */
export type Int64 = number | { low: number; high: number; unsigned?: boolean };

export interface Field {
  readonly name: string;
  readonly number: number;
  /** A number or text, or the message that it holds. */
  readonly type: Scalar | MessageType;
  readonly repeated: boolean;
  /** Of numbers that are repeated: written without a tag for each. */
  readonly packed: boolean;
}

export interface MessageType {
  readonly name: string;
  /** In the order of their numbers, as they are written. */
  readonly fields: readonly Field[];
  /** By number and wire type, as they begin in a file: eight times the one, plus the other. */
  readonly byTag: ReadonlyMap<number, Field>;
}

const types = new Map<string, MessageType>();

/** A message by its name in onnx.proto. */
export function messageType(name: string): MessageType {
  const known = types.get(name);
  if (known) return known;
  const text = texts[name];
  if (text === undefined) throw new TypeError(`onnx.proto has no ${name}`);
  const fields: Field[] = [];
  const byTag = new Map<number, Field>();
  const type: MessageType = { name, fields, byTag };
  types.set(name, type);
  for (const words of text ? text.split(', ') : []) {
    const [field, number, kind] = words.split(' ') as [string, string, string];
    fields.push(fieldOf(field, Number(number), kind));
  }
  fields.sort((a, b) => a.number - b.number);
  for (const field of fields) for (const wire of wiresOf(field)) byTag.set(field.number * 8 + wire, field);
  return type;
}

function fieldOf(name: string, number: number, kind: string): Field {
  const type = kind.replace(/^[*+]/, '');
  return {
    name,
    number,
    type: Object.hasOwn(wires, type) ? (type as Scalar) : messageType(type),
    repeated: type !== kind,
    packed: kind.startsWith('+'),
  };
}

/** Numbers that are repeated are read packed or not, whatever the schema says. */
function wiresOf({ type, repeated }: Field): readonly number[] {
  const wire = typeof type === 'string' ? wires[type] : 2;
  return repeated && wire !== 2 ? [wire, 2] : [wire];
}
