/**
 * A value's lanes as sums of lanes of another value, each times a lane of a table: `y[i] = x[i]·cos[i] − x[j]·sin[i]`,
 * whatever slices, products and concatenations spell it.
 */

import type { Facts } from '../../src/infer/index.js';
import { type Dim, equalDims } from '../../src/ir/dims/dims.js';
import type { Node } from '../../src/ir/node.js';
import { agreed } from '../../src/ir/tensors/bank.js';
import { constantTensor } from '../../src/ir/tensors/constants.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { isFloat, type Shape } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import {
  blockOf,
  broadcastLanes,
  equalLeads,
  type Lane,
  leadOf,
  movedLanes,
  widthOf,
} from '../../src/match/views/lanes.js';
import { scalarOf } from '../../src/match/views/scalar.js';
import { heldBy } from '../../src/ops/moved.js';

/** coefficient · base[lane] · table. */
export interface LaneTerm {
  readonly lane: number;
  readonly coefficient: number;
  readonly table?: Lane;
}

/** A sum for each lane. */
type Lanes = readonly (readonly LaneTerm[])[];

/** A value and how many of its last axes its lanes run over. */
export interface LanedValue {
  readonly value: Value;
  readonly rank: number;
}

/** No exporter puts more steps between a rotation and its operand. */
const DEPTH = 20;

/** The lanes of a value as sums over those of the base; undefined where it is none. */
export class Combinations {
  readonly #known = new Map<Value, Map<number, Lanes | undefined>>();
  /** A value that may have the leading axes of its sum or product, without a proof. */
  unproven: Value | undefined;
  /** The nodes behind values that are combinations, as they were read. */
  readonly nodes = new Map<Value, Node>();

  constructor(
    readonly base: LanedValue,
    readonly facts: Facts,
  ) {}

  of(value: Value, rank: number, depth = 0): Lanes | undefined {
    const ranks = this.#known.get(value) ?? new Map<number, Lanes | undefined>();
    this.#known.set(value, ranks);
    if (ranks.has(rank)) return ranks.get(rank);
    ranks.set(rank, undefined);
    const lanes = depth > DEPTH ? undefined : this.#read(value, rank, depth);
    ranks.set(rank, lanes);
    if (lanes && value.producer && value !== this.base.value) this.nodes.set(value, value.producer);
    return lanes;
  }

  #read(value: Value, rank: number, depth: number): Lanes | undefined {
    if (value === this.base.value) {
      const block = rank === this.base.rank ? blockOf(value.shape, rank) : undefined;
      return block && Array.from({ length: widthOf(block) }, (_, lane) => [{ lane, coefficient: 1 }]);
    }
    const moved = movedLanes(value, rank, this.facts);
    if (moved) return this.#moved(moved, depth);
    const node = value.producer;
    const shape = value.shape;
    if (node?.domain !== '' || node.hasReference || !shape || !isFloat(value.elem)) return undefined;
    const [a, b] = node.inputs;
    const at = { shape, rank, depth };
    if (node.opType === 'Neg' && a) return this.of(a, rank, depth + 1)?.map(scaledBy(-1));
    if (!a || !b) return undefined;
    if (!isReadable(node)) return undefined;
    if (node.opType === 'Add') return sumOf(this.#side(a, at), this.#side(b, at), 1);
    if (node.opType === 'Sub') return sumOf(this.#side(a, at), this.#side(b, at), -1);
    if (node.opType === 'Mul') return this.#product(a, b, at) ?? this.#product(b, a, at);
    const divisor = node.opType === 'Div' ? scalarOf(b, this.facts) : undefined;
    return divisor ? this.#side(a, at)?.map(scaledBy(1 / divisor)) : undefined;
  }

  #moved(moved: readonly Lane[], depth: number): Lanes | undefined {
    const lanes: (readonly LaneTerm[])[] = [];
    for (const { value, rank, index } of moved) {
      const lane = this.of(value, rank, depth + 1)?.[index];
      if (!lane) return undefined;
      lanes.push(lane);
    }
    return lanes;
  }

  /** An operand in the lanes of the result that it is broadcast to; its leading axes must be the result's. */
  #side(value: Value, { shape, rank, depth }: LaneShape): Lanes | undefined {
    const lanes = this.of(value, rank, depth + 1);
    const index = lanes && value.shape && broadcastOf(value.shape, shape, rank);
    if (!index || !value.shape) return undefined;
    const leads = [leadOf(value.shape, rank), leadOf(shape, rank)] as const;
    if (!equalLeads(...leads)) {
      if (!compatibleLeads(...leads)) return undefined;
      this.unproven ??= value;
    }
    return index.map((lane) => lanes[lane] as readonly LaneTerm[]);
  }

  /** The product of the base with a number, signs or a table. */
  #product(inner: Value, by: Value, at: LaneShape): Lanes | undefined {
    const x = scalarOf(by, this.facts);
    const lanes = this.#side(inner, at);
    if (!lanes) return undefined;
    if (x !== undefined) return lanes.map(scaledBy(x));
    const rank = Math.min(at.rank, by.shape?.length ?? 0);
    const index = by.shape && broadcastOf(by.shape, at.shape, rank, at.rank);
    if (!index) return undefined;
    const signs = signsOf(by);
    if (signs) return lanes.map((lane, i) => scaledBy(signs[index[i] as number] as number)(lane));
    // Two tables on one lane are no rotation.
    if (lanes.some((lane) => lane.some(({ table }) => table))) return undefined;
    return lanes.map((lane, i) =>
      lane.map((term) => ({ ...term, table: { value: by, rank, index: index[i] as number } })),
    );
  }
}

