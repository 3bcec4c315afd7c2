/**
 * What the elements of a mask are, by where they stand: the interval that every element lies in whose key is so far from its
 * query. Read from how the mask is computed; what is computed from inputs may be anything.
 */
import type { Facts } from '../../../src/infer/index.js';
import { constantTensor } from '../../../src/ir/constants.js';
import { type Dim, equalDims } from '../../../src/ir/dims.js';
import type { Node } from '../../../src/ir/node.js';
import { numbersOf } from '../../../src/ir/numbers.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { scalarOf } from '../../../src/match/scalar.js';
import {
  type Band,
  booleans,
  cast,
  combined,
  compared,
  type Elements,
  exactly,
  fitted,
  joined,
  least,
  maximum,
  minimum,
  negated,
  number,
  ofPlace,
  type Place,
  type Position,
  product,
  sum,
} from './interval.js';
import { storedElements } from './stored.js';

/** Expressions deeper than this are not looked into. */
const DEPTH = 48;
const FIRST: Place = { query: 0, key: 0, c: 0 };

const long = (shape: readonly Dim[]): readonly Dim[] => shape.filter((dim) => dim !== 1);

/** Reads the elements of values in one band. */
export class ElementReader {
  readonly #known = new Map<string, Elements | undefined>();

  constructor(
    readonly band: Band,
    readonly facts: Facts,
  ) {}

  /** The interval of the elements at these positions, one for each axis; undefined where they may be anything, NaN included. */
  at(value: Value | undefined, positions: readonly Position[], depth = 0): Elements | undefined {
    if (!value?.shape || value.shape.length !== positions.length || depth > DEPTH) return undefined;
    const own = positions.map((position, i) => (value.shape?.[i] === 1 ? FIRST : position));
    const key = `${value.sequence} ${own.map((one) => (one ? `${one.query} ${one.key} ${one.c}` : '*'))}`;
    if (this.#known.has(key)) return this.#known.get(key);
    const found = this.#read(value, own, depth + 1) ?? (value.elem === 'bool' ? booleans(undefined) : undefined);
    this.#known.set(key, found);
    return found;
  }

  #read(value: Value, positions: readonly Position[], depth: number): Elements | undefined {
    const tensor = constantTensor(value);
    if (tensor) return storedElements(tensor, positions, this.band);
    const known = scalarOf(value, this.facts);
    if (known !== undefined && Number.isFinite(known)) return number(known);
    const node = value.producer;
    if (node?.domain !== '' || node.outputs[0] !== value || node.hasReference) return undefined;
    /** An input that broadcasts to the node's output. */
    const input = (index: number): Elements | undefined => {
      const shape = node.inputs[index]?.shape;
      if (!shape || shape.length > positions.length) return undefined;
      const added = positions.length - shape.length;
      const own = shape.map((dim, i) => {
        const whole = value.shape?.[i + added];
        return whole !== undefined && equalDims(dim, whole) ? positions[i + added] : dim === 1 ? FIRST : undefined;
      });
      return this.at(node.inputs[index], own, depth);
    };
    return fitted(this.#computed(node, value.elem, input), value.elem) ?? this.#moved(node, value, positions, depth);
  }

  /** Element by element. */
  #computed(
    node: Node,
    elem: DataType | undefined,
    input: (index: number) => Elements | undefined,
  ): Elements | undefined {
    const all = (): (Elements | undefined)[] => node.inputs.map((_, i) => input(i));
    const order = (isTrue: (low: number, high: number) => boolean | undefined): Elements => {
      const [a, b] = [input(0), input(1)];
      const d = a?.place && b?.place ? ofPlace(combined(a.place, b.place, -1), this.band) : compared(a, b);
      return booleans(d && isTrue(d.low, d.high));
    };
    switch (node.opType) {
      case 'Identity':
      case 'Expand':
        return input(0);
      case 'Cast':
        return cast(input(0), node.inputs[0]?.elem, elem);
      case 'Neg':
        return negated(input(0));
      case 'Add':
        return this.#sum(input(0), input(1), 1);
      case 'Sub':
        return elem?.startsWith('uint') ? undefined : this.#sum(input(0), input(1), -1);
      case 'Mul':
        return product(input(0), input(1));
      case 'Max':
        return all().reduce(maximum);
      case 'Min':
        return all().reduce(minimum);
      case 'Less':
        return order((low, high) => (high < 0 ? true : low >= 0 ? false : undefined));
      case 'LessOrEqual':
        return order((low, high) => (high <= 0 ? true : low > 0 ? false : undefined));
      case 'Greater':
        return order((low, high) => (low > 0 ? true : high <= 0 ? false : undefined));
      case 'GreaterOrEqual':
        return order((low, high) => (low >= 0 ? true : high < 0 ? false : undefined));
      case 'Equal':
        return order((low, high) => (low === 0 && high === 0 ? true : low > 0 || high < 0 ? false : undefined));
      case 'Not':
        return sum(exactly(1), negated(input(0)));
      case 'And':
        return minimum(input(0), input(1));
      case 'Or':
        return maximum(input(0), input(1));
      case 'Where': {
        const condition = input(0);
        if (condition?.low === 1) return input(1);
        return condition?.high === 0 ? input(2) : joined(input(1), input(2));
      }
      default:
        return undefined;
    }
  }

