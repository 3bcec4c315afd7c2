/**
 * The structure of a model: what a model, its graphs, their nodes and values are to each other. They refer to each other, so that their
 * types stand in one file; the classes are in model.ts, graph.ts, node.ts and value.ts.
 */
import type { Budget } from './options/budget.js';
import type { Tensor } from './tensors/tensor.js';
import type { DataType, Shape, Type } from './types.js';

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

/** What an input, a constant or one output of a node holds. It is its object; its name is a label. */
export interface Value {
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
  /** A label for people and files; not unique. The writer makes it so. */
  name: string;
  /** The type that the file states for it, which the writer then states too: inference may know it better, and leaves this as it is. */
  declared: Type | undefined;
  /** For an input that the caller may leave out: its default. A constant has a `tensor` instead. */
  defaultTensor: Tensor | undefined;
  /** What is known of its type: as declared, or as inferred. To set it is to declare it anew where it was declared. */
  type: Type | undefined;
  /** The numbers, if it is a constant. Setting it keeps the value and its uses. */
  tensor: Tensor | undefined;
  readonly isConstant: boolean;
  /** The element type where it is a tensor of a known one. */
  readonly elem: DataType | undefined;
  /** The dims where it is a tensor of known rank. */
  readonly shape: Shape | undefined;
  /** Who reads it, bodies and graph outputs (`graph.end`) included. */
  readonly uses: ReadonlySet<Use>;
  /** The nodes that read it, each once, in order of creation. */
  readonly users: readonly Node[];
  /** True where a graph gives it as an output. */
  readonly isOutput: boolean;
  readonly isInput: boolean;
  /** @internal Sets what inference found, which is no edit. */
  infer(type: Type | undefined): void;
  /** @internal Called by Graph alone. */
  addUse(node: Node, index: number): void;
  /** @internal Called by Graph alone. */
  dropUse(node: Node, index: number): void;
}

