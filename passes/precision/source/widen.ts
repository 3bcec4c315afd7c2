/**
 * Makes other floats float32: types, constants, attributes and Casts, in every scope.
 * Why this way: a value's type follows from the node that computes it, and a Cast is added wherever a slot needs another type than the
 * value has. So nodes that stay, ports, bodies and functions need no special cases, and Casts without effect are removed.
 */

import { maxOf } from '../../../src/ir/collections/lists.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { setTensor } from '../../../src/ir/tensors/constants.js';
import { toFloat32Tensor } from '../../../src/ir/tensors/float32-tensor.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes, type Type, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { castTo, widenAttributes } from '../../../src/ir/whole-model/widen.js';
import type { PassContext } from '../../../src/run/pass.js';
import { readsShapeAlone } from '../ops.js';
import { meantAs32 } from './meant.js';

/** The floats that become float32. */
export type WidenedType = 'float16' | 'bfloat16' | 'float64';

export interface Widening {
  readonly types: ReadonlySet<WidenedType>;
  /** Nodes that keep computing in their type. */
  readonly staying: ReadonlySet<Node>;
  /** True for a port of the model that keeps its type. */
  keepsPort(type: WidenedType): boolean;
  /** True where the ports of bodies and functions keep their type. */
  keepsScope(type: WidenedType): boolean;
  /** 16-bit constants of at least this many elements, vectors excepted, stay stored in 16 bits and are cast where they are read. */
  readonly minStored: number;
}

/** Rewrites the model, and notes the ports that change. Returns the number of values that became float32. */
export function widen(model: Model, widening: Widening, { note }: Pick<PassContext, 'note'>): number {
  const before = portTypes(model);
  const count = new Widener(model, widening).run();
  const changed = portTypes(model).filter(({ elem }, index) => elem !== before[index]?.elem);
  if (changed.length > 0) note(`ports that are float32 now: ${changed.map(({ name }) => `"${name}"`).join(', ')}`);
  return count;
}

const portTypes = ({ graph }: Model): { name: string; elem: DataType | undefined }[] => [
  ...graph.inputs.map(({ name, elem }) => ({ name, elem })),
  ...graph.outputs.map(({ elem }, index) => ({ name: graph.outputPorts[index]?.name ?? '', elem })),
];

class Widener {
  /** The former type of each value that had one of the types. */
  readonly #were = new Map<Value, WidenedType>();
  readonly #tensors = new Map<Value, Tensor>();
  readonly #recast = new Map<Value, Map<DataType, Value>>();

  constructor(
    readonly model: Model,
    readonly widening: Widening,
  ) {}

  run(): number {
    const graphs = [...this.model.graphs()];
    for (const graph of graphs)
      for (const value of graph.values()) {
        const elem = this.#source(value.type);
        if (elem) this.#were.set(value, elem);
      }
    const wide = [...this.#were.keys()].filter((value) => !this.#stays(value));
    for (const value of wide) this.#convert(value);
    for (const graph of graphs) this.#convertPorts(graph);
    const nodes = graphs.flatMap((graph) => [...graph.nodes(), graph.end]);
    for (const node of nodes) {
      if (!node.isEnd && !this.widening.staying.has(node)) this.#convertAttributes(node);
      for (const [index, value] of node.inputs.entries()) if (value) this.#connect(node, index, value);
    }
    for (const node of nodes) if (node.is('Cast')) removeIdle(node, this.#were);
    return wide.length;
  }

  /** The element type of a tensor, if it is one that becomes float32. */
  #source(type: Type | undefined): WidenedType | undefined {
    const elem = type?.kind === 'tensor' ? (type.elem as WidenedType) : undefined;
    return elem && this.widening.types.has(elem) ? elem : undefined;
  }

  #stays(value: Value): boolean {
    const { producer, graph, tensor } = value;
    const { staying } = this.widening;
    const was = this.#were.get(value) as WidenedType;
    if (producer) return this.#keepsCall(producer, was) ?? (staying.has(producer) || this.#isLastCast(producer, was));
    if (value.isInput) return this.#keepsEnds(graph, was);
    return tensor?.sparse !== undefined || this.#isReadAsItIs(value, was);
  }