/** True where leading axes may be equal: a dim of the result may be a broadcast of theirs. */
const compatibleLeads = (a: Shape, b: Shape): boolean =>
  a.length === b.length &&
  a.every((dim, axis) => equalDims(dim, b[axis] as Dim) || (typeof dim !== 'number' && typeof b[axis] !== 'number'));

interface LaneShape {
  readonly shape: Shape;
  readonly rank: number;
  readonly depth: number;
}

/** The operand's lane for each lane of the result. */
function broadcastOf(from: Shape, to: Shape, rank: number, toRank = rank): readonly number[] | undefined {
  const [a, b] = [blockOf(from, rank), blockOf(to, toRank)];
  return a && b && broadcastLanes(a, b);
}

const scaledBy =
  (factor: number) =>
  (lane: readonly LaneTerm[]): readonly LaneTerm[] =>
    lane.map((term) => ({ ...term, coefficient: term.coefficient * factor }));

function sumOf(a: Lanes | undefined, b: Lanes | undefined, sign: 1 | -1): Lanes | undefined {
  const sum = a && b && a.map((lane, i) => [...lane, ...scaledBy(sign)(b[i] as readonly LaneTerm[])]);
  // A lane turns with one other: more is no rotation.
  return sum?.every((lane) => lane.length <= 2) ? sum : undefined;
}

/** A row of constants that are all 1 or −1: signs of lanes, not a table. */
function signsOf(value: Value): readonly number[] | undefined {
  const tensor = value.shape?.slice(0, -1).every((dim) => dim === 1) ? constantTensor(value) : undefined;
  if (!tensor || tensor.byteLength > 1 << 16) return undefined;
  return agreed(tensor, (one) => {
    const numbers = [...numbersOf(one)];
    return numbers.every((x) => x === 1 || x === -1) ? numbers : undefined;
  });
}

/** The values that a value may be a combination of, the nearest first: as many lanes, under the same leading axes; then those
 * whose leading axes are not shown to be the same. */
export function basesOf(root: LanedValue, facts: Facts): readonly LanedValue[] {
  const block = blockOf(root.value.shape, root.rank);
  if (!block || !root.value.shape) return [];
  const lead = leadOf(root.value.shape, root.rank);
  const bases: LanedValue[] = [];
  const possible: LanedValue[] = [];
  const seen = new Map<Value, Set<number>>();
  let front: readonly LanedValue[] = [root];
  let hasSum = false;
  for (let step = 0; step < DEPTH && front.length > 0 && seen.size < 64; step++) {
    const next: LanedValue[] = [];
    hasSum ||= front.some(({ value }) => value.producer?.is('Add') || value.producer?.is('Sub'));
    for (const { value, rank } of front.flatMap((row) => rowsBehind(row, facts))) {
      const ranks = seen.get(value) ?? new Set<number>();
      if (ranks.has(rank)) continue;
      seen.set(value, ranks.add(rank));
      const own = blockOf(value.shape, rank);
      if (!own || !value.shape || !isFloat(value.elem) || value.isConstant) continue;
      const leads = [leadOf(value.shape, rank), lead] as const;
      if (widthOf(own) === widthOf(block) && compatibleLeads(...leads))
        (equalLeads(...leads) ? bases : possible).push({ value, rank });
      next.push({ value, rank });
    }
    front = next;
  }
  return hasSum ? [...bases, ...possible] : [];
}

const arithmetic = new Set(['Add', 'Sub', 'Mul', 'Div', 'Neg']);

/** True for arithmetic that a rotation may consist of: both sides of a sum are products, however they were moved. */
function isReadable(node: Node): boolean {
  if (!arithmetic.has(node.opType)) return false;
  if (node.opType !== 'Add' && node.opType !== 'Sub') return true;
  return node.inputs.every((input) => {
    const node = input?.producer;
    return (node?.domain === '' && arithmetic.has(node.opType)) || heldBy(input) !== undefined;
  });
}

/** The rows one op back that a combination may lead through. */
function rowsBehind({ value, rank }: LanedValue, facts: Facts): LanedValue[] {
  const moved = movedLanes(value, rank, facts);
  if (moved) {
    const rows: LanedValue[] = [];
    for (const lane of moved)
      if (!rows.some((row) => row.value === lane.value && row.rank === lane.rank))
        rows.push({ value: lane.value, rank: lane.rank });
    return rows;
  }
  const node = value.producer;
  if (node?.domain !== '' || !isReadable(node)) return [];
  return node.inputs.flatMap((input) => (input && (input.shape?.length ?? 0) >= rank ? [{ value: input, rank }] : []));
}
