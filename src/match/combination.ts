/** Algebra in patterns: `Product`, `Sum` and `Polynomial` match in any order and spelling. */
import type { Node } from '../ir/node.js';
import { isFloat, type Shape } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { monomialOf, polynomialOf, type Reach, sumOf } from './algebra.js';
import { isNear } from './near.js';
import type { Environment, Search } from './search.js';
import { type All, type CapturesOf, foundAt, numbers, Pattern, patternOf, type Term } from './term.js';

/** One operand of a combination: a factor and its power, or a term and its sign. */
interface Operand {
  readonly value: Value;
  readonly weight: number;
  /** The shape that it is given only later. */
  readonly shape?: Shape;
}

/** What an operand is expected to be. */
interface Wanted {
  readonly part: Pattern;
  readonly weight: number;
  readonly isOptional: boolean;
}

/** A value read as operands and one number. */
interface Combination {
  readonly number: number;
  readonly operands: readonly Operand[];
  /** The nodes that it is spelled with; none where the value is no combination. */
  readonly nodes: readonly Node[];
}

/** What the two kinds call things, and the number that each has where none is written. */
const kinds = {
  product: {
    noun: 'product',
    number: 'factor',
    weight: 'power',
    roots: new Set(['Mul', 'Div', 'Neg', 'Sqrt', 'Reciprocal', 'Pow']),
  },
  sum: { noun: 'sum', number: 'term', weight: 'sign', roots: new Set(['Add', 'Sub']) },
} as const;
type Kind = keyof typeof kinds;

const weights = new WeakMap<Pattern, { part: Pattern; weight: number }>();
const optionals = new WeakSet<Pattern>();

/** base^exponent, by whatever op: Mul of a value by itself, Pow, Sqrt, Reciprocal, Div. */
export function Power<T extends Term>(term: T, exponent: number): Pattern<CapturesOf<T>> {
  const part = patternOf(term);
  const pattern = combination('product', `^${exponent}`, 1, undefined, [{ part, weight: exponent, isOptional: false }]);
  weights.set(pattern, { part, weight: exponent });
  return pattern as never;
}

/** What a pattern is a power of: x and 2 of Power(x, 2). */
export const powerOf = (pattern: Pattern): { readonly part: Pattern; readonly weight: number } | undefined =>
  weights.get(pattern);

/** Minus the term, where a Sum has it. */
export function Minus<P extends Pattern>(term: P): P {
  const pattern = new Pattern(`−${term.text}`, term.parts, term.solve);
  weights.set(pattern, { part: term, weight: -1 });
  return pattern as P;
}

/** A factor of a Product or a term of a Sum that may be missing. */
export function Optional<C>(term: Pattern<C>): Pattern<Partial<C>> {
  const pattern = new Pattern(`${term.text}?`, term.parts, term.solve);
  const own = weights.get(term);
  weights.set(pattern, own ?? { part: term, weight: 1 });
  optionals.add(pattern);
  return pattern as never;
}

/**
 * The product of the terms in any order, by Mul, Div, Neg, Reciprocal, Sqrt and Pow. Numbers among them multiply to its
 * coefficient, which is 1 where none is given; `number('name')` captures it.
 */
export function Product<Terms extends readonly Term[]>(...terms: Terms): Pattern<All<Terms>> {
  const coefficient = terms.reduce<number>((product, term) => product * (typeof term === 'number' ? term : 1), 1);
  return combination('product', 'Product', coefficient, numberAmong(terms), wantedOf(terms)) as never;
}

/** The sum of the terms in any order, by Add and Sub. Numbers among them add to its constant, which is 0 where none is given. */
export function Sum<Terms extends readonly Term[]>(...terms: Terms): Pattern<All<Terms>> {
  const constant = terms.reduce<number>((sum, term) => sum + (typeof term === 'number' ? term : 0), 0);
  return combination('sum', 'Sum', constant, numberAmong(terms), wantedOf(terms)) as never;
}

/** The name of the capture that takes the combination's number. */
const numberAmong = (terms: readonly Term[]): string | undefined => {
  const named = terms.find((term): term is Pattern => typeof term !== 'number' && numbers.has(term));
  return named && numbers.get(named);
};

const wantedOf = (terms: readonly Term[]): Wanted[] =>
  terms
    .filter((term): term is Pattern => typeof term !== 'number' && !numbers.has(term))
    .map((term) => ({ part: term, weight: 1, ...weights.get(term), isOptional: optionals.has(term) }));

