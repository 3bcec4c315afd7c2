/**
 * The pattern language: op words are the exact ONNX names, `Product`, `Sum` and `Polynomial` are algebra in any spelling.
 *
 * A pattern is solved by a backtracking generator over immutable environments, so commutativity, alternatives and conditions
 * compose and no rule is copied. Captures are typed: a misspelled op or capture does not compile.
 */
import type { Facts } from '../infer/index.js';
import type { Node } from '../ir/node.js';
import { isFloat } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { type Monomial, monomialOf, polynomialOf, type Reach, sumOf } from './algebra.js';
import { isNear } from './near.js';
import { scalarOf } from './scalar.js';
import type { Environment, Search } from './search.js';

/** What a pattern may be written as where a value stands: a number is a scalar of that value. */
// biome-ignore lint/suspicious/noExplicitAny: any captures
type Term = Pattern<any> | number;

export type CapturesOf<T> = T extends Pattern<infer C> ? C : unknown;
type All<Terms extends readonly unknown[]> = Terms extends readonly [infer First, ...infer Rest]
  ? CapturesOf<First> & All<Rest>
  : unknown;

/** How a pattern solves one value. */
type Solve = (value: Value, environment: Environment, search: Search) => Iterable<Environment>;

export class Pattern<out Captures = unknown> {
  declare readonly captures: Captures;

  constructor(
    /** How it is drawn: an op, a number, a capture. */
    readonly text: string,
    readonly parts: readonly Pattern[],
    readonly solve: Solve,
    /** Op types that its outermost node may have; undefined for any. */
    readonly roots?: ReadonlySet<string>,
  ) {}

  /** The same, and a capture of the value it matches. */
  as<Name extends string>(name: Name): Pattern<Captures & Record<Name, Value>> {
    const solve: Solve = function* (this: void, value, environment, search) {
      for (const found of inner.solve(value, environment, search)) {
        const next = found.capture(name, value);
        if (next) yield next;
        else search.fail(found, outer, value, `expected the same value as ${name}`);
      }
    };
    const inner = this as Pattern<Captures>;
    const outer = new Pattern<Captures & Record<Name, Value>>(`${name} = ${this.text}`, this.parts, solve, this.roots);
    return outer;
  }

  /** The same, under a condition; a reason in words says why it does not hold. */
  where(condition: (captures: Captures, value: Value, facts: Facts) => true | string): Pattern<Captures> {
    const inner = this as Pattern<Captures>;
    const solve: Solve = function* (value, environment, search) {
      for (const found of inner.solve(value, environment, search)) {
        const answer = condition(capturesOf<Captures>(found), value, search.facts);
        if (answer === true) yield found;
        else search.fail(found, outer, value, answer);
      }
    };
    const outer = new Pattern<Captures>(this.text, this.parts, solve, this.roots);
    return outer;
  }
}

export const capturesOf = <C>(environment: Environment): C => Object.fromEntries(environment.captures) as C;

/** What stands where something else was expected, in a few words without names. */
const foundAt = (value: Value): string => {
  if (value.isConstant) return `a constant ${value.elem}[${value.shape?.join(', ') ?? ''}]`;
  const node = value.producer;
  if (!node) return 'a graph input';
  if (node.is('Cast')) return `Cast (to = ${value.elem})`;
  return node.domain ? `${node.domain}.${node.opType}` : node.opType;
};

/** Any value; the same one wherever the name stands again. */
export function any<Name extends string>(name: Name): Pattern<Record<Name, Value>> {
  const pattern: Pattern<Record<Name, Value>> = new Pattern(name, [], function* (value, environment, search) {
    const next = environment.capture(name, value);
    if (next) yield next.matched(pattern, value);
    else search.fail(environment, pattern, value, `expected the same value as ${name}; found ${foundAt(value)}`);
  });
  return pattern;
}

/** A constant, however large; its tensor is `value.tensor` or behind a Cast. */
export function constant<Name extends string>(
  name: Name,
  isOne: (value: Value) => boolean,
): Pattern<Record<Name, Value>> {
  return any(name).where((_, value) => isOne(value) || `expected a constant; found ${foundAt(value)}`);
}