  /** True where the ports of a graph keep the type. A body that runs on each element of a sequence has the type of the sequence. */
  #keepsEnds(graph: Graph, was: WidenedType): boolean {
    if (graph === this.model.graph) return this.widening.keepsPort(was);
    return graph.owner?.is('SequenceMap') || this.widening.keepsScope(was);
  }

  /** True where inputs and outputs of bodies and functions keep the type; undefined for an operator without these. */
  #keepsCall(node: Node, was: WidenedType): boolean | undefined {
    if (node.bodies.length > 0) return this.#keepsEnds(node.bodies[0] as Graph, was);
    return this.model.functionOf(node) && this.widening.keepsScope(was);
  }

  /** True for a Cast to the type in which all its readers want it, as in front of an output. */
  #isLastCast(node: Node, type: WidenedType): boolean {
    return node.is('Cast') && this.#isReadAsItIs(node.output, type);
  }

  #isReadAsItIs = (value: Value, type: WidenedType): boolean =>
    value.uses.size > 0 && [...value.uses].every(({ node }) => this.#wanted(node, type) === type);

  /** The type that a node needs of a value that had one of the types; undefined where any will do. */
  #wanted(node: Node, was: WidenedType): DataType | undefined {
    if (readsShapeAlone(node) || node.is('Cast')) return undefined;
    const keeps = node.isEnd ? this.#keepsEnds(node.graph, was) : this.#keepsCall(node, was);
    return (keeps ?? this.widening.staying.has(node)) ? was : 'float32';
  }

  #convert(value: Value): void {
    const { tensor, defaultTensor, shape } = value;
    if (tensor) {
      this.#tensors.set(value, tensor);
      if (isSmall(tensor) && elementCount(tensor.shape) >= this.widening.minStored) return;
      setTensor(value, meantAs32(tensor));
    }
    if (defaultTensor) value.defaultTensor = toFloat32Tensor(defaultTensor);
    value.type = tensorType('float32', shape);
  }

  #convertPorts(graph: Graph): void {
    for (const [index, port] of graph.outputPorts.entries()) {
      const value = graph.outputs[index];
      const was = (value && this.#were.get(value)) ?? this.#source(port.type);
      if (was && port.type?.kind === 'tensor' && this.#wanted(graph.end, was) === 'float32')
        port.type = tensorType('float32', port.type.shape);
    }
  }

  #convertAttributes(node: Node): void {
    const { output } = node.is('Cast') ? node : { output: undefined };
    if (!output) widenAttributes(node, this.widening.types);
    else if (this.#were.has(output) && output.elem === 'float32')
      node.graph.setAttribute(node, 'to', dataTypes.float32.code);
  }

  #connect(node: Node, index: number, value: Value): void {
    const was = this.#were.get(value);
    const wanted = was && this.#wanted(node, was);
    if (wanted && wanted !== value.elem) node.graph.setInput(node, index, this.#as(value, wanted));
  }

  /** The value in a type: another constant for a constant, unless it stays stored; else a Cast. */
  #as(value: Value, type: DataType): Value {
    const known = this.#recast.get(value) ?? new Map<DataType, Value>();
    this.#recast.set(value, known);
    const tensor = this.#tensors.get(value);
    const isOwn = tensor && tensor.type === type;
    const made =
      known.get(type) ?? (isOwn ? value.graph.constant(tensor, value.name) : castTo(value.graph, value, type));
    known.set(type, made);
    return made;
  }
}

/** Cast to float32(x) of a float32 x ⟶ x. */
function removeIdle(node: Node, were: ReadonlyMap<Value, WidenedType>): void {
  const [from] = node.inputs;
  if (from?.elem !== 'float32' || node.outputs[0]?.elem !== 'float32') return;
  if (were.has(from) || were.has(node.output)) node.graph.replaceUses(node.output, from);
}

/** True for a matrix that takes fewer bytes than in float32. */
const isSmall = ({ type, shape, sparse }: Tensor): boolean =>
  !sparse && dataTypes[type].bits < dataTypes.float32.bits && maxOf(shape, 1) < elementCount(shape);
