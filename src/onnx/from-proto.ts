/** ModelProto → Model. Names become values; Constant nodes become constants; what the IR does not model is carried. */
import type { Attribute } from '../ir/attribute.js';
import { append } from '../ir/collections/lists.js';
import { Graph } from '../ir/graph.js';
import { type Entry, Model, type ModelFunction } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { scopesIn } from '../ir/scopes/scopes.js';
import { ModelError } from '../ir/text/errors.js';
import { equalTypes, type Type, tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { giveRanges } from '../ir/whole-model/ranges.js';
import { type CarriedGraph, entryOrigins, type StrayValueInfo } from './carried.js';
import { readFunctions } from './checks/function-calls.js';
import { constantOf, labelOf } from './constant-node.js';
import { readAttribute } from './proto/attribute-proto.js';
import {
  type AttributeMessage,
  type EntryMessage,
  type FunctionMessage,
  type GraphMessage,
  leftover,
  type ModelMessage,
  type NodeMessage,
  toBigint,
  type ValueInfoMessage,
} from './proto/messages.js';
import { type CarriedOpsets, opsetsOf, versionOf } from './proto/opset-import.js';
import { readSparseTensor, readTensor, rememberSource, type TensorSources } from './proto/tensor-proto.js';
import { readType, writeAs } from './proto/type-proto.js';
import { Scope } from './scope.js';

/** The nodes of the graph may come beside its message. Throws ModelError where names are missing or defined twice, tensors have the wrong size, or nodes or functions form a cycle. */
export function fromMessage(
  message: ModelMessage,
  sources: TensorSources,
  place: string,
  nodes?: Iterable<NodeMessage>,
): Model {
  if (!message.graph) throw new ModelError(place, 'a graph', 'none', 'The file is not an ONNX model, or is damaged');
  const irVersion = versionOf(message.irVersion, 'an ir_version', place);
  const opsets = opsetsOf(message.opsetImport, place);
  if (irVersion < 1) throw new ModelError(place, 'an ir_version of 1 or more', String(irVersion));
  if (irVersion >= 3 && opsets.size === 0)
    throw new ModelError(place, 'an opset_import', 'none', 'Export the model again, or set the opset it was made for');
  const model = new Model(opsets, irVersion);
  model.budget = sources.budget;
  model.producerName = message.producerName ?? '';
  model.producerVersion = message.producerVersion ?? '';
  model.domain = message.domain ?? '';
  model.modelVersion = toBigint(message.modelVersion);
  model.docString = message.docString ?? '';
  model.metadata = (message.metadataProps ?? []).map(readEntry);
  const reader = new GraphReader(sources);
  reader.fill(model.graph, message.graph, undefined, nodes);
  for (const [type, before] of giveRanges(model)) writeAs(type, before);
  for (const graph of scopesIn(model.graph)) graph.nodes();
  const unread = readFunctions(model, message.functions ?? [], (fn) => reader.readFunction(model, fn));
  rememberSource([...unread.values()], sources.main, place);
  model.carried = withOpsets(message, model.opsets, [
    'irVersion',
    'opsetImport',
    'producerName',
    'producerVersion',
    'domain',
    'modelVersion',
    'docString',
    'graph',
    'metadataProps',
    'functions',
  ]);
  if (Object.hasOwn(message, 'modelVersion') && model.modelVersion === 0n)
    Object.assign(model.carried as object, { modelVersion: message.modelVersion });
  if (unread.size > 0) Object.assign(model.carried as object, { unread });
  model.markAsRead();
  return model;
}

/** What a model's or a function's message says and the IR does not model, and how it spells its operator sets. */
const withOpsets = <T extends ModelMessage | FunctionMessage>(
  message: T,
  opsets: ReadonlyMap<string, number>,
  modelled: readonly (keyof T)[],
) =>
  ({
    ...leftover(message, modelled),
    opsetImport: message.opsetImport ?? [],
    opsets: new Map(opsets),
  }) satisfies CarriedOpsets;

function readEntry(message: EntryMessage): Entry {
  const entry = { key: message.key ?? '', value: message.value ?? '' };
  const isWhole = Object.hasOwn(message, 'key') && Object.hasOwn(message, 'value') && !message.$unknowns;
  if (!isWhole) entryOrigins.set(entry, message);
  return entry;
}

const modelledOfNode = ['input', 'output', 'name', 'opType', 'overload', 'attribute', 'docString'] as const;

/** What a port's message says besides its name and a type that the IR has. */
const carriedPort = (info: ValueInfoMessage, type: Type | undefined) =>
  type ? leftover(info, ['name', 'type']) : { ...leftover(info, ['name', 'type']), type: info.type };

/** What a node reads, where all of it is there whatever comes behind: an own value hides one of an outer scope. Bodies may read more. */
function inputsAtHand({ input = [], attribute }: NodeMessage, scope: Scope): (Value | undefined)[] | undefined {
  for (const { g, graphs } of attribute ?? []) if (g || graphs?.length) return undefined;
  const values = input.map((name) => (name === '' ? undefined : scope.own(name)));
  return values.every((value, index) => value || input[index] === '') ? values : undefined;
}

const inputsOf = (node: Node, { input = [] }: NodeMessage, scope: Scope): (Value | undefined)[] =>
  input.map((name, index) => {
    const value = name === '' ? undefined : scope.get(name);
    if (name !== '' && !value)
      throw new ModelError(node.label, `a value for input ${index}, "${name}"`, 'none of that name');
    return value;
  });

class GraphReader {
  readonly #texts = new Map<string, string>();
  constructor(readonly sources: TensorSources) {}

  fill(
    graph: Graph,
    message: GraphMessage,
    outer: Scope | undefined,
    nodes: Iterable<NodeMessage> = message.node ?? [],
  ): void {
    const scope = new Scope(outer);
    const place = `graph "${message.name ?? ''}"`;
    graph.name = message.name ?? '';
    graph.docString = message.docString ?? '';
    const strays: StrayValueInfo[] = [];
    const repeatedNames = new Set<string>();
    graph.carried = {
      message:
        leftover(message, [
          'node',
          'name',
          'initializer',
          'sparseInitializer',
          'docString',
          'input',
          'output',
          'valueInfo',
        ]) ?? {},
      initializers: [
        ...(message.initializer ?? []).map((tensor) => tensor.name ?? ''),
        ...(message.sparseInitializer ?? []).map((tensor) => tensor.values?.name ?? ''),
      ],
      valueInfo: (message.valueInfo ?? []).map((info) => info.name ?? ''),
      strays,
      repeatedNames,
    } satisfies CarriedGraph;
    for (const info of message.input ?? []) {
      if (!info.name) throw new ModelError(place, 'a name for every input', 'none');
      const value = graph.input(info.name, readType(info.type));
      value.declared = value.type;
      value.carried = carriedPort(info, value.type);
      scope.define(value.name, value, place);
    }
    const initializers = [
      ...(message.initializer ?? []).map(
        (tensor) => [tensor.name ?? '', readTensor(tensor, this.sources, 'initializer', Boolean(tensor.name))] as const,
      ),
      ...(message.sparseInitializer ?? []).map(
        (tensor) => [tensor.values?.name ?? '', readSparseTensor(tensor, this.sources, 'sparse initializer')] as const,
      ),
    ];
    for (const [name, tensor] of initializers) {
      const input = scope.own(name);
      if (input?.isInput && (input.tensor || input.defaultTensor))
        throw new ModelError(place, 'one initializer of each name', `a second one of "${name}"`);
      // Before IR 4 an initializer had to be listed among the inputs, and could not be overridden.
      if (input?.isInput && graph.model.irVersion >= 4) input.defaultTensor = tensor;
      else if (input?.isInput) input.tensor = tensor;
      else scope.defineConstant(name, graph.constant(tensor, name), place);
    }
    this.#fillNodes(graph, nodes, scope, place, repeatedNames);
    const ports = (message.output ?? []).map((info) => {
      const value = scope.get(info.name ?? '');
      if (!value) throw new ModelError(place, `a value for output "${info.name ?? ''}"`, 'none of that name');
      const type = readType(info.type);
      if (value.type === undefined) value.type = type;
      return { port: { name: info.name ?? '', type, carried: carriedPort(info, type) }, value };
    });
    graph.setOutputs(ports);
    append(strays, this.#declare(message.valueInfo ?? [], scope));
  }

  readFunction(model: Model, message: FunctionMessage): ModelFunction {
    const place = `function "${message.name ?? ''}"`;
    const opsets = opsetsOf(message.opsetImport, place);
    const graph = new Graph(model, message.name ?? '', opsets.size ? opsets : model.opsets);
    const scope = new Scope();
    for (const name of message.input ?? []) scope.define(name, graph.input(name), place);
    const repeatedNames = new Set<string>();
    this.#fillNodes(graph, message.node ?? [], scope, place, repeatedNames);
    for (const name of message.output ?? []) {
      const value = scope.get(name);
      if (!value) throw new ModelError(place, `a value for output "${name}"`, 'none of that name');
      graph.output(name, value);
    }
    const strays = this.#declare(message.valueInfo ?? [], scope);
    graph.carried = {
      message: {},
      initializers: [],
      valueInfo: (message.valueInfo ?? []).map((info) => info.name ?? ''),
      strays,
      repeatedNames,
    } satisfies CarriedGraph;
    return {
      domain: message.domain ?? '',
      name: message.name ?? '',
      overload: message.overload ?? '',
      graph,
      attributes: message.attribute ?? [],
      defaults: new Map(
        (message.attributeProto ?? []).map((item) => [item.name ?? '', this.#attribute(item, graph, scope, place)]),
      ),
      docString: message.docString ?? '',
      carried: withOpsets(message, graph.opsets, [
        'name',
        'input',
        'output',
        'attribute',
        'attributeProto',
        'node',
        'docString',
        'opsetImport',
        'domain',
        'overload',
        'valueInfo',
      ]),
    };
  }

  /**
   * Connects each node at once while all it reads is there, as in most files, and its message is forgotten. A file need not be in order, and bodies may read
   * what comes behind them: from the first such node on all wait for the others, so that uses come in the order of nodes.
   */
  #fillNodes(
    graph: Graph,
    messages: Iterable<NodeMessage>,
    scope: Scope,
    place: string,
    repeatedNames: Set<string>,
  ): void {
    const waiting: [Node, NodeMessage][] = [];
    const seen = new Set<string>();
    for (const message of messages) {
      const { domain, name, overload } = message;
      if (seen.size === seen.add(name ?? '').size) repeatedNames.add(name ?? '');
      const constant = constantOf(message, this.sources);
      if (constant) {
        const output = message.output?.[0] ?? '';
        const value = graph.constant(constant.tensor, output);
        value.constantNode = constant.node;
        scope.defineConstant(output, value, place);
        continue;
      }
      if (!message.opType) throw new ModelError(`${labelOf(message)} of ${place}`, 'an op_type', 'none');
      const node = graph.add(this.#interned(message.opType), [], {
        domain,
        name,
        overload,
        outputs: (message.output ?? []).map((label) => label || undefined),
      });
      node.docString = message.docString ?? '';
      node.carried = leftover(message, domain === 'ai.onnx' ? modelledOfNode : [...modelledOfNode, 'domain']);
      for (const value of node.outputs) if (value) scope.define(value.name, value, place);
      const inputs = waiting.length > 0 ? undefined : inputsAtHand(message, scope);
      if (inputs) this.#connect(node, message, inputs, scope);
      else waiting.push([node, message]);
    }
    for (const [node, message] of waiting) this.#connect(node, message, inputsOf(node, message, scope), scope);
  }

  /** Gives a node its inputs, attributes and bodies. */
  #connect(node: Node, message: NodeMessage, inputs: readonly (Value | undefined)[], scope: Scope): void {
    const { graph } = node;
    graph.connect(node, inputs);
    for (const attribute of message.attribute ?? []) {
      const name = this.#interned(attribute.name ?? '');
      if (node.attributes.has(name))
        throw new ModelError(node.label, 'one attribute of each name', `a second "${name}"`);
      graph.setAttribute(node, name, this.#attribute(attribute, graph, scope, node.label));
    }
  }

  /** The same text for all nodes that say the same. */
  #interned(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  #attribute(message: AttributeMessage, graph: Graph, scope: Scope, owner: string): Attribute {
    const fill = (body: GraphMessage): Graph => {
      const inner = new Graph(graph.model, '', graph.opsets);
      this.fill(inner, body, scope);
      return inner;
    };
    return readAttribute(message, this.sources, fill, owner);
  }

  /** Types that the file states for values; what no value can hold is given back. */
  #declare(infos: readonly ValueInfoMessage[], scope: Scope): StrayValueInfo[] {
    const strays: StrayValueInfo[] = [];
    infos.forEach((message, at) => {
      const value = scope.own(message.name ?? '');
      const type = readType(message.type);
      const known = value?.tensor && tensorType(value.tensor.type, value.tensor.shape);
      if (!value || !type || value.isInput || value.declared || (known && !equalTypes(known, type))) {
        strays.push({ message, at, of: value && { type: value.type } });
        return;
      }
      value.carried = leftover(message, ['name', 'type']);
      value.type = type;
      value.declared = type;
    });
    return strays;
  }
}
