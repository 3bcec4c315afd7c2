/** AttributeProto ↔ Attribute. */
import type { Attribute, AttributeType } from '../../ir/attribute.js';
import type { Graph } from '../../ir/graph.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import { ModelError } from '../../ir/text/errors.js';
import { OddNaN } from '../codec/lossless.js';
import {
  type AttributeMessage,
  fromBigint,
  type GraphMessage,
  type SparseTensorMessage,
  type TensorMessage,
  toBigint,
} from './messages.js';
import { readSparseTensor, readTensor, rememberSource, type TensorSources } from './tensor-proto.js';
import { readType, writeType } from './type-proto.js';

/** AttributeProto.AttributeType, and the field that holds each. */
const forms = {
  float: [1, 'f'],
  int: [2, 'i'],
  string: [3, 's'],
  tensor: [4, 't'],
  graph: [5, 'g'],
  floats: [6, 'floats'],
  ints: [7, 'ints'],
  strings: [8, 'strings'],
  tensors: [9, 'tensors'],
  graphs: [10, 'graphs'],
  sparse_tensor: [11, 'sparseTensor'],
  sparse_tensors: [12, 'sparseTensors'],
  type_proto: [13, 'tp'],
  type_protos: [14, 'typeProtos'],
} as const satisfies Record<AttributeType, readonly [number, keyof AttributeMessage]>;

const types = Object.keys(forms) as AttributeType[];

/** The type a message states, or (IR 1 stated none) the field it fills. */
export function typeOf(message: AttributeMessage): AttributeType | undefined {
  const stated = types.find((type) => forms[type][0] === message.type);
  if (stated || message.type) return stated;
  return types.find((type) => {
    const field = message[forms[type][1]];
    return Array.isArray(field) ? field.length > 0 : Object.hasOwn(message, forms[type][1]);
  });
}

/** What an attribute was read from, where that says more than its value: written as long as it has that value. */
interface CarriedAttribute {
  readonly message: AttributeMessage;
  readonly attribute: Attribute;
}

/** `fill` reads a body in the scope that the attribute stands in; `owner` says in messages whose attribute it is. */
export function readAttribute(
  message: AttributeMessage,
  sources: TensorSources,
  fill: (body: GraphMessage) => Graph,
  owner: string,
): Attribute {
  const type = typeOf(message);
  const place = `${owner}, attribute "${message.name ?? ''}"`;
  const attribute = readValue(message, type, sources, fill, place);
  // An absent string reads as '': only one that is there is written back.
  const described = Object.hasOwn(message, 'docString') ? { ...attribute, docString: message.docString } : attribute;
  if (isPlain(message, attribute)) return described;
  const rest = withoutParts(message, attribute.type);
  rememberSource(rest, sources.main, place);
  return { ...described, carried: { message: rest, attribute: described } satisfies CarriedAttribute };
}

/** True where the message says its name, its type and its value, and nothing else. */
function isPlain(message: AttributeMessage, attribute: Attribute): boolean {
  if (attribute.type === 'ref')
    return saysOnly(message, ['name', 'refAttrName', 'docString', 'type']) && isTyped(message, attribute.of);
  const [code, field] = forms[attribute.type];
  const value = message[field];
  if (message.type !== code || !saysOnly(message, ['name', 'type', 'docString', field])) return false;
  if (!Object.hasOwn(message, field) || attribute.value === undefined) return false;
  return Array.isArray(value)
    ? !value.some((item) => item instanceof OddNaN) && !(attribute.value as unknown[]).includes(undefined)
    : !(value instanceof OddNaN);
}

const isTyped = (message: AttributeMessage, type: AttributeType | 'undefined'): boolean =>
  Object.hasOwn(message, 'type') === (type !== 'undefined');

function saysOnly(message: AttributeMessage, fields: readonly (keyof AttributeMessage)[]): boolean {
  const isSaid = (key: string): boolean => {
    const value = message[key as keyof AttributeMessage];
    return !(Array.isArray(value) && value.length === 0);
  };
  return (
    !message.$unknowns &&
    Object.hasOwn(message, 'name') &&
    Object.keys(message).every((key) => fields.includes(key as keyof AttributeMessage) || !isSaid(key))
  );
}

