/**
 * Algebra as views: a value as a product of powers, as a sum, or as a polynomial, whatever ops and order spell it.
 *
 * Multiplication and addition with broadcasting are commutative and associative, so the result is the same number at
 * each index; its shape is the broadcast of all operands, which a rule compares where it matters.
 */
import type { Facts } from '../infer/index.js';
import type { Node } from '../ir/node.js';
import { isFloat, type Shape } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { isPlain } from './plain.js';
import { functionBefore } from './reshaped.js';
import { repeatedOf, scalarOf } from './scalar.js';

/** A value to a power. */
interface Power {
  readonly value: Value;
  readonly exponent: number;
  /** The shape that the value is given later; what is between is then a part of the product. */
  readonly shape?: Shape;
}

/** coefficient · Π value^exponent. Powers of one value that may not be added stand beside each other. */
export interface Monomial {
  readonly coefficient: number;
  readonly factors: readonly Power[];
  /** The nodes that the product is spelled with. */
  readonly nodes: readonly Node[];
}

/** constant + Σ sign · value. */
export interface Sum {
  readonly constant: number;
  readonly terms: readonly { readonly value: Value; readonly sign: 1 | -1; readonly shape?: Shape }[];
  readonly nodes: readonly Node[];
}

/**
 * Whether reading goes on into a value that others read too; and `filled`, whether a constant that holds one number many times
 * is that number: it may also be a scale that happens to be so.
 */
export type Reach = 'own' | 'shared' | 'filled';

/** A combination of more nodes than this is none that a rule means; and operands that share operands would double at each step. */
const LIMIT = 24;

const isOwn = (value: Value): boolean => value.uses.size === 1 && !value.isOutput;

const numbersBy = (reach: Reach) => (reach === 'filled' ? repeatedOf : scalarOf);

/** The value as a product; the ops inside it are read as far as `reach` allows. A value that is no product is its own only factor. */
export function monomialOf(value: Value, facts: Facts, reach: Reach = 'own'): Monomial {
  const factors: Power[] = [];
  const nodes: Node[] = [];
  const numberOf = numbersBy(reach);
  let coefficient = 1;
  const raise = (power: Power): void => {
    const at = factors.findIndex((one) => isAddable(one, power));
    const before = factors[at]?.exponent ?? 0;
    factors.splice(at < 0 ? factors.length : at, 1, { ...power, exponent: before + power.exponent });
  };
  const multiply = (factor: Value, exponent: 1 | -1, isRoot: boolean, shape?: Shape): void => {
    const x = isRoot ? undefined : numberOf(factor, facts);
    if (x !== undefined && isFloat(factor.elem)) {
      coefficient *= x ** exponent;
      return;
    }
    const isRead = isRoot || (nodes.length < LIMIT && (reach === 'shared' || isOwn(factor)));
    const node = isRead ? factor.producer : undefined;
    const before = node && functionBefore(factor, facts);
    if (node && before?.producer && productParts(before.producer, facts)) {
      nodes.push(node);
      multiply(before, exponent, false, shape ?? factor.shape);
      return;
    }
    const parts = node && isFloat(factor.elem) ? productParts(node, facts) : undefined;
    if (!node || !parts) {
      raise({ value: factor, exponent, shape });
      return;
    }
    nodes.push(node);
    coefficient *= parts.coefficient ** exponent;
    for (const part of parts.factors) {
      if (part.exponent === 1 || part.exponent === -1)
        multiply(part.value, (part.exponent * exponent) as 1 | -1, false, shape);
      // A power stays with its base: (x²)^½ is not x.
      else raise({ value: part.value, exponent: part.exponent * exponent, shape });
    }
  };
  multiply(value, 1, true);
  return { coefficient, nodes, factors };
}

/** Whether x^a·x^b is x^(a+b) for every x: x²/x is no number at 0, √x·√x none below it. */
const isAddable = (a: Power, b: Power): boolean =>
  a.value === b.value &&
  a.shape === b.shape &&
  Number.isInteger(a.exponent) &&
  Number.isInteger(b.exponent) &&
  a.exponent * b.exponent > 0;

interface Parts {
  readonly coefficient: number;
  readonly factors: readonly Power[];
}

