/** Reads a rotary embedding from a value: pairs of lanes of another value, turned by an angle of a table. */
import type { Facts } from '../../src/infer/index.js';
import type { Node } from '../../src/ir/node.js';
import type { Value } from '../../src/ir/value.js';
import { Miss } from '../../src/match/miss.js';
import { blockOf, movedLanes, widthOf } from '../../src/match/views/lanes.js';
import { movedFrom } from '../../src/ops/moved.js';
import type { TableColumn } from './columns.js';
import { basesOf, Combinations, type LanedValue, type LaneTerm } from './combination.js';

/** y[i] = x[i]·cos[i] ∓ x[j]·sin[i] for the pairs i, j of the first `width` lanes; the lanes after them are x's own. */
export interface Rotation {
  /** The operand and the result, under the same leading axes. */
  readonly x: LanedValue;
  readonly y: LanedValue;
  /** Lanes of a head, and how many of them are rotated. */
  readonly lanes: number;
  readonly width: number;
  /** Pairs are lanes i and i + width/2, or neighbours. */
  readonly isInterleaved: boolean;
  /** By pair: the factors of the first lane and of its partner, of cos and of sin; where all is right, those of a pair are equal. */
  readonly cos: readonly ColumnPair[];
  readonly sin: readonly ColumnPair[];
  /** The nodes between x and y that go when nothing else reads them. */
  readonly nodes: readonly Node[];
}

export interface ColumnPair {
  readonly first: TableColumn;
  readonly second: TableColumn;
}

/** The rotation that a value is; a reason where lanes are turned in another way; undefined where they are not. */
export function rotationOf(value: Value, facts: Facts): Rotation | MissedRotation | undefined {
  const root = rowOf(value, facts);
  if (!root) return looksTurned(value) ? missed('the size of a head is not static', value) : undefined;
  let miss: MissedRotation | undefined;
  for (const base of basesOf(root, facts)) {
    const combinations = new Combinations(base, facts);
    const lanes = combinations.of(root.value, root.rank);
    const found = lanes && pairsOf(lanes);
    if (typeof found === 'string') miss ??= missed(found, value, combinations);
    else if (found && combinations.unproven)
      miss ??= missed('the table is not known to be as long as the input', value, combinations);
    else if (found) {
      const x = originOf(base, facts);
      return { ...found, x, y: root, lanes: lanes.length, nodes: removable(combinations, root.value) };
    }
  }
  return miss;
}

const missed = (reason: string, at: Value, read?: Combinations): MissedRotation => ({
  miss: new Miss(reason, at.producer ?? at),
  nodes: read ? removable(read, at) : at.producer ? [at.producer] : [],
});

/** Ops that a rotation may end with. */
export const roots = new Set(['Add', 'Sub', 'Concat', 'Reshape', 'Transpose', 'Flatten']);

/** The lanes of a value that may be a rotation: those of its last axis, or of two where pairs have an axis of their own. */
function rowOf(value: Value, facts: Facts): LanedValue | undefined {
  const node = value.producer;
  if (!node) return undefined;
  const size = value.shape?.at(-1);
  if (typeof size !== 'number' || size < 2 || !roots.has(node.opType)) return undefined;
  const moved = movedLanes(value, 1, facts);
  // Two lanes that were put beside each other: the pairs of an axis of pairs.
  const isPair = size === 2 && moved && (value.shape?.length ?? 0) >= 4;
  return { value, rank: isPair && blockOf(value.shape, 2) ? 2 : 1 };
}

/** True for x·a + y·b with a y that joins the negative of a part of x: a rotation, by its ops, of axes whose sizes are not known. */
function looksTurned(value: Value): boolean {
  const node = value.producer;
  if (!node?.is('Add') || typeof value.shape?.at(-1) === 'number') return false;
  return node.inputs.some((term) => {
    const product = term?.producer;
    return product?.is('Mul') === true && product.inputs.some((factor) => joinsNegative(factor?.producer));
  });
}

