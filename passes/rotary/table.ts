/**
 * Builds the kernel's tables: one row a position, one column a pair of lanes. Each table is built once for all
 * rotations that use it, and computes half as much as the exporter's: cos of f instead of cos of `Concat(f, f)`, half
 * the columns of a stored table.
 */
import type { Facts } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import { derive } from '../../src/ir/tensors/bank.js';
import { reshaped } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { dataTypes, type Shape, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { Rewriter } from '../../src/match/rewriter.js';
import { blockOf, movedLanes, widthOf } from '../../src/match/views/lanes.js';
import { scalarOf } from '../../src/match/views/scalar.js';
import { movementOf } from '../../src/ops/moved.js';
import { rowOf } from '../../src/ops/registry.js';
import { leavesLanes } from './columns.js';

/** Columns of one value, all with the same factor. */
export interface Selection {
  readonly value: Value;
  readonly rank: number;
  readonly columns: readonly number[];
  readonly factor: number;
}

/** The tables of a graph, by key. */
export type MadeTables = Map<string, Value>;

/**
 * At most this many ops in a chain are repeated on some columns of their operand; deeper values are used as they are.
 */
const DEPTH = 64;

/** Builds tables in one graph, and reuses earlier ones while they are in it. */
export class Tables {
  constructor(
    readonly build: Rewriter,
    readonly facts: Facts,
    readonly made: MadeTables,
  ) {}

  /** The table [rows, pairs]. */
  rows(selection: Selection): Value {
    const { value, rank, columns, factor } = selection;
    return this.once(`rows ${keyOf(selection)} ${factor}`, () => {
      const inner = unled(value, rank);
      const selected = this.#select(inner, rank, columns);
      const flat = this.#flat(selected, columns.length);
      if (factor === 1) return flat;
      return this.build.op('Mul', [flat, this.build.constant(value.elem as 'float32', factor)]);
    });
  }

  once(key: string, make: () => Value): Value {
    const old = this.made.get(key);
    const stands = old && (old.producer ? old.graph.nodeSet.has(old.producer) : old.graph.constants.has(old));
    if (old && stands) return old;
    const value = make();
    this.made.set(key, value);
    return value;
  }

  #flat(value: Value, columns: number): Value {
    if (value.shape?.length === 2) return value;
    const { tensor } = value;
    if (tensor) {
      const rows = tensor.shape.slice(0, -1).reduce((product, size) => product * size, 1);
      return this.build.constant(reshaped(tensor, [rows, columns]));
    }
    return this.build.op('Reshape', [value, this.build.ints(-1, columns)]);
  }

  /** Columns of a value's last axes as the one last axis of another value. */
  #select(value: Value, rank: number, columns: readonly number[], left = DEPTH): Value {
    const width = widthOf(blockOf(value.shape, rank) ?? []);
    if (rank === 1 && columns.length === width && columns.every((column, i) => column === i)) return value;
    return this.once(`columns ${keyOf({ value, rank, columns })}`, () => {
      const inner = left > 0 ? this.#inner(value, rank, columns, left - 1) : undefined;
      const made = inner ?? this.#taken(value, rank, columns);
      const lead = value.shape?.slice(0, -rank) as Shape;
      if (!made.type) made.type = tensorType(value.elem as 'float32', [...lead, columns.length]);
      return made;
    });
  }

  /** The same op on columns of its operand, if it treats each column alike. */
  #inner(value: Value, rank: number, columns: readonly number[], left: number): Value | undefined {
    if (value.tensor)
      return this.build.constant(
        columnsOf(
          value.tensor,
          widthOf(blockOf(value.shape, rank) as number[]),
          value.shape?.slice(0, -rank) as number[],
          columns,
        ),
      );
    const from = movedFrom(value, rank, columns, this.facts);
    if (from) return this.#select(from.value, from.rank, from.columns, left);
    const node = value.producer;
    if (node?.domain !== '' || node.hasReference) return undefined;
    const at = operandOf(node, value, rank, this.facts);
    const operand = at === undefined ? undefined : node.inputs[at];
    if (at === undefined || !operand) return undefined;
    const selected = this.#select(operand, rank, columns, left);
    const inputs = node.inputs.map((input, i) => (i === at ? selected : input));
    return this.build.op(node.opType, inputs, Object.fromEntries(node.attributes));
  }

  /** The columns by Slice or Gather. */
  #taken(value: Value, rank: number, columns: readonly number[]): Value {
    const lead = (value.shape?.length as number) - rank;
    const flat =
      rank === 1 ? value : this.build.op('Reshape', [value, this.build.ints(Array<number>(lead).fill(0), -1)]);
    const [start = 0, second = start + 1] = columns;
    const step = second - start;
    const { build } = this;
    if (step > 0 && columns.every((column, i) => column === start + i * step)) {
      const end = (columns.at(-1) as number) + 1;
      return build.op('Slice', [flat, build.ints(start), build.ints(end), build.ints(lead), build.ints(step)]);
    }
    return build.op('Gather', [flat, build.ints(columns)], { axis: lead });
  }
}

