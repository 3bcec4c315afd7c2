/** A node: one operator call. Edited through its graph alone. */
import { type Attribute, type AttributeLike, textOf } from './attribute.js';
import type { Graph } from './graph.js';
import type { Tensor } from './tensor.js';
import type { Use, Value } from './value.js';

/** Op type of the pseudo-node whose inputs are the graph's outputs. */
export const END = 'graph.end';

/** Of most nodes: a map and a list of their own would be a third of what they take. */
const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();
const NO_BODIES: readonly Graph[] = [];

export interface NodeOptions {
  readonly domain?: string;
  readonly name?: string;
  readonly overload?: string;
  readonly attributes?: Readonly<Record<string, AttributeLike | undefined>>;
  /** How many outputs, or their labels; undefined is an output left out. Default 1. */
  readonly outputs?: number | readonly (string | undefined)[];
}

/** The nearest number that stands for one integer alone. */
const safe = (value: bigint): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));

export class Node {
  readonly graph: Graph;
  readonly opType: string;
  /** '' is ai.onnx. */
  readonly domain: string;
  readonly overload: string;
  name: string;
  docString = '';
  /** What the reader found and the IR does not model. */
  carried: unknown;
  readonly sequence: number;

  /** undefined: an optional input left out. */
  readonly inputs: readonly (Value | undefined)[] = [];
  /** undefined: an optional output left out. */
  readonly outputs: readonly (Value | undefined)[] = [];
  readonly attributes: ReadonlyMap<string, Attribute> = NO_ATTRIBUTES;
  /** Control-flow bodies: every graph in an attribute, in the attributes' order. */
  readonly bodies: readonly Graph[] = NO_BODIES;
  /** @internal The slots' entries in the values' use sets. */
  readonly slots: (Use | undefined)[] = [];

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

  /** The first output. Throws where the node leaves it out. */
  get output(): Value {
    const value = this.outputs[0];
    if (!value) throw new TypeError(`${this.label}: has no first output`);
    return value;
  }

  /** How messages call it: its op and its name, or its first output's. */
  get label(): string {
    const name = this.name || this.outputs.find((value) => value)?.name;
    return name ? `${this.opType} "${name}"` : this.opType;
  }

  /** True where the op is this one of ai.onnx, or of `domain`. */
  is(opType: string, domain = ''): boolean {
    return this.opType === opType && this.domain === domain;
  }

  /** The version of the operator set that defines the op here; undefined where the model imports none. */
  get opset(): number | undefined {
    return this.graph.opsets.get(this.domain);
  }

  /** An int attribute as a number; beyond 2^53 the last of its side, which no axis, size or count tells from it. */
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

  /** True where an attribute's value is the enclosing function's to give: the accessors then see none. */
  get hasReference(): boolean {
    for (const attribute of this.attributes.values()) if (attribute.type === 'ref') return true;
    return false;
  }
}
