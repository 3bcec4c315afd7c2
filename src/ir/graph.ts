/** A graph: its verbs are the only way to edit it. Its members are described in structure.ts. */

import { graphsOf, toAttribute } from './attribute.js';
import { refill } from './collections/lists.js';
import { END, Node } from './node.js';
import { Opsets } from './opsets.js';
import { dependencyOrder } from './scopes/order.js';
import type { Attribute, AttributeLike, Graph as GraphType, Model, NodeOptions, OutputPort } from './structure.js';
import type { Tensor } from './tensors/tensor.js';
import { dataTypeOfCode, type Type, tensorType } from './types.js';
import { Value } from './value.js';

export type { OutputPort } from './structure.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NO_CONSTANTS: ReadonlySet<Value> = new Set();

/** So many ports are looked through rather than looked up. */
const FEW = 16;

class StoredGraph implements GraphType {
  readonly model: Model;
  owner: Node | undefined;
  name: string;
  docString = '';
  carried: unknown;
  readonly opsets: Map<string, number>;
  readonly inputs: readonly Value[] = [];
  readonly outputPorts: readonly OutputPort[] = [];
  readonly end: Node;

  readonly #nodes = new Set<Node>();
  /** Those with bodies. */
  #owners: Set<Node> | undefined;
  #constants: Set<Value> | undefined;
  /** Where each output port stands, by name, where they are many. */
  #places: Map<string, number> | undefined;
  /** Names that more than one output port has. */
  #repeated: ReadonlySet<string> | undefined;
  #order: { structure: number; nodes: readonly Node[] } | undefined;

  constructor(model: Model, name = '', opsets: Map<string, number> = model.opsets) {
    this.model = model;
    this.name = name;
    this.opsets = opsets instanceof Opsets ? opsets : new Opsets(opsets, () => model.touch(true));
    this.end = new Node(this, END, {});
  }

