/** Model → ModelProto, the payloads of its tensors apart. */
import type { Graph } from '../ir/graph.js';
import type { Model, ModelFunction } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { dependenciesOf } from '../ir/scopes/order.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { Type } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type CarriedGraph, type CarriedModel, entryOrigins, type StrayValueInfo } from './carried.js';
import { type CarriedConstant, constantAttribute } from './constant-node.js';
import { ScopeNames } from './names.js';
import { type AttributeWriter, writeAttribute } from './proto/attribute-proto.js';
import {
  type FunctionMessage,
  fromBigint,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
  type OperatorSetMessage,
  type SparseTensorMessage,
  type TensorMessage,
  type ValueInfoMessage,
} from './proto/messages.js';
import { type CarriedOpsets, opsetMessages } from './proto/opset-import.js';
import { writeType } from './proto/type-proto.js';
import type { TensorPlacer } from './tensor-writer.js';

/** The message of a model; `placer` decides where each tensor's bytes go. */
export function toMessage(model: Model, placer: TensorPlacer): ModelMessage {
  const writer = new GraphWriter(placer);
  const { source: _source, unread, opsets, ...rest } = (model.carried ?? {}) as Partial<CarriedModel>;
  const functions = model.functions.map((fn) => writer.function(fn));
  for (const [at, fn] of unread ?? []) functions.splice(at, 0, placer.carried(fn));
  return {
    ...rest,
    irVersion: fromBigint(BigInt(model.irVersion)),
    opsetImport: opsetMessages(model.opsets, { opsetImport: rest.opsetImport, opsets }),
    ...text('producerName', model.producerName),
    ...text('producerVersion', model.producerVersion),
    ...text('domain', model.domain),
    ...(model.modelVersion ? { modelVersion: fromBigint(model.modelVersion) } : {}),
    ...text('docString', model.docString),
    graph: writer.graph(model.graph),
    metadataProps: model.metadata.map((entry) => entryOrigins.get(entry) ?? { key: entry.key, value: entry.value }),
    functions,
  };
}

/** A function that imports no operator sets has the model's. */
function functionOpsets({ graph, carried }: ModelFunction): OperatorSetMessage[] {
  const read = carried as CarriedOpsets | undefined;
  return read?.opsetImport.length === 0 && graph.opsets === graph.model.opsets ? [] : opsetMessages(graph.opsets, read);
}

/** A field that is left out where it is empty. */
const text = <K extends string>(key: K, value: string): { [P in K]?: string } =>
  (value === '' ? {} : { [key]: value }) as { [P in K]?: string };

/** The declared type where the value still has its element type; otherwise what the value has. */
function portType(declared: Type | undefined, actual: Type | undefined): Type | undefined {
  if (!declared || !actual) return declared ?? actual;
  const sameKind = declared.kind === actual.kind;
  const sameElement =
    !('elem' in declared && 'elem' in actual) || typeof declared.elem === 'object' || declared.elem === actual.elem;
  return sameKind && sameElement ? declared : actual;
}

class GraphWriter {
  constructor(readonly placer: TensorPlacer) {}

  graph(graph: Graph, outer?: ScopeNames): GraphMessage {
    const names = new ScopeNames(graph, outer);
    const carried = graph.carried as CarriedGraph | undefined;
    const isListed = graph.model.irVersion >= 4;
    const initializers: { name: string; tensor: Tensor }[] = [];
    const asNodes = new Set<Value>();
    for (const value of graph.inputs) {
      const tensor = value.defaultTensor ?? value.tensor;
      if (tensor) initializers.push({ name: names.of(value), tensor });
    }
    for (const value of graph.constants) {
      const name = names.of(value);
      // Before IR 4 every initializer must be an input, and an input is not ours to add.
      const isNode = value.constantNode
        ? !this.placer.isExternal(value.tensor as Tensor)
        : !isListed && !carried?.initializers.includes(name);
      if (isNode) asNodes.add(value);
      // A runtime ignores an initializer without a name, and so does everyone else.
      else if (value.name === '' && value.uses.size === 0 && carried?.initializers.includes(''))
        initializers.push({ name: '', tensor: value.tensor as Tensor });
      else initializers.push({ name, tensor: value.tensor as Tensor });
    }
    const ordered = inOrder(initializers, carried?.initializers, ({ name }) => name);
    return {
      ...carried?.message,
      node: this.#nodes(graph, names, asNodes),
      ...text('name', graph.name),
      initializer: ordered
        .filter(({ tensor }) => !tensor.sparse)
        .map(({ name, tensor }) => this.placer.tensor(tensor, name || undefined, true)),
      sparseInitializer: ordered
        .filter(({ tensor }) => tensor.sparse)
        .map(({ name, tensor }) => this.placer.sparse(tensor, name)),
      ...text('docString', graph.docString),
      input: graph.inputs.map((value) => info(names.of(value), value.carried, value.declared ?? value.type)),
      output: graph.outputPorts.map(({ type, carried: rest }, index) =>
        info(names.ports[index] as string, rest, portType(type, graph.outputs[index]?.type)),
      ),
      valueInfo: this.#valueInfo(graph, names),
    };
  }