/** What one op multiplies; undefined where it is no product. */
function productParts(node: Node, facts: Facts): Parts | undefined {
  if (node.domain !== '' || node.hasReference) return undefined;
  const [a, b] = node.inputs;
  if (!a) return undefined;
  const parts = (...factors: Parts['factors']): Parts => ({ coefficient: 1, factors });
  if (isPlain(node)) return parts({ value: a, exponent: 1 });
  switch (node.opType) {
    case 'Neg':
      return { coefficient: -1, factors: [{ value: a, exponent: 1 }] };
    case 'Reciprocal':
      return parts({ value: a, exponent: -1 });
    case 'Sqrt':
      return parts({ value: a, exponent: 0.5 });
    case 'Mul':
      if (a === b) return parts({ value: a, exponent: 2 });
      return b && parts({ value: a, exponent: 1 }, { value: b, exponent: 1 });
    case 'Div':
      return b && parts({ value: a, exponent: 1 }, { value: b, exponent: -1 });
    case 'Pow': {
      const exponent = repeatedOf(b, facts);
      return exponent === undefined ? undefined : parts({ value: a, exponent });
    }
    default:
      return undefined;
  }
}

const isSum = (node: Node): boolean => node.is('Add') || node.is('Sub');

/** The value as a sum. A value that is no sum is its own only term. */
export function sumOf(value: Value, facts: Facts, reach: Reach = 'own'): Sum {
  const terms: { value: Value; sign: 1 | -1; shape?: Shape }[] = [];
  const nodes: Node[] = [];
  const numberOf = numbersBy(reach);
  let constant = 0;
  const add = (term: Value, sign: 1 | -1, isRoot: boolean, shape?: Shape): void => {
    const x = isRoot ? undefined : numberOf(term, facts);
    if (x !== undefined && isFloat(term.elem)) {
      constant += sign * x;
      return;
    }
    const isRead = isRoot || (nodes.length < LIMIT && (reach === 'shared' || isOwn(term)));
    const node = isRead ? term.producer : undefined;
    const [a, b] = node?.inputs ?? [];
    const before = node && functionBefore(term, facts);
    if (node && before?.producer && isSum(before.producer)) {
      nodes.push(node);
      add(before, sign, false, shape ?? term.shape);
      return;
    }
    if (node && a && isPlain(node)) {
      nodes.push(node);
      add(a, sign, false, shape);
      return;
    }
    if (!node || !isSum(node) || !isFloat(term.elem) || !a || !b) {
      terms.push({ value: term, sign, shape });
      return;
    }
    nodes.push(node);
    add(a, sign, false, shape);
    add(b, node.is('Add') ? sign : (-sign as 1 | -1), false, shape);
  };
  add(value, 1, true);
  return { constant, terms, nodes };
}

/** Highest power that a polynomial is followed to: activations are approximated by cubics. */
const DEGREE = 4;

/** Steps of a polynomial that are read at most: operands that are shared would double them. */
const STEPS = 64;

export interface Polynomial {
  /** Coefficients by power of the variable, from the constant on. */
  readonly coefficients: readonly number[];
  readonly nodes: readonly Node[];
}

/** The value as a polynomial in one variable; undefined where it is none, or of a power above 4. */
export function polynomialOf(value: Value, variable: Value, facts: Facts): Polynomial | undefined {
  const nodes: Node[] = [];
  let left = STEPS;
  const read = (one: Value): readonly number[] | undefined => {
    if (one === variable) return [0, 1];
    const x = repeatedOf(one, facts);
    if (x !== undefined) return [x];
    const node = one.producer;
    if (left-- <= 0 || node?.domain !== '' || node.hasReference || !isFloat(one.elem)) return undefined;
    const [a, b] = node.inputs;
    const first = a && read(a);
    if (!first) return undefined;
    nodes.push(node);
    if (isPlain(node)) return first;
    if (node.opType === 'Neg') return first.map((c) => -c);
    if (node.opType === 'Pow') {
      const power = repeatedOf(b, facts);
      if (power === undefined || !Number.isInteger(power) || power < 1 || power > DEGREE) return undefined;
      return Array(power - 1)
        .fill(first)
        .reduce((product, factor) => product && times(product, factor), first);
    }
    const second = b && read(b);
    if (!second) return undefined;
    if (node.opType === 'Add') return plus(first, second, 1);
    if (node.opType === 'Sub') return plus(first, second, -1);
    if (node.opType === 'Mul') return times(first, second);
    if (node.opType === 'Div' && second.length === 1) return first.map((c) => c / (second[0] as number));
    return undefined;
  };
  const coefficients = read(value);
  return coefficients && { coefficients, nodes: [...new Set(nodes)] };
}

const plus = (a: readonly number[], b: readonly number[], sign: 1 | -1): readonly number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) + sign * (b[i] ?? 0));

function times(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  if (a.length + b.length - 1 > DEGREE + 1) return undefined;
  const product = Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      product[i + j] = (product[i + j] as number) + x * y;
    });
  });
  return product;
}
