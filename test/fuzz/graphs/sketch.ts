/**
 * A graph in the making: what is random of it, and which values are there to go on with.
 *
 * Every node that is added is inferred at once, so that the next one can be chosen by what is known of types, dims and contents.
 * Recipes ask for values by what they want (`any`, `want`), and the sketch gives one that is there, casts, reshapes, or makes one.
 */
import { Frame } from '../../../src/infer/frame.js';
import { inferNode } from '../../../src/infer/node.js';
import { unknownsOf } from '../../../src/infer/unknowns.js';
import { type Attributes, GraphBuilder } from '../../../src/ir/build.js';
import { refill } from '../../../src/ir/collections/lists.js';
import { type Dim, equalDims, symbol } from '../../../src/ir/dims/dims.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node, NodeOptions } from '../../../src/ir/node.js';
import { stringsTensor, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../../src/ir/tensors/tensor.js';
import { type DataType, dataTypes, isFloat, type Shape, type Type, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { nodeName, valueName } from './names.js';

/** What several recipes share. */
export const x32: DataType = 'float32';
export const ms = { domain: 'com.microsoft' };
export const ml = { domain: 'ai.onnx.ml' };

const RARE = 0.12;

/** Elements that a constant may have: graphs are many, so they are small. */
const MOST = 1 << 14;

export class Sketch {
  readonly g: GraphBuilder;
  readonly frame: Frame;
  /** What can be read here, outer values included; the latest last. */
  readonly pool: Value[];
  isStrict = false;
  readonly isWide: boolean;
  /** Bodies around this one. */
  readonly depth: number;
  /** What the elements of constants are drawn from. */
  weightRandom: Random;

  constructor(
    readonly model: Model,
    readonly random: Random,
    /** Names of symbolic dims. */
    readonly symbols: readonly string[],
    graph = model.graph,
    outer?: Sketch,
    /** False in the body of a function: it reads nothing from outside. */
    readonly isOpen = true,
  ) {
    this.g = new GraphBuilder(graph);
    this.weightRandom = random;
    this.depth = (outer?.depth ?? 0) + (outer && outer.g.graph !== graph ? 1 : 0);
    this.isWide = outer?.isWide ?? random.next() < 0.4;
    this.isStrict = outer?.isStrict ?? false;
    this.frame = outer?.frame ?? new Frame(unknownsOf(model), undefined);
    this.pool = outer && isOpen ? [...outer.pool] : [];
  }

  get opset(): number {
    return this.g.graph.opsets.get('') ?? 1;
  }

  /** Where `isStrict`, what is rare does not happen: near-misses are, and a structure of many parts would seldom be whole. */
  chance(share: number): boolean {
    const drawn = this.random.next() < share;
    return this.isStrict && (share <= RARE || share >= 1 - RARE) ? share > 0.5 : drawn;
  }
  /** How wide features are: some passes leave small weights alone. */
  width(): number {
    return this.one(this.isWide ? [32, 32, 64] : [4, 8, 8, 16]);
  }
  one<T>(list: readonly T[]): T {
    return list[this.random.int(0, list.length)] as T;
  }
  /** A whole number in [low, high]. */
  int(low: number, high: number): number {
    return this.random.int(low, high + 1);
  }
  dim(): Dim {
    return this.chance(0.4) ? symbol(this.one(this.symbols)) : this.one([1, 2, 3, 4, 4, 6, 8]);
  }
  shape(least = 0, most = 4): Dim[] {
    return Array.from({ length: this.int(least, most) }, () => this.dim());
  }

  /** Adds a node and infers it. */
  node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes?: Attributes,
    options: NodeOptions = {},
  ): Node {
    const node = this.g.node(opType, inputs, attributes, { name: nodeName(this), ...options });
    this.infer(node);
    for (const value of node.outputs) {
      if (!value) continue;
      if (value.name === '') value.name = valueName(this);
      this.keep(value);
    }
    return node;
  }
  op(opType: string, inputs: readonly (Value | undefined)[], attributes?: Attributes, options?: NodeOptions): Value {
    return this.node(opType, inputs, attributes, options).output;
  }

  infer(node: Node): void {
    const called = this.model.functionOf(node);
    if (!called) {
      inferNode(node, this.frame);
      return;
    }
    node.outputs.forEach((value, index) => {
      if (value) value.type = called.graph.outputs[index]?.type;
      if (value) this.frame.types.set(value, value.type);
    });
  }

  keep(value: Value): Value {
    this.frame.types.set(value, value.type);
    if (value.type?.kind === 'tensor' && value.shape) this.pool.push(value);
    return value;
  }

  input(elem: DataType | Type, shape?: Shape, name = valueName(this)): Value {
    return this.keep(this.g.graph.input(name, typeof elem === 'string' ? tensorType(elem, shape) : elem));
  }

  constant(tensor: Tensor): Value {
    const value = this.g.constant(tensor, this.chance(0.5) ? valueName(this) : '');
    if (this.chance(0.3)) value.constantNode = { name: nodeName(this), docString: '', attribute: 'value' };
    this.frame.types.set(value, value.type);
    return value;
  }
  numbers(elem: DataType, values: readonly number[] | number, shape?: readonly number[]): Value {
    return this.constant(tensorOf(elem, values as number[], shape));
  }
  ints(...values: number[]): Value {
    return this.numbers('int64', values);
  }

  /** Random numbers of a type: floats are normal, integers small. */
  tensor(elem: DataType, shape: readonly number[], scale = 1): Tensor {
    const count = elementCount(shape);
    if (elem === 'string')
      return stringsTensor(
        Array.from({ length: count }, () => this.one(['a', 'B c', 'é', ''])),
        shape,
      );
    const { kind } = dataTypes[elem];
    const draw = (): number => {
      if (kind === 'float') return this.weightRandom.normal() * scale;
      if (kind === 'bool') return this.weightRandom.int(0, 2);
      return kind === 'signed' ? this.weightRandom.int(-3, 5) : this.weightRandom.int(0, 8);
    };
    return tensorOf(elem, Array.from({ length: count }, draw), shape);
  }
  weights(shape: readonly number[], scale = 0.5, elem: DataType = x32): Value {
    return this.constant(this.tensor(elem, shape, scale));
  }

  /** A value of the pool that passes, later ones more often. */
  pick(passes: (value: Value) => boolean): Value | undefined {
    const found = this.pool.filter(passes);
    return found.length === 0 ? undefined : found[Math.floor(found.length * Math.sqrt(this.random.next()))];
  }

  /** Any value of an element type and a rank in a range. */
  any(elem: DataType = x32, least = 0, most = 9): Value {
    const fits = (value: Value): boolean =>
      value.elem === elem && (value.shape?.length ?? -1) >= least && (value.shape?.length ?? 99) <= most;
    const found = this.chance(0.95) ? this.pick(fits) : undefined;
    return found ?? this.want(elem, this.shape(least, Math.min(most, 4)));
  }

  /** A value of exactly this type: one that is there, one made of another, an input, or a constant. */
  want(elem: DataType, shape: Shape): Value {
    const same = this.pick((value) => value.elem === elem && sameShape(value.shape, shape));
    if (same && this.chance(0.9)) return same;
    const numbers = shape.filter((dim) => typeof dim === 'number');
    const isStatic = numbers.length === shape.length;
    const other = this.chance(0.6)
      ? this.pick((value) => sameShape(value.shape, shape) && castable(value.elem, elem))
      : undefined;
    if (other?.elem) return this.cast(other, elem);
    if (isStatic && elementCount(numbers) <= MOST && this.chance(0.3)) return this.constant(this.tensor(elem, numbers));
    if (this.g.graph === this.model.graph) return this.input(elem, shape);
    if (isStatic && elementCount(numbers) <= MOST) return this.constant(this.tensor(elem, numbers));
    throw new Unavailable();
  }

  cast(value: Value, elem: DataType): Value {
    if (value.elem === elem) return value;
    // Beyond the range of an integer type, a Cast gives what the CPU likes.
    const tame = isFloat(value.elem) && !isFloat(elem) && elem !== 'bool' ? this.bounded(value) : value;
    return this.op('Cast', [tame], { to: dataTypes[elem].code });
  }

  /** The value within [0, 3]. */
  bounded(value: Value): Value {
    const elem = value.elem as DataType;
    const small = this.op('Sigmoid', [value]);
    return this.op('Mul', [small, this.numbers(elem, 3)]);
  }

  /** A body that may read what stands here; `define` gives its outputs. */
  body(
    inputs: readonly (Type | undefined)[],
    define: (inner: Sketch, given: Value[]) => Value[],
    declared = true,
  ): Graph {
    const graph = new Graph(this.model, valueName(this), this.g.graph.opsets);
    const inner = new Sketch(this.model, this.random, this.symbols, graph, this);
    const given = inputs.map((type) => {
      const value = graph.input(valueName(this), type);
      return inner.keep(value);
    });
    const names = new Set<string>();
    for (const value of define(inner, given)) {
      let name = value.name || valueName(this);
      while (names.has(name)) name += '_';
      names.add(name);
      graph.output(name, value, declared ? value.type : undefined);
    }
    return graph;
  }

  /** A sketch of the same scope that draws from a seed of its own, numbers from another, and reads these: a block again, with other weights. */
  withSeed(seed: number, number: number, values: readonly Value[]): Sketch {
    const twin = new Sketch(this.model, new Random(seed), this.symbols, this.g.graph, this, this.isOpen);
    refill(twin.pool, values);
    twin.weightRandom = new Random(seed + number + 1);
    return twin;
  }
}

/** Thrown where a scope cannot give what a recipe wants: another recipe is tried. */
export class Unavailable extends Error {}

/** What a scope cannot have, it goes without. */
export function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

export const sameShape = (a: Shape | undefined, b: Shape | undefined): boolean =>
  a !== undefined && b !== undefined && a.length === b.length && a.every((dim, i) => equalDims(dim, b[i] as Dim));

/** The dims where all are numbers. */
export function staticShape(value: Value): number[] | undefined {
  const { shape } = value;
  return shape?.every((dim) => typeof dim === 'number') ? ([...shape] as number[]) : undefined;
}

const castable = (from: DataType | undefined, to: DataType): boolean =>
  from !== undefined && from !== 'string' && to !== 'string' && dataTypes[from].bits >= 8 && dataTypes[to].bits >= 8;