/** A scalar that is captured as a number. */
export function number<Name extends string>(name: Name): Pattern<Record<Name, number>> {
  const pattern: Pattern<Record<Name, number>> = new Pattern(name, [], function* (value, environment, search) {
    const x = scalarOf(value, search.facts);
    const next = x === undefined ? undefined : environment.capture(name, x);
    if (next) yield next.matched(pattern, value);
    else search.fail(environment, pattern, value, `expected one number (${name}); found ${foundAt(value)}`);
  });
  numbers.set(pattern, name);
  return pattern;
}
/** The patterns that stand for a number: a Product or a Sum takes its coefficient or constant for it. */
const numbers = new WeakMap<Pattern, string>();

const literal = (expected: number): Pattern => {
  const pattern: Pattern = new Pattern(String(expected), [], function* (value, environment, search) {
    const x = scalarOf(value, search.facts);
    if (x !== undefined && isNear(x, expected, value.elem)) yield environment.matched(pattern, value);
    else search.fail(environment, pattern, value, `expected ${expected}; found ${x ?? foundAt(value)}`);
  });
  return pattern;
};

const patternOf = (term: Term): Pattern => (typeof term === 'number' ? literal(term) : term);

/** A node of the op whose inputs match the terms in order; a commutative one of two inputs in either. */
function opPattern(opType: string, domain: string, terms: readonly Term[]): Pattern {
  const parts = terms.map(patternOf);
  const orders = commutative.has(opType) && parts.length === 2 ? [parts, [...parts].reverse()] : [parts];
  const pattern: Pattern = new Pattern(
    domain ? `${domain}.${opType}` : opType,
    parts,
    function* (value, environment, search) {
      const node = value.producer;
      if (!node?.is(opType, domain) || node.output !== value) {
        search.fail(environment, pattern, value, `expected ${opType}; found ${foundAt(value)}`);
        return;
      }
      const inside = environment.matched(pattern, value, [node]);
      if (node.hasReference) {
        search.fail(inside, pattern, value, "an attribute is the function's caller's to give");
        return;
      }
      for (const order of orders) yield* solveInputs(node, order, 0, inside, search);
    },
    new Set([opType]),
  );
  return pattern;
}

function* solveInputs(
  node: Node,
  parts: readonly Pattern[],
  index: number,
  environment: Environment,
  search: Search,
): Iterable<Environment> {
  const part = parts[index];
  if (!part) {
    yield environment;
    return;
  }
  const input = node.inputs[index];
  if (!input) {
    search.fail(environment, part, node.output, `expected an input ${index} of ${node.opType}; found none`);
    return;
  }
  for (const next of part.solve(input, environment, search)) yield* solveInputs(node, parts, index + 1, next, search);
}

const commutative = new Set(['Add', 'Mul', 'And', 'Or', 'Xor', 'Equal', 'Max', 'Min', 'Sum', 'Mean']);

/** A word of the language: what the inputs of the op match, in order. Attributes are a matter of `where`. */
type Word = <Terms extends readonly Term[]>(...terms: Terms) => Pattern<All<Terms>>;

const word =
  (opType: string, domain = ''): Word =>
  (...terms) =>
    opPattern(opType, domain, terms) as never;

const onnxOps = [
  'Add', 'Sub', 'Mul', 'Div', 'Pow', 'Sqrt', 'Reciprocal', 'Neg', 'Exp', 'Erf', 'Tanh', 'Sigmoid', 'Relu', 'Softmax', 'Gelu',
  'Swish', 'MatMul', 'Gemm', 'Transpose', 'Reshape', 'Concat', 'Slice', 'Split', 'Gather', 'Cast', 'Cos', 'Sin', 'Where',
  'ReduceMean', 'ReduceSum', 'InstanceNormalization', 'LayerNormalization', 'RMSNormalization', 'GroupNormalization',
] as const; // biome-ignore format: a list of words

/** The op words of ai.onnx. */
export const op = Object.fromEntries(onnxOps.map((name) => [name, word(name)])) as Record<
  (typeof onnxOps)[number],
  Word
>;

const microsoftOps = [
  'Gelu',
  'FastGelu',
  'QuickGelu',
  'BiasGelu',
  'SkipLayerNormalization',
  'SkipSimplifiedLayerNormalization',
] as const;

/** The op words of com.microsoft. */
export const microsoft = Object.fromEntries(microsoftOps.map((name) => [name, word(name, 'com.microsoft')])) as Record<
  (typeof microsoftOps)[number],
  Word
>;