function readValue(
  message: AttributeMessage,
  type: AttributeType | undefined,
  sources: TensorSources,
  fill: (body: GraphMessage) => Graph,
  place: string,
): Attribute {
  if (message.refAttrName) return { type: 'ref', name: message.refAttrName, of: type ?? 'undefined' };
  const stated = <T>(item: T | null | undefined, kind: string): T => {
    if (!item) throw new ModelError(place, `a ${kind}, as its type says`, 'none');
    return item;
  };
  const tensor = (item: TensorMessage | undefined): Tensor => readTensor(stated(item, 'tensor'), sources, place);
  const sparse = (item: SparseTensorMessage | undefined): Tensor =>
    readSparseTensor(stated(item, 'sparse tensor'), sources, place);
  switch (type) {
    case 'float':
      return { type, value: Number(message.f ?? 0) };
    case 'int':
      return { type, value: toBigint(message.i) };
    case 'string':
      return { type, value: Object.hasOwn(message, 's') ? (message.s as Uint8Array) : new Uint8Array(0) };
    case 'tensor':
      return { type, value: tensor(message.t) };
    case 'graph':
      return { type, value: fill(stated(message.g, 'graph')) };
    case 'sparse_tensor':
      return { type, value: sparse(message.sparseTensor) };
    case 'type_proto':
      return { type, value: readType(message.tp) };
    case 'floats':
      return { type, value: (message.floats ?? []).map(Number) };
    case 'ints':
      return { type, value: (message.ints ?? []).map(toBigint) };
    case 'strings':
      return { type, value: message.strings ?? [] };
    case 'tensors':
      return { type, value: (message.tensors ?? []).map(tensor) };
    case 'graphs':
      return { type, value: (message.graphs ?? []).map(fill) };
    case 'sparse_tensors':
      return { type, value: (message.sparseTensors ?? []).map(sparse) };
    case 'type_protos':
      return { type, value: (message.typeProtos ?? []).map(readType) };
    default:
      throw new ModelError(place, 'an attribute type of ONNX', `type ${message.type ?? 0}`);
  }
}

/** What the writer does with the parts that hold tensors and graphs. */
export interface AttributeWriter {
  tensor(tensor: Tensor): TensorMessage;
  sparse(tensor: Tensor): SparseTensorMessage;
  graph(graph: Graph): GraphMessage;
  /** A message that was read, as it was. */
  carried<T extends object>(message: T): T;
}

export function writeAttribute(name: string, attribute: Attribute, writer: AttributeWriter): AttributeMessage {
  const { docString } = attribute;
  const origin = attribute.carried as CarriedAttribute | undefined;
  const own = origin && writer.carried(origin.message);
  if (own && isAsRead(attribute, origin.attribute)) {
    const said = name === (own.name ?? '') ? own : { ...own, name };
    return hasParts(attribute) ? { ...said, [forms[attribute.type][1]]: contentOf(attribute, writer) } : said;
  }
  const message: AttributeMessage = { name };
  if (docString !== undefined) message.docString = docString;
  if (attribute.type === 'ref') {
    message.refAttrName = attribute.name;
    if (attribute.of !== 'undefined') message.type = forms[attribute.of][0];
    return message;
  }
  const [code, field] = forms[attribute.type];
  message.type = code;
  return Object.assign(message, { [field]: contentOf(attribute, writer) });
}

/** Values with parts of their own, tensors and graphs: written anew, as each of these remembers what it was read from. */
const parted = new Set<string>(['tensor', 'tensors', 'sparse_tensor', 'sparse_tensors', 'graph', 'graphs']);
type AttributeWithParts = Extract<Attribute, { value: Tensor | Graph | readonly Tensor[] | readonly Graph[] }>;
const hasParts = (attribute: Attribute): attribute is AttributeWithParts => parted.has(attribute.type);

/** True where the attribute still has the value that it was read with. Parts speak for themselves. */
const isAsRead = (attribute: Attribute, read: Attribute): boolean =>
  attribute.type === read.type &&
  (attribute.type === 'ref'
    ? attribute.name === (read as typeof attribute).name
    : hasParts(attribute) || Object.is(attribute.value, (read as typeof attribute).value));

function withoutParts(message: AttributeMessage, type: Attribute['type']): AttributeMessage {
  if (!parted.has(type)) return message;
  const { [forms[type as AttributeType][1]]: _parts, ...rest } = message;
  return message.$unknowns ? { ...rest, $unknowns: message.$unknowns } : rest;
}

function contentOf(attribute: Exclude<Attribute, { type: 'ref' }>, writer: AttributeWriter): unknown {
  switch (attribute.type) {
    case 'int':
      return fromBigint(attribute.value);
    case 'ints':
      return attribute.value.map(fromBigint);
    case 'tensor':
      return writer.tensor(attribute.value);
    case 'tensors':
      return attribute.value.map((item) => writer.tensor(item));
    case 'sparse_tensor':
      return writer.sparse(attribute.value);
    case 'sparse_tensors':
      return attribute.value.map((item) => writer.sparse(item));
    case 'graph':
      return writer.graph(attribute.value);
    case 'graphs':
      return attribute.value.map((item) => writer.graph(item));
    case 'type_proto':
      return writeType(attribute.value);
    case 'type_protos':
      return attribute.value.map((item) => writeType(item) ?? {});
    default:
      return attribute.value;
  }
}