  /** Elements that stand elsewhere in the input, or are counted. */
  #moved(node: Node, value: Value, positions: readonly Position[], depth: number): Elements | undefined {
    const [source] = node.inputs;
    switch (node.opType) {
      case 'Reshape':
      case 'Flatten':
      case 'Squeeze':
      case 'Unsqueeze': {
        const [to, from] = [value.shape ?? [], source?.shape ?? []];
        const moved = positions.filter((_, i) => to[i] !== 1);
        const [longTo, longFrom] = [long(to), long(from)];
        const isKept = longTo.length === longFrom.length && longTo.every((dim, i) => equalDims(dim, longFrom[i] ?? 0));
        let next = 0;
        const own = from.map((dim) => (dim === 1 ? FIRST : isKept ? moved[next++] : undefined));
        return this.at(source, own, depth);
      }
      case 'Transpose': {
        const perm = node.ints('perm') ?? positions.map((_, i) => positions.length - 1 - i);
        const own = perm.map((_, axis) => positions[perm.indexOf(axis)]);
        return this.at(source, own, depth);
      }
      case 'Slice':
        return this.at(source, this.#sliced(node, positions), depth);
      case 'Range': {
        const [start, step] = [scalarOf(source, this.facts), scalarOf(node.inputs[2], this.facts)];
        const [index] = positions;
        if (!Number.isInteger(start) || !Number.isInteger(step) || !index) return undefined;
        const [from, by] = [start as number, step as number];
        return ofPlace({ query: index.query * by, key: index.key * by, c: index.c * by + from }, this.band);
      }
      case 'Trilu':
        return this.#triangle(node, positions, depth);
      case 'ConstantOfShape': {
        const fill = node.tensorAttribute('value');
        return least(fill ? numbersOf(fill) : [0]);
      }
      default:
        return undefined;
    }
  }

  #triangle(node: Node, positions: readonly Position[], depth: number): Elements | undefined {
    const [row, column] = positions.slice(-2);
    const k = node.inputs[1] ? scalarOf(node.inputs[1], this.facts) : 0;
    const kept = this.at(node.inputs[0], positions, depth);
    const distance = row && column && ofPlace(combined(column, row, -1), this.band);
    if (!distance || k === undefined) return joined(kept, exactly(0));
    const isUpper = node.int('upper', 1) !== 0;
    if (isUpper ? distance.low >= k : distance.high <= k) return kept;
    return (isUpper ? distance.high < k : distance.low > k) ? exactly(0) : joined(kept, exactly(0));
  }

  /** Positions in the input of a Slice; anywhere on an axis that is not cut at a known place in steps of one. */
  #sliced(node: Node, positions: readonly Position[]): readonly Position[] {
    const of = (index: number, name: string) => {
      const value = node.inputs[index];
      return value ? this.facts.contents(value) : node.ints(name);
    };
    const [starts, steps] = [of(1, 'starts'), of(4, 'steps')];
    const axes = node.inputs[3] || node.ints('axes') ? of(3, 'axes') : starts?.map((_, i) => i);
    if (!starts || !axes || (node.inputs[4] && !steps)) return positions.map(() => undefined);
    return positions.map((position, axis) => {
      const at = axes.findIndex((one) => one === axis || one === axis - positions.length);
      if (at < 0) return axes.every((one) => typeof one === 'number') ? position : undefined;
      const start = starts[at];
      const isPlain = typeof start === 'number' && start >= 0 && (steps?.[at] ?? 1) === 1;
      return isPlain && position ? { ...position, c: position.c + start } : undefined;
    });
  }

  /** a ± b; of two counted elements, the count. */
  #sum(a: Elements | undefined, b: Elements | undefined, sign: 1 | -1): Elements | undefined {
    if (a?.place && b?.place) return ofPlace(combined(a.place, b.place, sign), this.band);
    return sum(a, sign === 1 ? b : negated(b));
  }
}
