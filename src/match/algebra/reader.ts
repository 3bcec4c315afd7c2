/**
 * Reads values of a graph into normal form, back to a cut, the variable of a formula. Values that depend on the cut are
 * read through, even with other readers; all else is a number or a leaf. Without a cut, values are read through if
 * nobody else reads them.
 */
import type { Facts } from '../../infer/index.js';
import { fromStart } from '../../ir/dims/axes.js';
import type { Node } from '../../ir/node.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { isPlain } from '../views/plain.js';
import { reshapeOf } from '../views/reshaped.js';
import { fillOf, scalarOf } from '../views/scalar.js';
import { calls, isAlgebra, reductionOf } from './algebra.js';
import { atomExpression, call, leafOf, numberExpression, onlyAtom, plus, power, scale, times } from './expression.js';
import { placed, reduce } from './forms.js';
import { isNear } from './near.js';
import type { Expression } from './normal-form.js';
import { ratioOf } from './ratio.js';

export interface ReaderOptions {
  /** The value where reading stops. */
  readonly cut?: Value;
  /** Values that may be read through; all others are parameters. Without it, any value may. */
  readonly live?: ReadonlySet<Value>;
  /** Reads what one number fills as that number, computed or constant: such a constant may also be a scale or a bias by chance. */
  readonly filled?: 'added' | 'any';
  /** The ops to see through (bounds, and Casts between floats) where a rough resemblance to a formula is enough. */
  readonly loosely?: ReadonlySet<string>;
}

/**
 * The most nodes of a formula: no rule means a larger one, and without a cut shared operands would double at each step.
 */
const MOST_NODES = 96;

export class Reader {
  readonly #known = new Map<Value, Expression>();
  #left = MOST_NODES;

  constructor(
    private readonly facts: Facts,
    readonly reading: ReaderOptions,
  ) {}

  /** Reads the value as an expression. */
  read(value: Value, isRoot = false): Expression {
    const known = this.#known.get(value);
    if (known) return known;
    const found = named(this.#read(value, isRoot), value);
    this.#known.set(value, found);
    return found;
  }

  /** A value that was read and is a number times the expression. */
  valueLike(expression: Expression): Value | undefined {
    let like: Value | undefined;
    for (const [value, one] of this.#known) {
      const ratio = one.terms.length === expression.terms.length ? ratioOf(one, expression) : undefined;
      if (ratio === undefined) continue;
      if (isNear(ratio, 1)) return value;
      like = value;
    }
    return like;
  }

  #read(value: Value, isRoot: boolean): Expression {
    const { cut, live, filled, loosely } = this.reading;
    if (value === cut && !isRoot) return leafOf(value);
    const node = value.producer;
    const [source] = node?.inputs ?? [];
    const isSeen = node && source && (isPlain(node) || (loosely?.has('Cast') && isBetweenFloats(node, source)));
    if (isSeen && (isRoot || this.#isOpen(value, live))) {
      const found = this.read(source);
      // Another name of a leaf may have readers of its own.
      return onlyAtom(found)?.atom.kind === 'leaf' ? found : (this.#spelled(node, found) as Expression);
    }
    const isFilled =
      !live?.has(value) &&
      (filled === 'any' || (filled && [...value.uses].every(({ node: user }) => user.is('Add') || user.is('Sub'))));
    const x = isRoot || !isFloat(value.elem) ? undefined : (isFilled ? fillOf : scalarOf)(value, this.facts);
    if (x !== undefined) return numberExpression(x);
    if (!node || !isAlgebra(node) || !isFloat(value.elem)) return leafOf(value);
    if (!isRoot && live && !live.has(value)) return this.#parameter(value, node);
    if ((!isRoot && !this.#isOpen(value, live)) || this.#left-- <= 0) return leafOf(value);
    return this.#formula(value, node) ?? leafOf(value);
  }

  /** True for a value that is read through: with a cut, if it depends on the cut; without, if nobody else reads it. */
  #isOpen(value: Value, live: ReadonlySet<Value> | undefined): boolean {
    return this.reading.cut && live ? live.has(value) : value.uses.size === 1 && !value.isOutput;
  }

  /** An expression that does not depend on the cut: its sign and numbers are drawn out. */
  #parameter(value: Value, node: Node): Expression {
    const [a, b] = node.inputs;
    if (value.uses.size > 1 || !a) return leafOf(value);
    const x = scalarOf(a, this.facts);
    const y = scalarOf(b, this.facts);
    if (node.opType === 'Neg') return this.#spelled(node, scale(this.read(a), -1)) as Expression;
    if (node.opType === 'Reciprocal') return this.#spelled(node, power(this.read(a), -1)) ?? leafOf(value);
    const isByNumber = (node.opType === 'Mul' || node.opType === 'Div') && (x ?? y);
    return (isByNumber && this.#formula(value, node)) || leafOf(value);
  }

  #spelled(node: Node, found: Expression | undefined): Expression | undefined {
    return found && { terms: found.terms, nodes: new Set([...found.nodes, node]) };
  }

  #formula(value: Value, node: Node): Expression | undefined {
    const inputs = node.inputs.filter((input) => input !== undefined);
    const [a, b] = inputs;
    if (!a) return undefined;
    const { opType } = node;
    if (calls.has(opType)) return call(opType, this.read(a), node, undefined, value);
    if (reductionOf(node)) return this.#reduction(node, a);
    const [left, right] = [this.read(a), b && this.read(b)];
    if (reshapeOf(value)) return this.#spelled(node, placed(left, value.shape));
    const exponent = opType === 'Pow' ? fillOf(b, this.facts) : undefined;
    const inverse = opType === 'Div' && right ? power(right, -1) : undefined;
    switch (opType) {
      case 'Neg':
        return this.#spelled(node, scale(left, -1));
      case 'Reciprocal':
        return this.#spelled(node, power(left, -1));
      case 'Sqrt':
        return this.#spelled(node, power(left, 0.5));
      case 'Pow':
        return exponent === undefined ? undefined : this.#spelled(node, power(left, exponent));
      case 'Mul':
        return right && this.#spelled(node, times(left, right));
      case 'Div':
        return inverse && this.#spelled(node, times(left, inverse));
      case 'Add':
        return right && this.#spelled(node, plus(left, right));
      case 'Sub':
        return right && this.#spelled(node, plus(left, right, -1));
      case 'Max':
      case 'Clip':
      case 'Relu':
        return this.#bounded(node, inputs);
      default:
        return undefined;
    }
  }

  /** Reads max(x, 0); any bound if a rough resemblance is enough. */
  #bounded(node: Node, inputs: readonly Value[]): Expression | undefined {
    const numbers = inputs.map((input) => fillOf(input, this.facts));
    const [of, ...others] = inputs.filter((_, i) => numbers[i] === undefined);
    if (!of || others.length > 0 || (node.opType !== 'Max' && of !== inputs[0])) return undefined;
    if (this.reading.loosely?.has(node.opType)) return this.#spelled(node, this.read(of));
    const isFloor =
      node.opType === 'Relu' || (inputs.length === 2 && numbers.includes(0) && node.inputs[1] !== undefined);
    return isFloor ? atomExpression({ kind: 'call', opType: 'Relu', of: this.read(of), node }) : undefined;
  }

