/**
 * Columns of tables: the numbers that one lane holds over all leading axes. Equal keys are equal numbers, shown by reading how each
 * is computed: `cos` of `Concat(f, f)` has equal halves, as has a stored table whose halves hold equal numbers.
 */
import type { Facts } from '../../src/infer/index.js';
import { append } from '../../src/ir/collections/lists.js';
import { dimText } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { agreed } from '../../src/ir/tensors/bank.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { isFloat, type Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { blockOf, broadcastLanes, type Lane, leadOf, movedLanes, widthOf } from '../../src/match/views/lanes.js';
import { scalarOf } from '../../src/match/views/scalar.js';
import { movementOf } from '../../src/ops/moved.js';
import { isAlong, type Movement } from '../../src/ops/movement.js';
import { rowOf } from '../../src/ops/registry.js';

/** A lane of a table and its factor. */
export interface TableColumn extends Lane {
  readonly coefficient: number;
}

/** A column as a number times something that its key names. */
interface KeyedFactor {
  readonly factor: number;
  readonly key: number;
}

/** Stored tables of more bytes are not read to compare their columns: 131072 positions of 128 lanes are 64 MiB. */
const LARGEST = 1 << 26;

/** Tables whose expressions are deeper are told by their place alone. */
const DEPTH = 64;

export class Columns {
  readonly #ids = new Map<string, number>();
  readonly #known = new Map<Value, Map<number, readonly KeyedFactor[]>>();
  /** The sources of each value that was read further. */
  readonly #from = new Map<Value, readonly Value[]>();
  /** Values that are being read, each for the one before. */
  #depth = 0;

  constructor(readonly facts: Facts) {}

  of({ value, rank, index, coefficient }: TableColumn): KeyedFactor {
    const named = this.#row(value, rank)[index] as KeyedFactor;
    return { factor: named.factor * coefficient, key: named.key };
  }

  /** True where both hold the same numbers; −1 where one holds the other's negative. */
  compare(a: TableColumn, b: TableColumn): boolean | -1 {
    const [x, y] = [this.of(a), this.of(b)];
    if (x.key !== y.key || Math.abs(x.factor) !== Math.abs(y.factor)) return false;
    return x.factor === y.factor || -1;
  }

  /** The sources of a table: values that are read no further, and those that pick its rows. Constants are left out. */
  sources(table: Value): ReadonlySet<Value> {
    const sources = new Set<Value>();
    const seen = new Set<Value>();
    const waiting = [table];
    for (let value = waiting.pop(); value; value = waiting.pop()) {
      if (seen.has(value) || value.isConstant) continue;
      seen.add(value);
      const from = this.#from.get(value);
      if (from) append(waiting, from);
      else sources.add(value);
    }
    return sources;
  }

  #row(value: Value, rank: number): readonly KeyedFactor[] {
    const ranks = this.#known.get(value) ?? new Map<number, readonly KeyedFactor[]>();
    this.#known.set(value, ranks);
    let row = ranks.get(rank);
    if (!row) {
      this.#depth++;
      row = (this.#depth > DEPTH ? undefined : this.#read(value, rank)) ?? this.#opaque(value, rank);
      this.#depth--;
      ranks.set(rank, row);
    }
    return row;
  }

  /** Columns of which only the place is known. */
  #opaque(value: Value, rank: number): readonly KeyedFactor[] {
    const width = widthOf(blockOf(value.shape, rank) ?? []);
    return Array.from({ length: width }, (_, lane) => this.#named(`${value.sequence} ${rank} ${lane}`));
  }

