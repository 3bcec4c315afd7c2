/**
 * Bounds the elements of a mask by position: gives the interval of all elements in one band of key − query. It reads
 * the mask's computation; values computed from inputs may be anything.
 */
import type { Facts } from '../../../src/infer/index.js';
import { type Dim, equalDims, subtractDims } from '../../../src/ir/dims/dims.js';
import type { Node } from '../../../src/ir/node.js';
import { constantTensor } from '../../../src/ir/tensors/constants.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { scalarOf } from '../../../src/match/views/scalar.js';
import { booleans, exactly, fitted, intervalOf, joined, type Maybe } from '../../../src/ops/interval.js';
import { heldBy, movementOf } from '../../../src/ops/moved.js';
import type { Movement } from '../../../src/ops/movement.js';
import { rowOf } from '../../../src/ops/registry.js';
import {
  type Band,
  combined,
  counted,
  type Elements,
  type LinearIndex,
  ofPlace,
  type Position,
  scaledIndex,
} from './place.js';
import { storedElements } from './stored.js';

/** Expressions deeper than this are not looked into. */
const DEPTH = 48;
const FIRST: LinearIndex = { query: 0, key: 0, c: 0 };

const ZERO = tensorOf('float32', 0);

/** Types that hold every count exactly. */
const counting: ReadonlySet<DataType> = new Set(['int32', 'int64', 'float32', 'float64']);

type SingleMovement = Exclude<Movement, { readonly kind: 'joined' }>;

const long = (shape: readonly Dim[]): readonly Dim[] => shape.filter((dim) => dim !== 1);

/** Reads the elements of values in one band. */
export class ElementReader {
  readonly #known = new Map<string, Elements | undefined>();

  constructor(
    readonly band: Band,
    readonly facts: Facts,
    /** The number of keys before those of the queries. */
    readonly past: Dim = 0,
  ) {}

  /** The interval of the elements at these positions, one for each axis, or anywhere; undefined where they may be anything, NaN included. */
  at(value: Value | undefined, positions?: readonly Position[], depth = 0): Elements | undefined {
    if (!value || (positions && value.shape?.length !== positions.length) || depth > DEPTH) return undefined;
    const own = positions?.map((position, i) => (value.shape?.[i] === 1 ? FIRST : position));
    const key = `${value.sequence} ${own?.map((one) => (one ? `${one.query} ${one.key} ${one.c} ${one.past ?? 0}` : '*'))}`;
    if (this.#known.has(key)) return this.#known.get(key);
    const found = this.#read(value, own, depth + 1) ?? (value.elem === 'bool' ? booleans() : undefined);
    this.#known.set(key, found);
    return found;
  }

  #read(value: Value, positions: readonly Position[] | undefined, depth: number): Elements | undefined {
    const tensor = constantTensor(value);
    if (tensor) return storedElements(tensor, positions, this.band);
    const known = scalarOf(value, this.facts);
    if (known !== undefined && Number.isFinite(known)) return counted(fitted(exactly(known), value.elem));
    const length = this.#symbolic(value);
    if (length) return length;
    const node = value.producer;
    if (node?.domain !== '' || node.outputs[0] !== value || node.hasReference) return undefined;
    /** An input that broadcasts to the node's output. */
    const input = (index: number): Elements | undefined => {
      const shape = node.inputs[index]?.shape;
      if (!positions) return this.at(node.inputs[index], undefined, depth);
      if (!shape || shape.length > positions.length) return undefined;
      const added = positions.length - shape.length;
      const own = shape.map((dim, i) => {
        const whole = value.shape?.[i + added];
        return whole !== undefined && equalDims(dim, whole) ? positions[i + added] : dim === 1 ? FIRST : undefined;
      });
      return this.at(node.inputs[index], own, depth);
    };
    return this.#computed(node, value.elem, input, depth) ?? this.#moved(node, value, positions, depth);
  }