/** One operator call. Edited through its graph alone. */
export interface Node {
  readonly graph: Graph;
  readonly opType: string;
  /** '' is ai.onnx. */
  readonly domain: string;
  readonly overload: string;
  name: string;
  docString: string;
  /** What the reader found and the IR does not model. */
  carried: unknown;
  readonly sequence: number;
  /** undefined: an optional input left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** undefined: an optional output left out. */
  readonly outputs: readonly (Value | undefined)[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Control-flow bodies: every graph in an attribute, in the attributes' order. */
  readonly bodies: readonly Graph[];
  readonly isEnd: boolean;
  /** The first output. Throws where the node leaves it out. */
  readonly output: Value;
  /** How messages call it: its op and its name, or its first output's. */
  readonly label: string;
  /** The version of the operator set that defines the op here; undefined where the model imports none. */
  readonly opset: number | undefined;
  /** True where an attribute's value is the enclosing function's to give: the accessors then see none. */
  readonly hasReference: boolean;
  /** True where the op is this one of ai.onnx, or of `domain`. */
  is(opType: string, domain?: string): boolean;
  /** An int attribute as a number; beyond 2^53 the last of its side, which no axis, size or count tells from it. */
  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  ints(name: string): number[] | undefined;
  float(name: string): number | undefined;
  float(name: string, otherwise: number): number;
  string(name: string): string | undefined;
  tensorAttribute(name: string): Tensor | undefined;
}

/** What a node has beside its operator and inputs. */
export interface NodeOptions {
  readonly domain?: string;
  readonly name?: string;
  readonly overload?: string;
  readonly attributes?: Readonly<Record<string, AttributeLike | undefined>>;
  /** How many outputs, or their labels; undefined is an output left out. Default 1. */
  readonly outputs?: number | readonly (string | undefined)[];
}

interface Payloads {
  float: number;
  int: bigint;
  string: Uint8Array;
  tensor: Tensor;
  graph: Graph;
  sparse_tensor: Tensor;
  type_proto: Type | undefined;
  floats: readonly number[];
  ints: readonly bigint[];
  strings: readonly Uint8Array[];
  tensors: readonly Tensor[];
  graphs: readonly Graph[];
  sparse_tensors: readonly Tensor[];
  type_protos: readonly (Type | undefined)[];
}

export type AttributeType = keyof Payloads;

type AttributeExtras = {
  readonly docString?: string;
  /** What the reader found and the IR does not model; written back. */
  readonly carried?: unknown;
};

/** An attribute's value, or (`ref`) the name of the enclosing function's attribute that gives it. */
export type Attribute =
  | { [T in AttributeType]: AttributeExtras & { readonly type: T; readonly value: Payloads[T] } }[AttributeType]
  | (AttributeExtras & { readonly type: 'ref'; readonly name: string; readonly of: AttributeType | 'undefined' });

/** What can be written in place of an attribute: a whole number is an int, a string a string, an array of bigints ints. */
export type AttributeLike =
  | Attribute
  | bigint
  | number
  | string
  | Tensor
  | Graph
  | readonly number[]
  | readonly string[];

/** A graph output: its name and declared type stay whatever value it gives. */
export interface OutputPort {
  readonly name: string;
  /** As declared in the file; what is inferred stands on the value. */
  type: Type | undefined;
  readonly carried?: unknown;
}

/** One scope of values and nodes. All edits go through its verbs, and each bumps the model's revision. */
export interface Graph {
  readonly model: Model;
  /** The node whose attribute holds this body; undefined for the main graph and function bodies. */
  owner: Node | undefined;
  name: string;
  docString: string;
  /** What the reader found and the IR does not model. */
  carried: unknown;
  /** Operator sets in force: the model's, or a function's own. */
  readonly opsets: Map<string, number>;
  readonly inputs: readonly Value[];
  /** Ports in order; port i gives `end.inputs[i]`. */
  readonly outputPorts: readonly OutputPort[];
  /** The pseudo-node that uses the outputs. */
  readonly end: Node;
  /** The nodes in dependency order, ties by creation: a snapshot, kept until the next edit. Throws ModelError on a cycle. */
  nodes(): readonly Node[];
  /** The nodes as they stand, in order of creation. */
  readonly nodeSet: ReadonlySet<Node>;
  /** Whether a node of this scope has a body. */
  readonly hasBodies: boolean;
  /** The constants of this scope, in order of creation. */
  readonly constants: ReadonlySet<Value>;
  readonly outputs: readonly Value[];
  /** Every value this scope defines: inputs, constants, node outputs. */
  values(): Iterable<Value>;
  /** The scope that encloses this body; undefined at the top. */
  readonly parent: Graph | undefined;
  /** True in the body of a local function, and in bodies inside it. */
  readonly isInFunction: boolean;
  /** Adds an input port. */
  input(name: string, type?: Type): Value;
  /** Replaces the list of input ports by values of this scope's inputs, in this order. Throws where one left out is in use. */
  setInputs(inputs: readonly Value[]): void;
  /** Adds a constant. */
  constant(tensor: Tensor, name?: string): Value;
  /**
   * Adds a node; its outputs are new values. A domain that is not imported yet is, at version 1. Absent inputs at the end are none:
   * onnxruntime 1.30 ends with a segmentation fault where it fuses an Add and a LayerNormalization whose bias is an empty name.
   */
  add(opType: string, inputs: readonly (Value | undefined)[], options?: NodeOptions): Node;
  /** Removes a node that nothing uses. Throws where one of its outputs is still in use. */
  remove(node: Node): void;
  /** Removes a constant that nothing uses. */
  removeConstant(value: Value): void;
  /** Connects all slots of a node that has none yet: lists that grow one by one take three times the memory. */
  connect(node: Node, inputs: readonly (Value | undefined)[]): void;
  /** Connects one input slot; undefined leaves an optional input out. Slots beyond the end are filled with absent inputs. */
  setInput(node: Node, index: number, value: Value | undefined): void;
  /** Drops the inputs from `length` on. */
  truncateInputs(node: Node, length: number): void;
  /** Leaves out an output that nothing uses. */
  dropOutput(node: Node, index: number): void;
  /** Sets an attribute, or removes it with undefined. */
  setAttribute(node: Node, name: string, like: AttributeLike | undefined): void;
  /** Everyone who reads `old`, outputs and bodies included, reads `value` instead. */
  replaceUses(old: Value, value: Value): void;
  /** Adds an output port, or gives a port another value: all ports of that name, where a model lists it twice. */
  output(name: string, value: Value, type?: Type, carried?: unknown): void;
  /** Replaces the whole list of output ports. */
  setOutputs(ports: readonly { port: OutputPort; value: Value }[]): void;
}

/** A local function: an op defined by a graph. */
export interface ModelFunction {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  /** The body; its inputs and outputs are the function's. */
  readonly graph: Graph;
  /** Names of the attributes without a default. */
  readonly attributes: readonly string[];
  /** Attributes with their default. */
  readonly defaults: ReadonlyMap<string, Attribute>;
  docString: string;
  carried?: unknown;
}

/** One key and its value, as in metadata_props. */
export interface Entry {
  readonly key: string;
  readonly value: string;
}

/** Records what becomes of a model's nodes: see trail.ts. */
export interface NodeTrail {
  /** That of a copy of the model. */
  forCopy(): NodeTrail;
  copied(node: Node, copy: Node): void;
  /** A node that stands for repeats was copied for one of them. */
  stamped(node: Node, copy: Node, member: number): void;
  replaced(old: Value, by: Value): void;
  /** What is replaced in `edit` is a rewrite of a rule. `key`: what equal rewrites have in common. */
  rewriting(rule: string, key: string | undefined, operands: readonly Value[], edit: () => void): void;
}

/** A main graph, the functions it calls, and what the file says about itself. */
export interface Model {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: bigint;
  docString: string;
  /** To be replaced, not edited in place. */
  metadata: readonly Entry[];
  /** Operator sets the model imports, by domain ('' is ai.onnx). */
  readonly opsets: Map<string, number>;
  readonly functions: ModelFunction[];
  readonly graph: Graph;
  /** What the numbers in it may make us do. */
  budget: Budget;
  /** @internal Records what becomes of nodes, where somebody asks. */
  trail: NodeTrail | undefined;
  /** What the reader found and the IR does not model. */
  carried: unknown;
  /** Grows with every edit: "did it change?" is a comparison. */
  readonly revision: number;
  /** Grows with every edit of nodes, connections and constants, but not of types and numbers. */
  readonly structure: number;
  /** @internal Called by every edit. */
  touch(isStructural?: boolean): void;
  /** @internal Called where types were inferred. */
  touchTypes(): void;
  /** True while it is what a file says: nobody has edited it, at most types were inferred. */
  readonly isAsRead: boolean;
  /** @internal Called by the reader, and where a copy of such a model is made. */
  markAsRead(): void;
  /** @internal Numbers nodes and values in order of creation. */
  nextSequence(): number;
  /** Every scope: the main graph, the functions' graphs, and the bodies inside them, outer before inner. */
  graphs(): Iterable<Graph>;
  /** The local function that a call names; undefined for an operator. */
  functionOf(call: { domain: string; opType: string; overload: string }): ModelFunction | undefined;
  /** The local function whose body a graph is; undefined for any other graph. */
  functionWith(body: Graph): ModelFunction | undefined;
}
