/** How much computing a node takes: elements read and written, multiplications, and a step for each node that runs. */
import type { Node } from '../ir/node.js';
import { elementCount } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';
import { numericShape } from '../ops/shapes.js';

/** The numbers that a value always holds, where they are few and known. */
type NumbersOf = (value: Value) => readonly unknown[] | undefined;

/** Adds up nodes that are asked for in their order. */
export class Work {
  readonly #counts = new Map<Value, number>();

  /** `unknown` is how many elements or rounds are taken for those that nothing is known of: infinitely many, or none. */
  constructor(
    readonly numbersOf: NumbersOf,
    readonly unknown: number,
  ) {}

  /** Elements; of what is of unknown shape at most about so many. */
  #count = (value: Value | undefined): number => {
    if (!value) return 0;
    const shape = numericShape(value.shape);
    return shape ? elementCount(shape) : (this.#counts.get(value) ?? this.unknown);
  };

  #all(values: readonly (Value | undefined)[]): number {
    return values.reduce((sum, one) => sum + this.#count(one), 0);
  }

  /** Operations of a node; of one with bodies, those of all rounds. */
  of(node: Node): number {
    const { inputs, outputs, bodies, opType } = node;
    // A result of unknown shape may pair every element of one input with every one of another; coordinates have an axis each.
    const pairs = inputs.reduce((product, one) => product * Math.max(1, this.#count(one)), node.is('NonZero') ? 8 : 1);
    for (const output of outputs)
      if (output)
        this.#counts.set(output, Math.min(this.unknown, growing.has(opType) ? Number.POSITIVE_INFINITY : pairs));
    if (bodies.length === 0) {
      const depth = node.domain === '' ? (depths.get(opType)?.(node, this.#count, this.unknown) ?? 0) : 0;
      return STEP + this.#all(inputs) + this.#all(outputs) * (1 + depth);
    }
    let inside = STEP;
    for (const body of bodies) for (const inner of body.nodes()) inside += this.of(inner);
    return this.roundsOf(node) * inside;
  }

  /** How often the bodies of a node run. */
  roundsOf(node: Node): number {
    if (node.is('Loop')) {
      const most = node.inputs[0] && this.numbersOf(node.inputs[0])?.[0];
      return Math.max(1, typeof most === 'number' ? most : this.unknown);
    }
    return node.is('If') ? 1 : node.inputs.reduce((most, one) => Math.max(most, this.#longest(one)), 1);
  }

  /** What a Scan goes along is an axis of what it reads. */
  #longest(value: Value | undefined): number {
    return (value?.shape ?? []).reduce<number>(
      (most, dim) => Math.max(most, typeof dim === 'number' ? dim : this.unknown),
      0,
    );
  }
}

/** Ops whose results can be larger than what they read. */
export const growing: ReadonlySet<string> = new Set(
  'ConstantOfShape Expand Tile Range Pad Resize Upsample OneHot EyeLike'.split(' '),
);

/** What running a node takes however small it is. */
const STEP = 1000;

/** The runtime multiplies so many times as fast as it moves elements one by one. */
const FAST = 8;

const sizeAt = (value: Value | undefined, axis: number, unknown: number): number => {
  const dim = value?.shape?.at(axis);
  return typeof dim === 'number' ? dim : unknown;
};

/** Elements that each element of the result is computed from, by op. Of what is not here, one. */
type WorkPerElement = (node: Node, count: (value: Value | undefined) => number, unknown: number) => number;

const columns: WorkPerElement = ({ inputs }, _, unknown) => sizeAt(inputs[0], -1, unknown) / FAST;
const kernel =
  (index: number): WorkPerElement =>
  ({ inputs }, count) =>
    count(inputs[index]) / FAST;
const everything: WorkPerElement = ({ inputs }, count) => inputs.reduce((sum, one) => sum + count(one), 0);

const depths = new Map<string, WorkPerElement>(
  Object.entries<WorkPerElement>({
    MatMul: columns,
    MatMulInteger: columns,
    QLinearMatMul: columns,
    Gemm: ({ inputs }, _, unknown) => Math.max(sizeAt(inputs[0], 0, unknown), sizeAt(inputs[0], 1, unknown)) / FAST,
    Conv: kernel(1),
    ConvInteger: kernel(1),
    QLinearConv: kernel(3),
    ConvTranspose: kernel(1),
    MaxPool: kernelOf,
    AveragePool: kernelOf,
    LpPool: kernelOf,
    // Each pair of what is read, or worse: few of them are folded, and none that is large.
    ...Object.fromEntries(
      'Einsum DFT STFT NonMaxSuppression LSTM GRU RNN Unique DeformConv Attention LRN RoiAlign MaxRoiPool'
        .split(' ')
        .map((name) => [name, everything] as const),
    ),
    Det: ({ inputs }, count) => count(inputs[0]) ** 1.5,
    // A sort, by axes that may be long.
    TopK: () => 32,
  }),
);

function kernelOf(node: Node): number {
  return (node.ints('kernel_shape') ?? []).reduce((product, size) => product * size, 1);
}