  /** One integer that is the number of keys before, and so many more. */
  #symbolic(value: Value): Elements | undefined {
    if (this.past === 0) return undefined;
    const contents = this.facts.contents(value);
    const more = contents?.length === 1 ? subtractDims(contents[0] as Dim, this.past) : undefined;
    return typeof more === 'number' ? ofPlace({ query: 0, key: 0, c: more, past: 1 }, this.band) : undefined;
  }

  /** Element by element: of counts, the count. */
  #computed(
    node: Node,
    elem: DataType | undefined,
    input: (index: number) => Elements | undefined,
    depth: number,
  ): Maybe {
    const { range, isElementwise } = rowOf(node) ?? {};
    if (!range || !elem) return undefined;
    if (!isElementwise)
      return fitted(
        range((index) => this.at(node.inputs[index], undefined, depth), node),
        elem,
      );
    const [a, b] = [0, 1].map((index) => (index < node.inputs.length ? input(index) : undefined));
    if (a?.place && b?.place && !elem.startsWith('uint')) {
      const difference = ofPlace(combined(a.place, b.place, -1), this.band);
      if (node.is('Add')) return ofPlace(combined(a.place, b.place, 1), this.band);
      if (node.is('Sub')) return difference;
      // A comparison of counts; known truths are counts as well, and And of two is none.
      if (elem === 'bool' && node.inputs[0]?.elem !== 'bool')
        return range((index) => (index === 0 ? difference : exactly(0)), node);
    }
    if (a?.place && node.is('Neg')) return ofPlace(scaledIndex(a.place, -1), this.band);
    if (a?.place && node.is('Cast') && counting.has(elem)) return a;
    const found: Elements | undefined = range(input, node);
    return found?.place && found.low !== found.high ? found : counted(fitted(found, elem));
  }

  /** Elements that stand elsewhere in the input, or are counted. */
  #moved(node: Node, value: Value, positions: readonly Position[] | undefined, depth: number): Elements | undefined {
    const [source] = node.inputs;
    if (node.is('ConstantOfShape')) return intervalOf(numbersOf(node.tensorAttribute('value') ?? ZERO));
    if (node.is('Trilu')) return this.#triangle(node, positions, depth);
    if (node.is('Range')) {
      const [start, step] = [this.at(source, undefined, depth)?.place, scalarOf(node.inputs[2], this.facts)];
      const [index] = positions ?? [];
      if (!start || !Number.isInteger(step) || !index) return undefined;
      return ofPlace(combined(scaledIndex(index, step as number), start, 1), this.band);
    }
    const held = heldBy(value);
    if (!held || held.recast) return undefined;
    const movement = positions && movementOf(value, this.facts);
    if (movement && movement.kind !== 'joined' && (movement.kind === 'regrouped' || movement.outside === undefined))
      return this.at(movement.source, placesBefore(movement, value.shape ?? [], positions), depth);
    const all: Maybe[] = held.sources.map((one) => this.at(one, undefined, depth));
    if (held.fill !== undefined) all.push(exactly(held.fill));
    return all.length === 1 ? all[0] : all.reduce(joined);
  }

  #triangle(node: Node, positions: readonly Position[] | undefined, depth: number): Elements | undefined {
    const [row, column] = positions?.slice(-2) ?? [];
    const k = node.inputs[1] ? scalarOf(node.inputs[1], this.facts) : 0;
    const kept = this.at(node.inputs[0], positions, depth);
    const distance = row && column && ofPlace(combined(column, row, -1), this.band);
    if (!distance || k === undefined) return joined(kept, exactly(0));
    const isUpper = node.int('upper', 1) !== 0;
    if (isUpper ? distance.low >= k : distance.high <= k) return kept;
    return (isUpper ? distance.high < k : distance.low > k) ? exactly(0) : joined(kept, exactly(0));
  }
}

/** Maps the positions of an output's elements to positions in the source. */
function placesBefore(
  movement: SingleMovement,
  shape: readonly Dim[],
  positions: readonly Position[],
): readonly Position[] {
  if (movement.kind === 'placed')
    return movement.places.map(({ axis, start, step, cycle, list, by }) => {
      const position = axis === undefined ? FIRST : positions[axis];
      if (!position || typeof start !== 'number' || cycle !== undefined || list || by) return undefined;
      return combined(scaledIndex(position, step), { ...FIRST, c: start }, 1);
    });
  if (movement.keepsShape) return positions;
  const from = movement.source.shape ?? [];
  const moved = positions.filter((_, i) => shape[i] !== 1);
  const [longTo, longFrom] = [long(shape), long(from)];
  const isKept = longTo.length === longFrom.length && longTo.every((dim, i) => equalDims(dim, longFrom[i] ?? 0));
  let next = 0;
  return from.map((dim) => (dim === 1 ? FIRST : isKept ? moved[next++] : undefined));
}