  nodes(): readonly Node[] {
    const { structure } = this.model;
    if (this.#order?.structure !== structure) this.#order = { structure, nodes: dependencyOrder(this, this.#nodes) };
    return this.#order.nodes;
  }

  get nodeSet(): ReadonlySet<Node> {
    return this.#nodes;
  }

  get hasBodies(): boolean {
    return this.#owners !== undefined && this.#owners.size > 0;
  }

  get constants(): ReadonlySet<Value> {
    return this.#constants ?? NO_CONSTANTS;
  }

  get outputs(): readonly Value[] {
    return this.end.inputs as readonly Value[];
  }

  *values(): Iterable<Value> {
    yield* this.inputs;
    yield* this.constants;
    for (const node of this.nodes()) for (const value of node.outputs) if (value) yield value;
  }

  get parent(): Graph | undefined {
    return this.owner?.graph;
  }

  get isInFunction(): boolean {
    return this.parent ? this.parent.isInFunction : this !== this.model.graph;
  }

  input(name: string, type?: Type): Value {
    const value = new Value(this, name, undefined, this.inputs.length, type);
    (this.inputs as Value[]).push(value);
    this.model.touch(true);
    return value;
  }

  setInputs(inputs: readonly Value[]): void {
    const kept = new Set(inputs);
    for (const value of this.inputs)
      if (!kept.has(value) && value.uses.size > 0)
        throw new TypeError(`input "${value.name}": cannot be left out, it is in use`);
    refill(this.inputs as Value[], inputs);
    inputs.forEach((value, index) => {
      (value as Mutable<Value>).index = index;
    });
    this.model.touch(true);
  }

  constant(tensor: Tensor, name = ''): Value {
    const type = tensorType(tensor.type, tensor.shape);
    this.#constants ??= new Set();
    const value = new Value(this, name, undefined, this.#constants.size, type, tensor);
    this.#constants.add(value);
    this.model.touch(true);
    return value;
  }

  add(opType: string, inputs: readonly (Value | undefined)[], options: NodeOptions = {}): Node {
    const node = new Node(this, opType, options);
    if (node.domain !== '')
      for (const opsets of [this.opsets, this.model.opsets]) if (!opsets.has(node.domain)) opsets.set(node.domain, 1);
    const names =
      typeof options.outputs === 'object' ? options.outputs : new Array<string>(options.outputs ?? 1).fill('');
    (node as Mutable<Node>).outputs = names.map((name, index) =>
      name === undefined ? undefined : new Value(this, name, node, index),
    );
    const { attributes } = options;
    for (const name in attributes)
      if (attributes[name] !== undefined) this.setAttribute(node, name, asOf(node, name, attributes[name]));
    // A Loop alone names both of the first two, absent or not.
    const least = opType === 'Loop' ? 2 : 0;
    this.connect(node, inputs.slice(0, Math.max(least, inputs.findLastIndex((value) => value !== undefined) + 1)));
    this.#nodes.add(node);
    this.model.touch(true);
    return node;
  }

  remove(node: Node): void {
    for (const value of node.outputs)
      if (value && value.uses.size > 0)
        throw new TypeError(`${node.label}: cannot be removed, "${value.name}" is in use`);
    this.#release(node);
    this.#nodes.delete(node);
    this.#owners?.delete(node);
    this.model.touch(true);
  }

  removeConstant(value: Value): void {
    if (value.uses.size > 0) throw new TypeError(`constant "${value.name}": cannot be removed, it is in use`);
    this.#constants?.delete(value);
    this.model.touch(true);
  }

  connect(node: Node, inputs: readonly (Value | undefined)[]): void {
    const own = node as Mutable<Node>;
    own.inputs = inputs;
    for (let index = 0; index < inputs.length; index++) inputs[index]?.addUse(node, index);
    this.model.touch(true);
  }

  setInput(node: Node, index: number, value: Value | undefined): void {
    const inputs = node.inputs as (Value | undefined)[];
    while (inputs.length <= index) inputs.push(undefined);
    inputs[index]?.dropUse(node, index);
    inputs[index] = value;
    value?.addUse(node, index);
    this.model.touch(true);
  }

  truncateInputs(node: Node, length: number): void {
    for (let index = length; index < node.inputs.length; index++) this.setInput(node, index, undefined);
    (node.inputs as unknown[]).length = Math.min(length, node.inputs.length);
    this.model.touch(true);
  }

  dropOutput(node: Node, index: number): void {
    const value = node.outputs[index];
    if (value && value.uses.size > 0) throw new TypeError(`${node.label}: output "${value.name}" is in use`);
    const outputs = node.outputs as (Value | undefined)[];
    outputs[index] = undefined;
    while (outputs.length > 1 && outputs[outputs.length - 1] === undefined) outputs.pop();
    this.model.touch(true);
  }

  setAttribute(node: Node, name: string, like: AttributeLike | undefined): void {
    const own = node as Mutable<Node>;
    if (own.attributes.size === 0) own.attributes = new Map();
    const attributes = own.attributes as Map<string, Attribute>;
    const attribute = like === undefined ? undefined : toAttribute(like);
    const [before, after] = [graphsOf(attributes.get(name)), graphsOf(attribute)];
    for (const body of before) body.owner = undefined;
    for (const body of after) body.owner = node;
    if (attribute) attributes.set(name, attribute);
    else attributes.delete(name);
    if (before.length + after.length > 0) {
      own.bodies = [...attributes.values()].flatMap(graphsOf);
      const owners = ((node.graph as StoredGraph).#owners ??= new Set());
      if (own.bodies.length > 0) owners.add(node);
      else owners.delete(node);
    }
    this.model.touch(true);
  }

  replaceUses(old: Value, value: Value): void {
    if (old === value) return;
    this.model.trail?.replaced(old, value);
    for (const { node, index } of [...old.uses]) node.graph.setInput(node, index, value);
  }

  output(name: string, value: Value, type?: Type, carried?: unknown): void {
    const ports = this.outputPorts as Mutable<OutputPort>[];
    const at = this.#placeOf(name);
    this.#places?.set(name, at);
    if (at === ports.length) ports.push({ name, type, carried });
    else if (type) (ports[at] as Mutable<OutputPort>).type = type;
    this.setInput(this.end, at, value);
    if (this.#repeated?.has(name))
      ports.forEach((port, index) => {
        if (index === at || port.name !== name) return;
        if (type) port.type = type;
        this.setInput(this.end, index, value);
      });
  }

  setOutputs(ports: readonly { port: OutputPort; value: Value }[]): void {
    this.truncateInputs(this.end, 0);
    refill(
      this.outputPorts as OutputPort[],
      ports.map(({ port }) => port),
    );
    this.#places = undefined;
    const names = ports.map(({ port }) => port.name);
    const distinct = new Set(names);
    this.#repeated = distinct.size < names.length ? new Set(names.filter((name) => !distinct.delete(name))) : undefined;
    ports.forEach(({ value }, index) => {
      this.setInput(this.end, index, value);
    });
  }

  /** Where the output port of a name stands; behind the last where there is none. */
  #placeOf(name: string): number {
    const { outputPorts } = this;
    if (outputPorts.length < FEW) {
      const at = outputPorts.findIndex((port) => port.name === name);
      return at < 0 ? outputPorts.length : at;
    }
    this.#places ??= new Map(outputPorts.map((port, at): [string, number] => [port.name, at]).reverse());
    return this.#places.get(name) ?? outputPorts.length;
  }

  /** Lets go of everything the node reads, in its bodies too. */
  #release(node: Node): void {
    for (let index = 0; index < node.inputs.length; index++) this.setInput(node, index, undefined);
    for (const body of node.bodies)
      for (const inner of [...body.nodeSet, body.end]) (body as StoredGraph).#release(inner);
  }
}

/** A scope of nodes: the main graph, a body of control flow, or the body of a function. */
export type Graph = GraphType;
/** Makes a scope of a model. */
export const Graph: new (...parts: ConstructorParameters<typeof StoredGraph>) => Graph = StoredGraph;

/** Before opset 6 a Cast names its type. */
function asOf(node: Node, name: string, value: AttributeLike | undefined): AttributeLike | undefined {
  if (typeof value !== 'number' || name !== 'to' || !node.is('Cast') || (node.opset ?? 6) >= 6) return value;
  const type = dataTypeOfCode(value);
  return type === 'float32' ? 'FLOAT' : type === 'float64' ? 'DOUBLE' : type?.toUpperCase();
}
