/** AttributeProto ↔ Attribute, and Constant nodes, whose one attribute is a tensor. */
import type { Attribute, AttributeType } from '../ir/attribute.js';
import { ModelError } from '../ir/errors.js';
import type { Graph } from '../ir/graph.js';
import { bigintsOf, numbersOf, tensorOf } from '../ir/numbers.js';
import { memoryTensor, stringTensor, type Tensor } from '../ir/tensor.js';
import type { ConstantNode } from '../ir/value.js';
import {
  type AttributeMessage,
  fromBigint,
  type GraphMessage,
  leftover,
  type NodeMessage,
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
function typeOf(message: AttributeMessage): AttributeType | undefined {
  const stated = types.find((type) => forms[type][0] === message.type);
  if (stated || message.type) return stated;
  return types.find((type) => {
    const field = message[forms[type][1]];
    return Array.isArray(field) ? field.length > 0 : Object.hasOwn(message, forms[type][1]);
  });
}

/** `fill` reads a body in the scope that the attribute stands in. */
export function readAttribute(
  message: AttributeMessage,
  sources: TensorSources,
  fill: (body: GraphMessage) => Graph,
): Attribute {
  const type = typeOf(message);
  const place = `attribute "${message.name ?? ''}"`;
  const common = {
    docString: message.docString,
    carried: leftover(message, ['name', 'refAttrName', 'docString', 'type', ...(type ? [forms[type][1]] : [])]),
  };
  if (message.refAttrName) return { ...common, type: 'ref', name: message.refAttrName, of: type ?? 'undefined' };
  const tensor = (item: TensorMessage | undefined): Tensor => readTensor(item ?? {}, sources, place);
  const sparse = (item: SparseTensorMessage | undefined): Tensor => readSparseTensor(item ?? {}, sources, place);
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
      return { ...common, type, value: fill(message.g ?? {}) };
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

const constantForms = [
  'value',
  'sparse_value',
  'value_float',
  'value_floats',
  'value_int',
  'value_ints',
  'value_string',
  'value_strings',
];

/** The tensor of a Constant node, and what else its message says; undefined for other nodes and for references to an attribute. */
export function constantOf(
  message: NodeMessage,
  sources: TensorSources,
): { tensor: Tensor; node: ConstantNode } | undefined {
  const [attribute, more] = message.attribute ?? [];
  if (message.opType !== 'Constant' || (message.domain && message.domain !== 'ai.onnx')) return undefined;
  if (!attribute || more || attribute.refAttrName || !constantForms.includes(attribute.name ?? '')) return undefined;
  const read = readAttribute(attribute, sources, () => {
    throw new ModelError(`node "${message.name ?? ''}"`, 'a tensor', 'a graph');
  });
  const tensor = tensorFrom(read);
  if (!tensor) return undefined;
  const { type: _type, ...rest } = read;
  const carried = {
    node: leftover(message, ['input', 'output', 'name', 'opType', 'attribute', 'docString']),
    attribute: { docString: rest.docString, carried: rest.carried },
  };
  return {
    tensor,
    node: { name: message.name ?? '', docString: message.docString ?? '', attribute: attribute.name ?? '', carried },
  };
}

function tensorFrom(attribute: Attribute): Tensor | undefined {
  switch (attribute.type) {
    case 'tensor':
    case 'sparse_tensor':
      return attribute.value;
    case 'float':
      return tensorOf('float32', attribute.value);
    case 'floats':
      return tensorOf('float32', attribute.value);
    case 'int':
      return int64Tensor([attribute.value], []);
    case 'ints':
      return int64Tensor(attribute.value, [attribute.value.length]);
    case 'string':
      return stringTensor([], [attribute.value]);
    case 'strings':
      return stringTensor([attribute.value.length], attribute.value);
    default:
      return undefined;
  }
}

const int64Tensor = (values: readonly bigint[], shape: readonly number[]): Tensor =>
  memoryTensor('int64', shape, new Uint8Array(BigInt64Array.from(values).buffer));

/** The attribute of the Constant node that a constant was read from. */
export function constantAttribute(constant: ConstantNode, tensor: Tensor): Attribute {
  const { attribute } = (constant.carried ?? { attribute: {} }) as { attribute: object };
  const first = <T>(list: ArrayLike<T>): T => list[0] as T;
  switch (constant.attribute) {
    case 'sparse_value':
      return { ...attribute, type: 'sparse_tensor', value: tensor };
    case 'value_float':
      return { ...attribute, type: 'float', value: first(numbersOf(tensor)) };
    case 'value_floats':
      return { ...attribute, type: 'floats', value: [...numbersOf(tensor)] };
    case 'value_int':
      return { ...attribute, type: 'int', value: first(bigintsOf(tensor)) };
    case 'value_ints':
      return { ...attribute, type: 'ints', value: bigintsOf(tensor) };
    case 'value_string':
      return { ...attribute, type: 'string', value: textBytes(tensor) };
    case 'value_strings':
      return { ...attribute, type: 'strings', value: tensor.strings ?? [] };
    default:
      return { ...attribute, type: 'tensor', value: tensor };
  }
}

const textBytes = (tensor: Tensor): Uint8Array => tensor.strings?.[0] ?? new Uint8Array(0);