const joinsNegative = (node: Node | undefined): boolean =>
  node?.is('Concat') === true &&
  node.inputs.length === 2 &&
  node.inputs.some((input) => input?.producer?.is('Neg') && movedFrom(input.producer.inputs[0]) !== undefined);

/** The value that the base is the same lanes of, as far back as nothing moves. */
function originOf(base: LanedValue, facts: Facts): LanedValue {
  let row = base;
  for (;;) {
    const moved = movedLanes(row.value, row.rank, facts);
    const from = moved?.[0];
    if (!moved || !from) return row;
    const width = widthOf(blockOf(from.value.shape, from.rank) ?? []);
    const isSame = width === moved.length && moved.every(({ value, index }, i) => value === from.value && index === i);
    if (!isSame || from.value.shape?.length !== row.value.shape?.length) return row;
    row = { value: from.value, rank: from.rank };
  }
}

type Pairs = Pick<Rotation, 'width' | 'isInterleaved' | 'cos' | 'sin'>;

function pairsOf(lanes: readonly (readonly LaneTerm[])[]): Pairs | string | undefined {
  const partners = lanes.map((terms, lane) => partnerOf(terms, lane));
  const width = partners.filter((partner) => partner !== undefined).length;
  if (width < 2 || partners.some((partner, lane) => partner !== undefined && partners[partner] !== lane))
    return undefined;
  if (partners.slice(0, width).includes(undefined)) return 'the lanes that rotate are not the first of a head';
  const half = width / 2;
  const isHalves = partners.every((partner, lane) => lane >= half || partner === lane + half);
  const isNeighbours = partners.every((partner, lane) => lane >= width || partner === (lane ^ 1));
  if (!isHalves && !isNeighbours) return 'the pairs of lanes are neither halves nor neighbours';
  const isKept = lanes.slice(width).every(([term, more], i) => term && !more && isPlain(term, width + i));
  if (!isKept) return 'the lanes behind those that rotate are not the same lanes of the input';
  const firsts = Array.from({ length: half }, (_, pair) => (isHalves ? pair : 2 * pair));
  const pairs = (own: boolean): ColumnPair[] =>
    firsts.map((first) => {
      const second = partners[first] as number;
      return {
        first: columnOf(lanes[first] as LaneTerm[], own ? first : second, own ? 1 : -1),
        second: columnOf(lanes[second] as LaneTerm[], own ? second : first, 1),
      };
    });
  return { width, isInterleaved: !isHalves, cos: pairs(true), sin: pairs(false) };
}

/** The other lane of a sum of two, one of them the lane itself, each times a table. */
function partnerOf(terms: readonly LaneTerm[], lane: number): number | undefined {
  const [a, b] = terms;
  if (!a?.table || !b?.table || terms.length !== 2 || a.lane === b.lane) return undefined;
  return a.lane === lane ? b.lane : b.lane === lane ? a.lane : undefined;
}

const isPlain = ({ lane, coefficient, table }: LaneTerm, own: number): boolean =>
  lane === own && coefficient === 1 && !table;

function columnOf(terms: readonly LaneTerm[], lane: number, sign: 1 | -1): TableColumn {
  const { coefficient, table } = terms.find((term) => term.lane === lane) as Required<LaneTerm>;
  return { ...table, coefficient: coefficient * sign };
}

/** The nodes of a rotation, without those that only move lanes and are read elsewhere as well: they stay. */
function removable({ nodes }: Combinations, root: Value): Node[] {
  const inside = new Set(nodes.values());
  let isShrinking = true;
  while (isShrinking) {
    isShrinking = false;
    for (const node of inside) {
      if (node === root.producer || /^(Add|Sub|Mul|Div|Neg)$/.test(node.opType)) continue;
      const isRead = node.outputs.some((value) => value && [...value.uses].some((use) => !inside.has(use.node)));
      if (isRead) isShrinking = inside.delete(node);
    }
  }
  return [...inside];
}

/** The reason that a rotation cannot be the kernel, and its nodes. */
export interface MissedRotation {
  readonly miss: Miss;
  readonly nodes: readonly Node[];
}
