/** Products and sums of terms. Each is brought to one form: a product of products is one product, numbers among the terms are one number. */
import { isComposed } from '../algebra/expression.js';
import {
  type AllCaptures,
  type CapturesOf,
  type Combined,
  keyOf,
  Pattern,
  type PatternTerm,
  patternOf,
  type WeightedPattern,
} from './pattern.js';
import { finite, refuse } from './refuse.js';

/** base^exponent, by whatever op: Mul of a value by itself, Pow, Sqrt, Reciprocal, Div. */
export function Power<T extends PatternTerm>(term: T, exponent: number): Pattern<CapturesOf<T>> {
  const text = `^${exponent}`;
  if (finite(text, exponent) === 0) refuse(text, 'a power other than 0', 'what is always 1');
  return product(text, [factorOf({ pattern: patternOf(term), weight: exponent, isOptional: false })]) as never;
}

/** The term times −1. */
export const Minus = <T extends PatternTerm>(term: T): Pattern<CapturesOf<T>> => Product(-1, term) as never;

/**
 * The product of the terms in any order, by Mul, Div, Neg, Reciprocal, Sqrt and Pow. Numbers among them multiply to its
 * coefficient, which is 1 where none is given; `number('name')` captures it.
 */
export const Product = <Terms extends readonly PatternTerm[]>(...terms: Terms): Pattern<AllCaptures<Terms>> =>
  product('Product', terms.map(partOf).map(factorOf)) as never;

/** The sum of the terms in any order, by Add and Sub. Numbers among them add to its constant, which is 0 where none is given. */
export function Sum<Terms extends readonly PatternTerm[]>(...terms: Terms): Pattern<AllCaptures<Terms>> {
  const inner = terms.map(partOf).map(({ pattern, isOptional }): Combined => {
    const { shape } = pattern;
    if (shape.kind === 'sum' && !isOptional) return shape;
    return numberIn(pattern) ?? { x: 0, parts: [{ pattern, weight: 1, isOptional }] };
  });
  return combined(
    'sum',
    'Sum',
    inner.reduce((sum, { x }) => sum + x, 0),
    inner,
  ) as never;
}

const partOf = (term: PatternTerm): WeightedPattern => {
  const pattern = patternOf(term);
  const isOptional = pattern.shape.kind === 'optional';
  return { pattern: isOptional ? (pattern.parts[0] as Pattern) : pattern, weight: 1, isOptional };
};

const numberIn = ({ shape, text }: Pattern): Combined | undefined =>
  shape.kind === 'literal'
    ? { x: shape.x, parts: [] }
    : shape.kind === 'number'
      ? { x: 0, number: shape.name, label: text, parts: [] }
      : undefined;

/** A power of a product as the product of powers, where that is the same for every number. */
function factorOf(part: WeightedPattern): Combined {
  const { pattern, weight, isOptional } = part;
  const { shape } = pattern;
  const number = numberIn(pattern);
  if (number) {
    if (number.number !== undefined && weight !== 1)
      refuse(`^${weight}`, 'a number by itself', `a power of ${number.number}`);
    return { ...number, x: number.number === undefined ? number.x ** weight : 1 };
  }
  const isSpread =
    shape.kind === 'product' &&
    !isOptional &&
    (weight === 1 ||
      (shape.number === undefined &&
        (Number.isInteger(weight) ||
          (shape.x > 0 && shape.parts.length === 1 && shape.parts.every((one) => isComposed(one.weight, weight))))));
  if (!isSpread) return { x: 1, parts: [part] };
  return { ...shape, x: shape.x ** weight, parts: shape.parts.map((one) => ({ ...one, weight: one.weight * weight })) };
}

const product = (text: string, inner: readonly Combined[]): Pattern =>
  combined(
    'product',
    text,
    inner.reduce((product, { x }) => product * x, 1),
    inner,
  );

function combined(kind: 'product' | 'sum', text: string, x: number, inner: readonly Combined[]): Pattern {
  const parts = inner.flatMap((one) => one.parts);
  const [number, ...more] = inner.flatMap((one) => one.number ?? []);
  finite(text, x);
  if (more.length > 0) refuse(text, 'one number that is captured', [number, ...more].join(' and '));
  if (number !== undefined && x !== (kind === 'product' ? 1 : 0)) refuse(text, `no number beside ${number}`, String(x));
  if (!parts.some(({ isOptional }) => !isOptional)) refuse(text, 'something that has to be there', 'nothing');
  if (kind === 'product' && x === 0) refuse(text, 'a factor other than 0', '0');
  const twice = parts.find((one, i) => parts.findIndex(({ pattern }) => keyOf(pattern) === keyOf(one.pattern)) !== i);
  if (twice) refuse(text, kind === 'sum' ? 'Product(2, …)' : 'Power(…, 2)', `${twice.pattern.text} twice`);
  const isDrawn = inner.some(({ label }) => label);
  const beside = isDrawn ? number : x === (kind === 'product' ? 1 : 0) ? undefined : x;
  const label = beside === undefined ? text : `${text} ${kind === 'product' ? '·' : '+'} ${beside}`;
  return new Pattern(
    label,
    { kind, x, number, label: isDrawn ? number : undefined, parts },
    parts.map(({ pattern }) => pattern),
  );
}