  #reduction(node: Node, of: Value): Expression | undefined {
    const { shape } = of;
    const axes = shape && reducedAxes(node, shape.length, this.facts);
    const opType = reductionOf(node);
    if (!shape || !axes || !opType) return undefined;
    const sizes = axes.map((axis) => shape[axis]);
    const isStatic = sizes.every((size) => typeof size === 'number');
    const how = {
      opType,
      axes,
      shape: shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)),
      isKept: node.int('keepdims', 1) !== 0,
      count: isStatic ? sizes.reduce<number>((product, size) => product * (size as number), 1) : undefined,
      isSummed: node.opType !== 'ReduceMean',
      node,
    };
    const inner = this.read(of);
    const isOfSquares = node.opType === 'ReduceSumSquare' || node.opType === 'ReduceL2';
    const reduced = isOfSquares ? power(inner, 2) : inner;
    const total = reduced && reduce(reduced, how);
    return node.opType === 'ReduceL2' ? total && power(total, 0.5) : total;
  }
}

const isBetweenFloats = (node: Node, source: Value): boolean =>
  node.is('Cast') && isFloat(source.elem) && isFloat(node.output.elem);

/** The expression with its value on it. */
function named(expression: Expression, value: Value): Expression {
  const only = onlyAtom(expression);
  if (only?.coefficient !== 1 || only.atom.value) return { ...expression, value };
  const atom = { ...only.atom, value };
  return { terms: [{ coefficient: 1, factors: [{ atom, exponent: 1 }] }], nodes: expression.nodes, value };
}

/** The axes of a reduction, in order; undefined where they are unknown, or there are none. */
export function reducedAxes(node: Node, rank: number, facts: Facts): readonly number[] | undefined {
  const second = node.inputs[1];
  const given = second ? facts.contents(second) : (node.ints('axes') ?? []);
  if (!given?.every((axis): axis is number => typeof axis === 'number')) return undefined;
  if (given.length === 0 && node.int('noop_with_empty_axes', 0) === 1) return undefined;
  const axes = given.length === 0 ? Array.from({ length: rank }, (_, axis) => axis) : given;
  if (axes.some((axis) => axis >= rank || axis < -rank)) return undefined;
  return [...new Set(axes.map((axis) => fromStart(axis, rank)))].sort((a, b) => a - b);
}
