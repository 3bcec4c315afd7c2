/** AttributeProto ↔ Attribute. */
import type { Attribute, AttributeType } from '../ir/attribute.js';
import { ModelError } from '../ir/errors.js';
import type { Graph } from '../ir/graph.js';
import type { Tensor } from '../ir/tensor.js';
import {
  type AttributeMessage,
  fromBigint,
  type GraphMessage,
  leftover,
  type SparseTensorMessage,
  type TensorMessage,
  toBigint,
} from './messages.js';
import { readSparseTensor, readTensor, type TensorSources } from './tensor-proto.js';
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

/** `fill` reads a body in the scope that the attribute stands in; `owner` says in messages whose attribute it is. */
export function readAttribute(
  message: AttributeMessage,
  sources: TensorSources,
  fill: (body: GraphMessage) => Graph,
  owner: string,
): Attribute {
  const type = typeOf(message);
  const place = `${owner}, attribute "${message.name ?? ''}"`;
  const common = {
    // An absent string reads as '': only one that is there is written back.
    ...(Object.hasOwn(message, 'docString') ? { docString: message.docString } : {}),
    carried: leftover(message, ['name', 'refAttrName', 'docString', 'type', ...(type ? [forms[type][1]] : [])]),
  };
  if (isLeftInFile(common.carried))
    throw new ModelError(
      place,
      `what its type ${type ?? message.type} says alone`,
      'a tensor beside it',
      'Write the file again without it',
    );
  if (message.refAttrName) return { ...common, type: 'ref', name: message.refAttrName, of: type ?? 'undefined' };
  const stated = <T>(item: T | null | undefined, kind: string): T => {
    if (!item) throw new ModelError(place, `a ${kind}, as its type says`, 'none');
    return item;
  };
  const tensor = (item: TensorMessage | undefined): Tensor => readTensor(stated(item, 'tensor'), sources, place);
  const sparse = (item: SparseTensorMessage | undefined): Tensor =>
    readSparseTensor(stated(item, 'sparse tensor'), sources, place);
  switch (type) {
    case 'float':
      return { ...common, type, value: message.f ?? 0 };
    case 'int':
      return { ...common, type, value: toBigint(message.i) };
    case 'string':
      return { ...common, type, value: message.s ?? new Uint8Array(0) };
    case 'tensor':
      return { ...common, type, value: tensor(message.t) };
    case 'graph':
      return { ...common, type, value: fill(stated(message.g, 'graph')) };
    case 'sparse_tensor':
      return { ...common, type, value: sparse(message.sparseTensor) };
    case 'type_proto':
      return { ...common, type, value: readType(message.tp) };
    case 'floats':
      return { ...common, type, value: message.floats ?? [] };
    case 'ints':
      return { ...common, type, value: (message.ints ?? []).map(toBigint) };
    case 'strings':
      return { ...common, type, value: message.strings ?? [] };
    case 'tensors':
      return { ...common, type, value: (message.tensors ?? []).map(tensor) };
    case 'graphs':
      return { ...common, type, value: (message.graphs ?? []).map(fill) };
    case 'sparse_tensors':
      return { ...common, type, value: (message.sparseTensors ?? []).map(sparse) };
    case 'type_protos':
      return { ...common, type, value: (message.typeProtos ?? []).map(readType) };
    default:
      throw new ModelError(place, 'an attribute type of ONNX', `type ${message.type ?? 0}`);
  }
}

/** True where a message that is only carried holds a tensor whose numbers were left in the file: nobody would put them back. */
function isLeftInFile(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || message instanceof Uint8Array) return false;
  if ((message as TensorMessage).lazy?.length) return true;
  return Object.values(message).some(isLeftInFile);
}

/** What the writer does with the parts that hold tensors and graphs. */
export interface AttributeWriter {
  tensor(tensor: Tensor): TensorMessage;
  sparse(tensor: Tensor): SparseTensorMessage;
  graph(graph: Graph): GraphMessage;
}

export function writeAttribute(name: string, attribute: Attribute, writer: AttributeWriter): AttributeMessage {
  const { docString } = attribute;
  const message: AttributeMessage = {
    ...(attribute.carried as object | undefined),
    name,
    ...(docString === undefined ? {} : { docString }),
  };
  if (attribute.type === 'ref')
    return {
      ...message,
      refAttrName: attribute.name,
      ...(attribute.of === 'undefined' ? {} : { type: forms[attribute.of][0] }),
    };
  message.type = forms[attribute.type][0];
  return { ...message, [forms[attribute.type][1]]: contentOf(attribute, writer) };
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