  #named(text: string, factor = 1): KeyedFactor {
    const key = this.#ids.get(text) ?? this.#ids.size;
    this.#ids.set(text, key);
    return { factor, key };
  }

  #read(value: Value, rank: number): readonly KeyedFactor[] | undefined {
    if (value.tensor) return this.#stored(value, value.tensor, rank);
    const moved = movedLanes(value, rank, this.facts);
    if (moved) {
      this.#from.set(value, [...new Set(moved.map((lane) => lane.value))]);
      return moved.map((lane) => this.of({ ...lane, coefficient: 1 }));
    }
    const node = value.producer;
    if (node?.domain !== '' || node.hasReference || !value.shape || !isFloat(value.elem)) return undefined;
    const row =
      this.#scaled(node, value, rank) ?? this.#pointwise(node, value.shape, rank) ?? this.#led(node, value, rank);
    if (row)
      this.#from.set(
        value,
        node.inputs.filter((input) => input !== undefined),
      );
    return row;
  }

  /** Columns of a constant, equal where their numbers are, up to a sign. */
  #stored(value: Value, tensor: Tensor, rank: number): readonly KeyedFactor[] | undefined {
    const width = widthOf(blockOf(value.shape, rank) ?? []);
    if (!isFloat(tensor.type) || tensor.byteLength > LARGEST || width === 0) return undefined;
    const alike = agreed(tensor, (one) => alikeColumns(one, width));
    return alike.map(({ lane, sign }) => this.#named(`${value.sequence} ${rank} ${lane}`, sign));
  }

  /** A product with a number: the factor. */
  #scaled(node: Node, value: Value, rank: number): readonly KeyedFactor[] | undefined {
    const [a, b] = node.inputs;
    const by = (input: Value | undefined, factor: number | undefined): readonly KeyedFactor[] | undefined =>
      factor === undefined || !input || input.shape?.length !== value.shape?.length
        ? undefined
        : this.#row(input, rank).map((one) => ({ key: one.key, factor: one.factor * factor }));
    if (node.opType === 'Neg') return by(a, -1);
    const [x, y] = [scalarOf(a, this.facts), scalarOf(b, this.facts)];
    if (node.opType === 'Mul') return by(a, y) ?? by(b, x);
    return node.opType === 'Div' && y ? by(a, 1 / y) : undefined;
  }

  /** An op that computes each element from those at its place: the key is the op of the operands' keys. */
  #pointwise(node: Node, shape: Shape, rank: number): readonly KeyedFactor[] | undefined {
    const { isElementwise, parity } = rowOf(node) ?? {};
    if (!isElementwise || (node.attributes.size > 0 && !node.is('Cast'))) return undefined;
    const to = blockOf(shape, rank);
    const rows: (readonly KeyedFactor[])[] = [];
    for (const input of node.inputs) {
      const own = Math.min(rank, input?.shape?.length ?? 0);
      const from = blockOf(input?.shape, own);
      const index = input && from && to && broadcastLanes(from, to);
      if (!index) return undefined;
      const row = this.#row(input, own);
      rows.push(index.map((lane) => row[lane] as KeyedFactor));
    }
    const label = `${node.opType}${node.int('to') ?? ''}`;
    return rows[0]?.map((_, lane) => {
      const operands = rows.map((row) => row[lane] as KeyedFactor);
      if (parity === 'odd' || node.is('Cast')) {
        const { factor, key } = operands[0] as KeyedFactor;
        return this.#named(`${label} ${Math.abs(factor)}·${key}`, Math.sign(factor));
      }
      const texts = operands.map(({ factor, key }) => `${parity === 'even' ? Math.abs(factor) : factor}·${key}`);
      return this.#named(`${label} ${texts.join(' ')}`);
    });
  }

  /** An op that only touches the leading axes does the same to every column. */
  #led(node: Node, value: Value, rank: number): readonly KeyedFactor[] | undefined {
    const source = node.inputs[0];
    const [to, from] = [blockOf(value.shape, rank), blockOf(source?.shape, rank)];
    if (!source?.shape || !value.shape || !to || !from || to.join() !== from.join()) return undefined;
    const label = leading(movementOf(value, this.facts), value.shape, rank, this.facts);
    return label === undefined
      ? undefined
      : this.#row(source, rank).map(({ factor, key }) => this.#named(`${label} ${key}`, factor));
  }
}

/**
 * The effect of a movement on the leading axes, as text that is equal for equal effects; undefined for one that does
 * more.
 */
function leading(movement: Movement | undefined, shape: Shape, rank: number, facts: Facts): string | undefined {
  if (!movement || !leavesLanes(movement, shape, rank)) return undefined;
  const lead = leadOf(shape, rank).map(dimText).join();
  if (movement.kind !== 'placed') return lead;
  const told = (input: Value): string => facts.contents(input)?.map(dimText).join() ?? `value ${input.sequence}`;
  const texts = movement.places.slice(0, -rank).map(({ axis, start, step, cycle, list, by }) => {
    const along = `${axis} ${dimText(start)} ${step}`;
    const inner = by?.map(told).join(' ') ?? list?.contents.map((at) => at !== undefined && dimText(at)).join();
    return `${along} ${cycle === undefined ? '' : dimText(cycle)} ${inner}`;
  });
  return `${texts.join(' | ')} to ${lead}`;
}

/** True where every element stays in its lane, the last `rank` axes of an output of this shape. */
export const leavesLanes = (movement: Movement, shape: Shape, rank: number): boolean =>
  movement.kind === 'regrouped' ||
  (movement.kind === 'placed' &&
    movement.outside === undefined &&
    movement.places.slice(-rank).every((place, i) => isAlong(place, shape.length - rank + i)));

/** For each column the first one of the same numbers, up to the sign of its first number that is not 0. */
function alikeColumns(tensor: Tensor, width: number): { lane: number; sign: number }[] {
  const numbers = tensor.type === 'float32' ? float32Of(tensor) : numbersOf(tensor);
  const digests = Array.from({ length: width }, (_, lane) => digestOf(numbers, width, lane));
  const isEqual = (a: number, b: number): boolean => {
    const sign = (digests[a] as Digest).sign * (digests[b] as Digest).sign;
    for (let row = 0; row < numbers.length; row += width)
      if (numbers[row + a] !== sign * (numbers[row + b] as number)) return false;
    return true;
  };
  return digests.map(({ sum, sign }, lane) => {
    const first = digests.findIndex((other, at) => at < lane && other.sum === sum && isEqual(at, lane));
    return { lane: first < 0 ? lane : first, sign };
  });
}

function float32Of(tensor: Tensor): Float32Array {
  const bytes = Uint8Array.from(tensor.bytes());
  return new Float32Array(bytes.buffer, 0, bytes.byteLength / 4);
}

interface Digest {
  /** Equal for columns that are equal up to their sign. */
  readonly sum: number;
  readonly sign: number;
}

function digestOf(numbers: ArrayLike<number>, width: number, lane: number): Digest {
  let sign = 0;
  let sum = 0;
  for (let at = lane, row = 1; at < numbers.length; at += width, row++) {
    const x = numbers[at] as number;
    sign ||= Math.sign(x);
    sum += Math.abs(x) * (1 + (row % 97));
  }
  return { sum, sign: sign || 1 };
}