function combination(
  kind: Kind,
  text: string,
  expected: number,
  capture: string | undefined,
  wanted: readonly Wanted[],
): Pattern {
  const { noun, roots } = kinds[kind];
  const neutral = kind === 'product' ? 1 : 0;
  const needed = wanted.filter(({ isOptional }) => !isOptional).length;
  const beside = capture ?? (expected === neutral ? undefined : expected);
  const label = beside === undefined ? text : `${text} ${kind === 'product' ? '·' : '+'} ${beside}`;
  const pattern: Pattern = new Pattern(
    label,
    wanted.map(({ part }) => part),
    function* (value, environment, search) {
      let isTried = false;
      for (const found of readings(value, (reach) => read[kind](value, search, reach))) {
        if (found.nodes.length === 0) continue;
        isTried = true;
        const inside = environment.matched(pattern, value, found.nodes);
        const next = capture ? inside.capture(capture, found.number) : inside;
        const isExpected = capture ? next !== undefined : isNear(found.number, expected, value.elem);
        const count = found.operands.length;
        if (count < needed || count > wanted.length)
          search.fail(environment, pattern, value, `expected a ${noun} of ${needed}; found one of ${count}`);
        // The number comes last: that all but it matched says more.
        else
          for (const all of assign(
            kind,
            shaped(found, value, environment),
            wanted,
            0,
            new Set(),
            next ?? inside,
            search,
          ))
            if (isExpected) yield all;
            else
              search.fail(all, pattern, value, `expected a ${kinds[kind].number} ${expected}; found ${found.number}`);
      }
      if (!isTried) search.fail(environment, pattern, value, `expected a ${noun}; found ${foundAt(value)}`);
    },
    roots,
  );
  reshapable.add(pattern);
  return pattern;
}

/** The patterns that may be of a value in a shape it is given only later: others would take it as it is. */
export const reshapable = new WeakSet<Pattern>();

/** The operands, each in the shape that the whole is given later. */
function shaped({ operands }: Combination, whole: Value, environment: Environment): readonly Operand[] {
  const shape = environment.laterShape(whole);
  return shape ? operands.map((operand) => ({ ...operand, shape })) : operands;
}

const read: Record<Kind, (value: Value, search: Search, reach: Reach) => Combination> = {
  product(value, { facts }, reach) {
    const { coefficient, factors, nodes } = monomialOf(value, facts, reach);
    return { number: coefficient, nodes, operands: factors.map((one) => ({ ...one, weight: one.exponent })) };
  },
  sum(value, { facts }, reach) {
    const { constant, terms, nodes } = sumOf(value, facts, reach);
    return { number: constant, nodes, operands: terms.map((one) => ({ ...one, weight: one.sign })) };
  },
};

/** The reading that stays with the value's own ops, and where they differ those that go through shared ones and repeated numbers. */
function* readings(value: Value, read: (reach: Reach) => Combination): Iterable<Combination> {
  if (!isFloat(value.elem)) return;
  const own = read('own');
  yield own;
  const shared = read('shared');
  if (shared.nodes.length !== own.nodes.length) yield shared;
  const filled = read('filled');
  if (filled.operands.length !== own.operands.length) yield filled;
}

/** Every way to give each wanted part an operand of its own, all operands taken. */
function* assign(
  kind: Kind,
  operands: readonly Operand[],
  wanted: readonly Wanted[],
  index: number,
  taken: ReadonlySet<Operand>,
  environment: Environment,
  search: Search,
): Iterable<Environment> {
  const one = wanted[index];
  if (!one) {
    if (taken.size === operands.length) yield environment;
    return;
  }
  for (const operand of operands) {
    if (taken.has(operand)) continue;
    if (operand.shape && !reshapable.has(one.part))
      search.fail(environment, one.part, operand.value, 'expected a value in its own shape; found one reshaped later');
    else if (isNear(operand.weight, one.weight))
      for (const next of one.part.solve(operand.value, environment.reading(operand.value, operand.shape), search))
        yield* assign(kind, operands, wanted, index + 1, new Set(taken).add(operand), next, search);
    else
      search.fail(
        environment,
        one.part,
        operand.value,
        `expected the ${kinds[kind].weight} ${one.weight}; found ${operand.weight}`,
      );
  }
  const isLeftOver = operands.length - taken.size > wanted.length - index - 1;
  if (one.isOptional && !isLeftOver) yield* assign(kind, operands, wanted, index + 1, taken, environment, search);
}

/** A polynomial in a value captured before, with these coefficients by power: `{ 1: 0.797…, 3: 0.035… }`. */
export function Polynomial(variable: string, coefficients: Readonly<Record<number, number>>): Pattern {
  const text = Object.entries(coefficients)
    .map(([power, c]) => `${c}·${variable}^${power}`)
    .join(' + ');
  const pattern: Pattern = new Pattern(text, [], function* (value, environment, search) {
    const x = environment.captures.get(variable);
    const found = typeof x === 'object' ? polynomialOf(value, x, search.facts) : undefined;
    if (!found) {
      search.fail(environment, pattern, value, `expected a polynomial in ${variable}; found ${foundAt(value)}`);
      return;
    }
    const inside = environment.matched(pattern, value, found.nodes);
    const powers = new Set([...Object.keys(coefficients).map(Number), ...found.coefficients.keys()]);
    const isEqual = [...powers].every((n) => isNear(found.coefficients[n] ?? 0, coefficients[n] ?? 0, value.elem));
    if (isEqual) yield inside;
    else search.fail(inside, pattern, value, `expected other coefficients; found ${found.coefficients.join(', ')}`);
  });
  return pattern;
}