  function(fn: ModelFunction): FunctionMessage {
    const { graph } = fn;
    const names = new ScopeNames(graph);
    return {
      ...(fn.carried as object | undefined),
      ...text('name', fn.name),
      input: graph.inputs.map((value) => names.of(value)),
      output: [...names.ports],
      attribute: [...fn.attributes],
      attributeProto: [...fn.defaults].map(([name, attribute]) =>
        writeAttribute(name, attribute, this.#attributeWriter(names)),
      ),
      node: this.#nodes(graph, names, graph.constants),
      ...text('docString', fn.docString),
      opsetImport: functionOpsets(fn),
      ...text('domain', fn.domain),
      ...text('overload', fn.overload),
      valueInfo: this.#valueInfo(graph, names),
    };
  }

  /** Nodes in dependency order, each Constant node where it was made, or before its first user. */
  #nodes(graph: Graph, names: ScopeNames, constants: ReadonlySet<Value>): NodeMessage[] {
    const messages: NodeMessage[] = [];
    const writer = this.#attributeWriter(names);
    const waiting = new Set([...constants].sort((a, b) => a.sequence - b.sequence));
    const emit = (value: Value): void => {
      if (waiting.delete(value)) messages.push(this.#constantNode(value, names, writer));
    };
    for (const node of graph.nodes()) {
      for (const value of waiting) {
        if (value.sequence > node.sequence) break;
        emit(value);
      }
      if (waiting.size > 0) for (const value of dependenciesOf(node)) emit(value);
      messages.push(this.#node(node, names, writer));
    }
    for (const value of waiting) emit(value);
    for (const { port, value } of names.renamed)
      messages.push({ input: [names.of(value)], output: [port], opType: 'Identity' });
    return messages;
  }

  /** Field by field: there are many nodes, and objects that are spread take several times as long. */
  #node(node: Node, names: ScopeNames, writer: AttributeWriter): NodeMessage {
    const message: NodeMessage = {
      input: node.inputs.map((value) => names.of(value)),
      output: node.outputs.map((value) => names.of(value)),
      opType: node.opType,
    };
    if (node.domain) message.domain = node.domain;
    if (node.carried) Object.assign(message, node.carried);
    const name = names.nodeName(node.name, repeatedNames(node.graph));
    if (name) message.name = name;
    if (node.overload) message.overload = node.overload;
    if (node.docString) message.docString = node.docString;
    if (node.attributes.size === 0) return message;
    message.attribute = [];
    for (const [key, attribute] of node.attributes) message.attribute.push(writeAttribute(key, attribute, writer));
    return message;
  }

  #constantNode(value: Value, names: ScopeNames, writer: AttributeWriter): NodeMessage {
    const origin = value.constantNode ?? { name: '', docString: '', attribute: 'value' };
    const tensor = value.tensor as Tensor;
    const carried = (origin.carried as CarriedConstant | undefined)?.node;
    return {
      ...carried,
      output: [names.of(value)],
      ...text('name', names.nodeName(origin.name, repeatedNames(value.graph))),
      opType: 'Constant',
      attribute: [writeAttribute(origin.attribute, constantAttribute(origin, tensor), writer)],
      ...text('docString', origin.docString),
    };
  }

  #attributeWriter(names: ScopeNames): AttributeWriter {
    return {
      tensor: (tensor: Tensor): TensorMessage => this.placer.tensor(tensor, undefined, false),
      sparse: (tensor: Tensor): SparseTensorMessage => this.placer.sparse(tensor, undefined),
      graph: (body: Graph): GraphMessage => this.graph(body, names),
      carried: <T extends object>(message: T): T => this.placer.carried(message),
    };
  }

  #valueInfo(graph: Graph, names: ScopeNames): ValueInfoMessage[] {
    const infos: ValueInfoMessage[] = [];
    const add = (value: Value | undefined) =>
      value?.declared && infos.push(info(names.of(value), value.carried, value.declared));
    graph.constants.forEach(add);
    for (const node of graph.nodes()) node.outputs.forEach(add);
    const { valueInfo, strays = [] } = (graph.carried ?? {}) as Partial<CarriedGraph>;
    const ordered = inOrder(infos, valueInfo, ({ name }) => name ?? '');
    for (const { message, at } of strays.length > 0 ? holding(strays, graph, names) : [])
      ordered.splice(at, 0, message);
    return ordered;
  }
}

/** Entries of value_info that no value holds, where their value is what it was. */
function holding(strays: readonly StrayValueInfo[], graph: Graph, names: ScopeNames): readonly StrayValueInfo[] {
  const values = new Map([...graph.values()].map((value) => [names.of(value), value]));
  return strays.filter(({ message, of }) => {
    const value = values.get(message.name ?? '');
    return of && value ? of.type === value.type : of === value;
  });
}

const repeatedNames = (graph: Graph): ReadonlySet<string> | undefined =>
  (graph.carried as CarriedGraph | undefined)?.repeatedNames;

/** The message of a port or value. What was read without a type that the IR has stays without. */
function info(name: string, carried: unknown, type: Type | undefined): ValueInfoMessage {
  const rest = (carried ?? {}) as Partial<ValueInfoMessage>;
  return { ...rest, name, ...(type && !Object.hasOwn(rest, 'type') ? { type: writeType(type) } : {}) };
}

/** Items in the order their names had in the file; new ones after them, as they come. */
function inOrder<T>(items: readonly T[], order: readonly string[] | undefined, nameOf: (item: T) => string): T[] {
  // Of a name that stands there twice, the first place.
  const places = new Map(order?.map((name, index) => [name, index] as const).reverse());
  const placed = items.map((item) => ({ item, place: places.get(nameOf(item)) ?? order?.length ?? 0 }));
  return placed.sort((a, b) => a.place - b.place).map(({ item }) => item);
}