/** Several spellings that are different algebra; which one it was is captured under the name. */
export function oneOf<Name extends string, Options extends Record<string, Pattern>>(
  name: Name,
  options: Options,
): Pattern<Record<Name, keyof Options> & Partial<Merge<CapturesOf<Options[keyof Options]>>>> {
  const parts = Object.values(options);
  const roots = parts.every((part) => part.roots)
    ? new Set(parts.flatMap((part) => [...(part.roots ?? [])]))
    : undefined;
  return new Pattern(
    'one of',
    parts,
    function* (value, environment, search) {
      for (const [key, part] of Object.entries(options))
        for (const found of part.solve(value, environment, search)) {
          const next = found.capture(name, key);
          if (next) yield next;
        }
    },
    roots,
  ) as never;
}
type Merge<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The pattern with something around it, or without. */
export const maybe = <Outer, Inner>(around: (inner: Pattern<Inner>) => Pattern<Outer>, inner: Pattern<Inner>) => {
  const outer = around(inner);
  const roots = outer.roots && inner.roots && new Set([...outer.roots, ...inner.roots]);
  return new Pattern<Inner & Partial<Outer>>(
    'maybe',
    [outer],
    function* (value, environment, search) {
      yield* outer.solve(value, environment, search);
      yield* inner.solve(value, environment, search);
    },
    roots,
  );
};

/** What a view says of a value: another value that it is made of, and the nodes between. */
export interface Reading {
  readonly of: Value;
  readonly nodes: readonly Node[];
}

/** A view: the value is read as something about another value, which the term matches. A reason says why it cannot be. */
export function view<T extends Term>(
  text: string,
  read: (value: Value, facts: Facts) => Reading | string,
  term: T,
): Pattern<CapturesOf<T>> {
  const inner = patternOf(term);
  const pattern: Pattern<CapturesOf<T>> = new Pattern(text, [inner], function* (value, environment, search) {
    const reading = read(value, search.facts);
    if (typeof reading === 'string') search.fail(environment, pattern, value, reading);
    else yield* inner.solve(reading.of, environment.matched(pattern, value, reading.nodes), search);
  });
  return pattern;
}

const exponents = new WeakMap<Pattern, { base: Pattern; exponent: number }>();

/** base^exponent, by whatever op: Mul of a value by itself, Pow, Sqrt, Reciprocal, Div. */
export function Power<T extends Term>(term: T, exponent: number): Pattern<CapturesOf<T>> {
  const base = patternOf(term);
  const pattern = productPattern(`^${exponent}`, [], [{ base, exponent }], undefined, [base]);
  exponents.set(pattern, { base, exponent });
  return pattern as never;
}

const productRoots = new Set(['Mul', 'Div', 'Neg', 'Sqrt', 'Reciprocal', 'Pow', 'Identity']);
const sumRoots = new Set(['Add', 'Sub']);

/**
 * The product of the terms in any order, by Mul, Div, Neg, Reciprocal, Sqrt and Pow. Numbers among them multiply to its
 * coefficient, which is 1 where none is given; `number('name')` captures it.
 */
export function Product<Terms extends readonly Term[]>(...terms: Terms): Pattern<All<Terms>> {
  const literals = terms.filter((term) => typeof term === 'number');
  const named = terms.find((term) => typeof term !== 'number' && numbers.has(term)) as Pattern | undefined;
  const rest = terms.filter((term): term is Pattern => typeof term !== 'number' && !numbers.has(term));
  const wanted = rest.map((base) => exponents.get(base) ?? { base, exponent: 1 });
  return productPattern('Product', literals, wanted, named, rest) as never;
}

interface Wanted {
  readonly base: Pattern;
  readonly exponent: number;
}

function productPattern(
  text: string,
  literals: readonly number[],
  wanted: readonly Wanted[],
  named: Pattern | undefined,
  parts: readonly Pattern[],
): Pattern {
  const coefficient = literals.reduce((product, x) => product * x, 1);
  const label = literals.length ? `${text} · ${coefficient}` : text;
  const pattern: Pattern = new Pattern(
    label,
    parts,
    function* (value, environment, search) {
      let isTried = false;
      for (const monomial of readings(value, (reach) => monomialOf(value, search.facts, reach))) {
        if (monomial.nodes.length === 0) continue;
        isTried = true;
        const inside = environment.matched(pattern, value, monomial.nodes);
        const name = named && numbers.get(named);
        const next = name ? inside.capture(name, monomial.coefficient) : inside;
        if (!next || !(named || isNear(monomial.coefficient, coefficient, value.elem)))
          search.fail(inside, pattern, value, `expected a factor ${coefficient}; found ${monomial.coefficient}`);
        else if (monomial.factors.length !== wanted.length)
          search.fail(
            environment,
            pattern,
            value,
            `expected a product of ${wanted.length}; found one of ${monomial.factors.length}`,
          );
        else yield* solveFactors(monomial, wanted, 0, new Set(), next, search);
      }
      if (!isTried) search.fail(environment, pattern, value, `expected a product; found ${foundAt(value)}`);
    },
    productRoots,
  );
  return pattern;
}

