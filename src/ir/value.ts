/** A value: what an input, a constant or one output of a node holds. It is its object; its name is a label. */
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Tensor } from './tensor.js';
import type { Type } from './types.js';
import { Uses } from './uses.js';

/** One input slot of a node that reads a value. */
export interface Use {
  readonly node: Node;
  readonly index: number;
}

/** How a constant stood in the file when it was a Constant node; the writer gives it back so. */
export interface ConstantNode {
  readonly name: string;
  readonly docString: string;
  /** The attribute that held it: value, value_int, sparse_value … */
  readonly attribute: string;
  readonly carried?: unknown;
}

export class Value {
  /** The scope that defines the value. */
  readonly graph: Graph;
  /** The node that computes it; undefined for inputs and constants. */
  readonly producer: Node | undefined;
  /** Which output of the producer it is, which input, or which constant in order of creation. */
  readonly index: number;
  /** For a constant read from a Constant node. */
  constantNode: ConstantNode | undefined;
  /** What the reader found and the IR does not model. */
  carried: unknown;
  /** Order of creation within the model: breaks ties. */
  readonly sequence: number;

  #name: string;
  #declared: Type | undefined;
  #defaultTensor: Tensor | undefined;
  #type: Type | undefined;
  #tensor: Tensor | undefined;
  #outputUses = 0;
  /** @internal Edited by Graph alone. */
  readonly useSet = new Uses<Use>();

  /** @internal Made by Graph alone. */
  constructor(graph: Graph, name: string, producer: Node | undefined, index: number, type?: Type, tensor?: Tensor) {
    this.graph = graph;
    this.#name = name;
    this.producer = producer;
    this.index = index;
    this.#type = type;
    this.#tensor = tensor;
    this.sequence = graph.model.nextSequence();
  }

  /** A label for people and files; not unique. The writer makes it so. */
  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    if (this.#name === name) return;
    this.#name = name;
    this.graph.model.touch();
  }

  /** The type that the file states for it, which the writer then states too: inference may know it better, and leaves this as it is. */
  get declared(): Type | undefined {
    return this.#declared;
  }
  set declared(type: Type | undefined) {
    if (this.#declared === type) return;
    this.#declared = type;
    this.graph.model.touch();
  }

  /** For an input that the caller may leave out: its default. A constant has a `tensor` instead. */
  get defaultTensor(): Tensor | undefined {
    return this.#defaultTensor;
  }
  set defaultTensor(tensor: Tensor | undefined) {
    if (this.#defaultTensor === tensor) return;
    this.#defaultTensor = tensor;
    this.graph.model.touch();
  }

  /** What is known of its type: as declared, or as inferred. To set it is to declare it anew where it was declared. */
  get type(): Type | undefined {
    return this.#type;
  }
  set type(type: Type | undefined) {
    if (this.#type === type) return;
    this.#type = type;
    if (this.#declared) this.#declared = type;
    this.graph.model.touch();
  }
  /** @internal Sets what inference found, which is no edit. */
  infer(type: Type | undefined): void {
    this.#type = type;
    this.graph.model.touchTypes();
  }

  /** The numbers, if it is a constant. Setting it keeps the value and its uses. */
  get tensor(): Tensor | undefined {
    return this.#tensor;
  }
  set tensor(tensor: Tensor | undefined) {
    if (this.#tensor === tensor) return;
    if (this.producer) throw new TypeError(`value ${this.name}: a computed value cannot hold a tensor`);
    this.#tensor = tensor;
    this.constantNode = undefined;
    this.graph.model.touch();
  }

  get isConstant(): boolean {
    return this.#tensor !== undefined;
  }

  /** The element type where it is a tensor of a known one. */
  get elem() {
    return this.#type?.kind === 'tensor' ? this.#type.elem : this.#tensor?.type;
  }

  /** The dims where it is a tensor of known rank. */
  get shape() {
    return this.#type?.kind === 'tensor' ? (this.#type.shape ?? this.#tensor?.shape) : this.#tensor?.shape;
  }

  /** Who reads it, bodies and graph outputs (`graph.end`) included. */
  get uses(): ReadonlySet<Use> {
    return this.useSet;
  }

  /** The nodes that read it, each once, in order of creation. */
  get users(): readonly Node[] {
    return [...new Set([...this.useSet].map((use) => use.node))].sort((a, b) => a.sequence - b.sequence);
  }

  /** True where a graph gives it as an output. */
  get isOutput(): boolean {
    return this.#outputUses > 0;
  }

  /** @internal Called by Graph alone. */
  addUse(use: Use): void {
    this.useSet.add(use);
    if (use.node.isEnd) this.#outputUses++;
  }

  /** @internal Called by Graph alone. */
  dropUse(use: Use): void {
    if (this.useSet.delete(use) && use.node.isEnd) this.#outputUses--;
  }

  get isInput(): boolean {
    return this.producer === undefined && this.graph.inputs[this.index] === this;
  }
}
