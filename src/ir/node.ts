/** A node of a graph. Its members are described in structure.ts. */
import { textOf } from './attribute.js';
import type { Attribute, Graph, NodeOptions, Node as NodeType, Value } from './structure.js';
import type { Tensor } from './tensors/tensor.js';

export type { NodeOptions } from './structure.js';

/** Op type of the pseudo-node whose inputs are the graph's outputs. */
export const END = 'graph.end';

/** Of most nodes: a map and a list of their own would be a third of what they take. */
const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();
const NO_BODIES: readonly Graph[] = [];

/** The nearest number that stands for one integer alone. */
const safe = (value: bigint): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));

class GraphNode implements NodeType {
  readonly graph: Graph;
  readonly opType: string;
  readonly domain: string;
  readonly overload: string;
  name: string;
  docString = '';
  carried: unknown;
  readonly sequence: number;

  readonly inputs: readonly (Value | undefined)[] = [];
  readonly outputs: readonly (Value | undefined)[] = [];
  readonly attributes: ReadonlyMap<string, Attribute> = NO_ATTRIBUTES;
  readonly bodies: readonly Graph[] = NO_BODIES;

  /** @internal Made by Graph alone. */
  constructor(graph: Graph, opType: string, options: NodeOptions) {
    this.graph = graph;
    this.opType = opType;
    this.domain = options.domain === 'ai.onnx' ? '' : (options.domain ?? '');
    this.overload = options.overload ?? '';
    this.name = options.name ?? '';
    this.sequence = graph.model.nextSequence();
  }

  get isEnd(): boolean {
    return this.opType === END;
  }

  get output(): Value {
    const value = this.outputs[0];
    if (!value) throw new TypeError(`${this.label}: has no first output`);
    return value;
  }

  get label(): string {
    const name = this.name || this.outputs.find((value) => value)?.name;
    return name ? `${this.opType} "${name}"` : this.opType;
  }

  is(opType: string, domain = ''): boolean {
    return this.opType === opType && this.domain === domain;
  }

  get opset(): number | undefined {
    return this.graph.opsets.get(this.domain);
  }

  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  int(name: string, otherwise?: number): number | undefined {
    const attribute = this.attributes.get(name);
    return attribute?.type === 'int' ? safe(attribute.value) : otherwise;
  }

  ints(name: string): number[] | undefined {
    const attribute = this.attributes.get(name);
    if (attribute?.type === 'ints') return attribute.value.map(safe);
    return undefined;
  }

  float(name: string): number | undefined;
  float(name: string, otherwise: number): number;
  float(name: string, otherwise?: number): number | undefined {
    const attribute = this.attributes.get(name);
    return attribute?.type === 'float' ? attribute.value : otherwise;
  }

  string(name: string): string | undefined {
    const attribute = this.attributes.get(name);
    return attribute?.type === 'string' ? textOf(attribute.value) : undefined;
  }

  tensorAttribute(name: string): Tensor | undefined {
    const attribute = this.attributes.get(name);
    return attribute?.type === 'tensor' ? attribute.value : undefined;
  }

  get hasReference(): boolean {
    for (const attribute of this.attributes.values()) if (attribute.type === 'ref') return true;
    return false;
  }
}

/** An operator with its inputs, outputs, attributes and bodies. */
export type Node = NodeType;
/** Makes a node. @internal Called by Graph alone. */
export const Node: new (...parts: ConstructorParameters<typeof GraphNode>) => Node = GraphNode;
