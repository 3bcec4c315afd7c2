/** A value of a graph. Its members are described in structure.ts. */
import type { ConstantNode, Graph, Node, Use, Value as ValueType } from './structure.js';
import type { Tensor } from './tensors/tensor.js';
import type { Type } from './types.js';
import { Uses } from './uses.js';

export type { ConstantNode, Use } from './structure.js';

class StoredValue implements ValueType {
  readonly graph: Graph;
  readonly producer: Node | undefined;
  readonly index: number;
  constantNode: ConstantNode | undefined;
  carried: unknown;
  readonly sequence: number;

  #name: string;
  #declared: Type | undefined;
  #defaultTensor: Tensor | undefined;
  #type: Type | undefined;
  #tensor: Tensor | undefined;
  #outputUses = 0;
  readonly #uses = new Uses();

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

  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    if (this.#name === name) return;
    this.#name = name;
    this.graph.model.touch();
  }

  get declared(): Type | undefined {
    return this.#declared;
  }
  set declared(type: Type | undefined) {
    if (this.#declared === type) return;
    this.#declared = type;
    this.graph.model.touch();
  }

  get defaultTensor(): Tensor | undefined {
    return this.#defaultTensor;
  }
  set defaultTensor(tensor: Tensor | undefined) {
    if (this.#defaultTensor === tensor) return;
    this.#defaultTensor = tensor;
    this.graph.model.touch();
  }

  get type(): Type | undefined {
    return this.#type;
  }
  set type(type: Type | undefined) {
    if (this.#type === type) return;
    this.#type = type;
    if (this.#declared) this.#declared = type;
    this.graph.model.touch();
  }
  infer(type: Type | undefined): void {
    this.#type = type;
    this.graph.model.touchTypes();
  }

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

  get elem() {
    return this.#type?.kind === 'tensor' ? this.#type.elem : this.#tensor?.type;
  }

  get shape() {
    return this.#type?.kind === 'tensor' ? (this.#type.shape ?? this.#tensor?.shape) : this.#tensor?.shape;
  }

  get uses(): ReadonlySet<Use> {
    return this.#uses;
  }

  get users(): readonly Node[] {
    return [...new Set([...this.#uses].map((use) => use.node))].sort((a, b) => a.sequence - b.sequence);
  }

  get isOutput(): boolean {
    return this.#outputUses > 0;
  }

  addUse(node: Node, index: number): void {
    this.#uses.add(node, index);
    if (node.isEnd) this.#outputUses++;
  }

  dropUse(node: Node, index: number): void {
    if (this.#uses.delete(node, index) && node.isEnd) this.#outputUses--;
  }

  get isInput(): boolean {
    return this.producer === undefined && this.graph.inputs[this.index] === this;
  }
}

/** An edge of a graph: a node's output, an input of the graph, or a constant, with its type and its uses. */
export type Value = ValueType;
/** Makes a value. @internal Called by Graph alone. */
export const Value: new (...parts: ConstructorParameters<typeof StoredValue>) => Value = StoredValue;