/** Equal keys mean equal selections: values made of the first are computed before the second is needed. */
export const keyOf = ({ value, rank, columns }: Omit<Selection, 'factor'>): string =>
  `${value.sequence} ${rank} ${columns.join()}`;

/** The single value that columns were moved from, and their indices in it. */
function movedFrom(
  value: Value,
  rank: number,
  columns: readonly number[],
  facts: Facts,
): Omit<Selection, 'factor'> | undefined {
  const moved = movedLanes(value, rank, facts);
  const lanes = columns.map((column) => moved?.[column]);
  const first = lanes[0];
  if (!first || !lanes.every((lane) => lane?.value === first.value && lane.rank === first.rank)) return undefined;
  return { value: first.value, rank: first.rank, columns: lanes.map((lane) => lane?.index as number) };
}

/** The value before ops that only give its leading axes another form: rows stay rows, in the same order. */
function unled(value: Value, rank: number): Value {
  let one = value;
  for (;;) {
    const movement = movementOf(one);
    if (movement?.kind !== 'regrouped') return one;
    const { source } = movement;
    const [to, from] = [blockOf(one.shape, rank), blockOf(source.shape, rank)];
    if (!to || !from || to.join() !== from.join()) return one;
    one = source;
  }
}

/** The operand whose columns an op maps one to one to its own, in a form that works for fewer columns too. */
function operandOf(node: Node, value: Value, rank: number, facts: Facts): number | undefined {
  const isAlike = (input: Value | undefined, isOfRank = true): boolean =>
    (!isOfRank || input?.shape?.length === value.shape?.length) &&
    blockOf(input?.shape, rank)?.join() === blockOf(value.shape, rank)?.join();
  const isNumber = (input: Value | undefined): boolean =>
    (input?.shape?.length ?? 2) <= 1 && scalarOf(input, facts) !== undefined;
  const at = node.inputs.findIndex((input) => isAlike(input) && !isNumber(input));
  const isPointwise = rowOf(node)?.isElementwise && node.inputs.every((input, i) => i === at || isNumber(input));
  if (isPointwise) return at < 0 ? undefined : at;
  return rank === 1 && isAlike(node.inputs[0], false) && isOfAnyWidth(node, value, facts) ? 0 : undefined;
}

/** True for an op that moves whole rows, and is told no sizes of theirs. */
function isOfAnyWidth(node: Node, value: Value, facts: Facts): boolean {
  const movement = movementOf(value, facts);
  const isTold = node.is('Reshape') || node.is('Expand') || node.outputs.length > 1;
  if (!movement || !value.shape || isTold || !leavesLanes(movement, value.shape, 1)) return false;
  return movement.kind === 'placed' || node.inputs.length > 1 || node.attributes.has('axes');
}

/** A constant's columns as a constant: computed when it is read. */
function columnsOf(tensor: Tensor, width: number, lead: readonly number[], columns: readonly number[]): Tensor {
  const size = dataTypes[tensor.type].bits / 8;
  return derive([tensor], tensor.type, [...lead, columns.length], function* (one) {
    const bytes = one.bytes();
    const rows = bytes.length / size / width;
    const taken = new Uint8Array(rows * columns.length * size);
    for (let row = 0, at = 0; row < rows; row++)
      for (const column of columns) {
        const from = (row * width + column) * size;
        taken.set(bytes.subarray(from, from + size), at);
        at += size;
      }
    yield taken;
  });
}