/** The reading that stays with the value's own ops, and where it differs the one that goes through shared ones. */
function readings<T extends { readonly nodes: readonly Node[] }>(value: Value, read: (reach: Reach) => T): T[] {
  if (!isFloat(value.elem)) return [];
  const own = read('own');
  const shared = read('shared');
  return shared.nodes.length === own.nodes.length ? [own] : [own, shared];
}

function* solveFactors(
  monomial: Monomial,
  wanted: readonly Wanted[],
  index: number,
  taken: ReadonlySet<Value>,
  environment: Environment,
  search: Search,
): Iterable<Environment> {
  const one = wanted[index];
  if (!one) {
    yield environment;
    return;
  }
  for (const { value, exponent } of monomial.factors) {
    if (taken.has(value)) continue;
    if (!isNear(exponent, one.exponent)) {
      search.fail(environment, one.base, value, `expected the power ${one.exponent}; found ${exponent}`);
      continue;
    }
    for (const next of one.base.solve(value, environment, search))
      yield* solveFactors(monomial, wanted, index + 1, new Set(taken).add(value), next, search);
  }
}

const negated = new WeakMap<Pattern, Pattern>();

/** Minus the term, where a Sum has it. */
export function Minus<P extends Pattern>(term: P): P {
  const pattern = new Pattern(`−${term.text}`, term.parts, term.solve);
  negated.set(pattern, term);
  return pattern as P;
}

/** The sum of the terms in any order, by Add and Sub. Numbers among them add to its constant, which is 0 where none is given. */
export function Sum<Terms extends readonly Term[]>(...terms: Terms): Pattern<All<Terms>> {
  const literals = terms.filter((term) => typeof term === 'number');
  const named = terms.find((term) => typeof term !== 'number' && numbers.has(term)) as Pattern | undefined;
  const rest = terms.filter((term): term is Pattern => typeof term !== 'number' && !numbers.has(term));
  const constantTerm = literals.reduce((sum, x) => sum + x, 0);
  const pattern: Pattern = new Pattern(
    literals.length ? `Sum + ${constantTerm}` : 'Sum',
    rest,
    function* (value, environment, search) {
      let isTried = false;
      for (const sum of readings(value, (reach) => sumOf(value, search.facts, reach))) {
        if (sum.nodes.length === 0) continue;
        isTried = true;
        const inside = environment.matched(pattern, value, sum.nodes);
        const name = named && numbers.get(named);
        const next = name ? inside.capture(name, sum.constant) : inside;
        if (!next || !(named || isNear(sum.constant, constantTerm, value.elem)))
          search.fail(inside, pattern, value, `expected a term ${constantTerm}; found ${sum.constant}`);
        else if (sum.terms.length !== rest.length)
          search.fail(
            environment,
            pattern,
            value,
            `expected a sum of ${rest.length}; found one of ${sum.terms.length}`,
          );
        else yield* solveTerms(sum.terms, rest, 0, new Set(), next, search);
      }
      if (!isTried) search.fail(environment, pattern, value, `expected a sum; found ${foundAt(value)}`);
    },
    sumRoots,
  );
  return pattern as never;
}

function* solveTerms(
  terms: readonly { readonly value: Value; readonly sign: 1 | -1 }[],
  wanted: readonly Pattern[],
  index: number,
  taken: ReadonlySet<number>,
  environment: Environment,
  search: Search,
): Iterable<Environment> {
  const part = wanted[index];
  if (!part) {
    yield environment;
    return;
  }
  const base = negated.get(part);
  for (const [at, { value, sign }] of terms.entries()) {
    if (taken.has(at)) continue;
    if (sign !== (base ? -1 : 1)) {
      search.fail(environment, part, value, `expected a term ${base ? 'taken away' : 'added'}; found the other`);
      continue;
    }
    for (const next of (base ?? part).solve(value, environment, search))
      yield* solveTerms(terms, wanted, index + 1, new Set(taken).add(at), next, search);
  }
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
