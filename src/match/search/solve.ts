/**
 * Matches a pattern with an expression, up to order, grouping and a number. Every part is found as a multiple of
 * itself. In a function or at the root nothing else can take the number, so there it has to be 1.
 */
import { foundText } from '../../ir/text/usage-error.js';
import type { Value } from '../../ir/value.js';
import { rowOf } from '../../ops/registry.js';
import { numberOf, onlyAtom } from '../algebra/expression.js';
import { factored } from '../algebra/forms.js';
import { isNear } from '../algebra/near.js';
import type { Expression, Term } from '../algebra/normal-form.js';
import { isOdd } from '../algebra/ratio.js';
import { Reader } from '../algebra/reader.js';
import type { Pattern, PatternShape } from '../pattern/index.js';
import { plainOf } from '../views/plain.js';
import { fillOf } from '../views/scalar.js';
import { added, assigned, neededOf, type Solution } from './assign.js';
import type { Environment, Search } from './search.js';
import {
  argumentOf,
  atomIn,
  complement,
  type ExpressionAt,
  foundIn,
  otherMultiple,
  polynomialIn,
  summedIn,
  valueIn,
} from './subject.js';

type Solver<Kind extends PatternShape['kind']> = (
  pattern: Pattern,
  shape: PatternShape & { readonly kind: Kind },
  subject: ExpressionAt,
  environment: Environment,
  search: Search,
) => Iterable<Solution>;

/** Yields every match of a value with the pattern, by the reader of the environment. */
export function* solve(
  pattern: Pattern,
  value: Value,
  environment: Environment,
  search: Search,
): Iterable<Environment> {
  yield* solveAs(pattern, environment.reader.read(value, true), value, environment, search);
}

/** Yields every match of an expression, read from a value, with the pattern. */
export function* solveAs(
  pattern: Pattern,
  of: Expression,
  at: Value,
  environment: Environment,
  search: Search,
): Iterable<Environment> {
  yield* exactly(pattern, { of, at }, environment, search);
}

function matches(
  pattern: Pattern,
  subject: ExpressionAt,
  environment: Environment,
  search: Search,
): Iterable<Solution> {
  const { shape } = pattern;
  return (solvers[shape.kind] as Solver<typeof shape.kind>)(pattern, shape as never, subject, environment, search);
}

/** Yields every match of the subject with the pattern itself, or with one of these multiples of it. */
function* exactly(
  pattern: Pattern,
  subject: ExpressionAt,
  environment: Environment,
  search: Search,
  multiples: readonly number[] = [1],
  given?: (ratio: number) => void,
): Iterable<Environment> {
  for (const { environment: found, ratio } of matches(pattern, subject, environment, search)) {
    // A value by itself is that value, and no multiple of it.
    const isAny = search.isLoose && pattern.shape.kind !== 'capture';
    if (isAny || multiples.some((one) => isNear(ratio, one, subject.at.elem))) {
      given?.(ratio);
      yield found;
    } else search.fail(found, pattern.bare, subject.at, otherMultiple(pattern, subject, ratio), true);
  }
}

const solvers: { readonly [Kind in PatternShape['kind']]: Solver<Kind> } = {
  *capture(pattern, { name }, { of, at }, environment, search) {
    const only = onlyAtom(of);
    const ways = new Map<Value, number>();
    const whole = of.value && plainOf(of.value).of;
    if (whole) ways.set(whole, 1);
    const behind = only?.atom.value && plainOf(only.atom.value).of;
    if (only && behind && !ways.has(behind)) ways.set(behind, only.coefficient);
    for (const [value, ratio] of ways) {
      const next = environment.capture(name, value);
      if (next) yield { environment: next.matched(pattern, value, value === whole ? [] : of.nodes), ratio };
    }
    const isOther = environment.captures.has(name);
    if (ways.size === 0 || isOther)
      search.fail(
        environment,
        pattern,
        of.value ?? only?.atom.value ?? at,
        `expected the same value as ${name}; found ${foundIn({ of, at })}`,
      );
  },

  *number(pattern, { name }, subject, environment, search) {
    const x = numberOf(subject.of);
    const next = x === undefined ? undefined : environment.capture(name, x);
    if (next) yield { environment: next.matched(pattern, subject.at), ratio: 1 };
    else search.fail(environment, pattern, subject.at, `expected one number (${name}); found ${x ?? foundIn(subject)}`);
  },

  *literal(pattern, { x }, subject, environment, search) {
    const found = numberOf(subject.of);
    if (found !== undefined && (search.isLoose || isNear(found, x, subject.at.elem)))
      yield { environment: environment.matched(pattern, subject.at), ratio: 1 };
    else search.fail(environment, pattern, subject.at, `expected ${x}; found ${found ?? foundIn(subject)}`);
  },

  *product(pattern, shape, subject, environment, search) {
    const { of, at } = subject;
    const { coefficient, factors } = factored(of, (sum) => environment.reader.valueLike(sum));
    const needed = neededOf(shape.parts);
    const most = shape.parts.reduce((sum, part) => sum + Math.max(1, part.pattern.breadth), 0);
    const [first] = factors;
    const isSum = factors.length === 1 && of.terms.length > 1;
    if (!first || (factors.length < needed && (isSum || first.exponent === 1))) {
      yield* opened(pattern, 'a product', subject, environment, search);
      return;
    }
    if (factors.length < needed || (factors.length > most && !search.isLoose)) {
      search.fail(environment, pattern, at, `expected a product of ${needed}; found one of ${factors.length}`);
      return;
    }
    const inside = environment.matched(pattern, of.value ?? at, of.nodes);
    for (const { environment: found, ratio } of assigned(
      matches,
      shape.parts,
      factors,
      at,
      { environment: inside, ratio: coefficient },
      search,
    )) {
      const count = shape.number !== undefined && !isNear(ratio, 1) ? summedIn(of) : undefined;
      const next = shape.number === undefined ? found : found.capture(shape.number, ratio);
      if (count !== undefined) search.fail(found, pattern, at, otherMultiple(pattern, subject, ratio), true);
      else if (next) yield { environment: next, ratio: shape.number === undefined ? ratio / shape.x : 1 };
    }
  },

  *sum(pattern, shape, subject, environment, search) {
    const { of, at } = subject;
    const terms = of.terms.filter(({ factors }) => factors.length > 0);
    const constant = of.terms.find(({ factors }) => factors.length === 0)?.coefficient ?? 0;
    const needed = neededOf(shape.parts);
    const most = shape.parts.reduce((width, part) => width + part.pattern.width, 0);
    if (terms.length < needed && of.terms.length < 2) {
      yield* opened(pattern, 'a sum', subject, environment, search);
      return;
    }
    if (terms.length < needed || (terms.length > most && !search.isLoose)) {
      search.fail(environment, pattern, at, `expected a sum of ${needed}; found one of ${terms.length}`);
      return;
    }
    const inside = environment.matched(pattern, of.value ?? at, of.nodes);
    for (const { environment: found, ratio } of added(
      matches,
      pattern,
      shape.parts,
      terms,
      terms.length,
      at,
      { environment: inside, ratio: 0 },
      search,
    )) {
      const next = shape.number === undefined ? found : found.capture(shape.number, constant / ratio);
      // A constant that is no single number may be the number once for each element.
      const isExpected = search.isLoose
        ? shape.x === 0 || constant !== 0 || terms.some((term) => isConstant(term, search))
        : shape.number !== undefined || isNumber(constant / ratio, shape.x, at);
      if (next && isExpected) yield { environment: next, ratio };
      else search.fail(found, pattern, of.value ?? at, `expected a term ${shape.x}; found ${constant / ratio}`);
    }
  },

  *op(pattern, { opType, domain, what, at: places }, subject, environment, search) {
    const { of, at } = subject;
    const only = onlyAtom(of);
    if (only?.atom.kind === 'call' && only.atom.opType === opType && domain === '') {
      const { atom, coefficient } = only;
      const inside = environment.matched(pattern, atom.value ?? at, [...of.nodes, atom.node]);
      let sign = 1;
      const [part] = pattern.parts;
      const multiples = isOdd(opType) ? [1, -1] : [1];
      for (const found of part
        ? exactly(part, argumentOf(atom, at), inside, search, multiples, (ratio) => {
            sign = ratio;
          })
        : [])
        yield { environment: found, ratio: coefficient * Math.sign(sign) };
      return;
    }
    const mirrored = opType === 'Sigmoid' ? complement(of) : undefined;
    if (mirrored) {
      for (const found of matches(pattern, { of: mirrored.of, at }, environment, search))
        yield { ...found, ratio: found.ratio * mirrored.ratio };
      return;
    }
    const value = of.value ?? only?.atom.value;
    const ratio = of.value || !only ? 1 : only.coefficient;
    const { of: plain, nodes } = value ? plainOf(value) : { of: at, nodes: [] };
    const node = plain.producer;
    if (!value || !node?.is(opType, domain) || node.output !== plain) {
      search.fail(environment, pattern, value ?? at, `expected ${what}; found ${foundIn(subject)}`);
      return;
    }
    const inside = environment.matched(pattern, value, [...nodes, node]);
    if (node.hasReference) {
      search.fail(inside, pattern, value, "an attribute is the function's caller's to give");
      return;
    }
    const read = places.map((place) => node.inputs[place]);
    const orders =
      rowOf(node)?.isCommutative && pattern.parts.length === 2
        ? [pattern.parts, [...pattern.parts].reverse()]
        : [pattern.parts];
    for (const order of orders)
      for (const found of inputsOf(read, order, value, inside, search)) yield { environment: found, ratio };
  },

  *reduction(pattern, { opType }, subject, environment, search) {
    const { of, at } = subject;
    const only = atomIn(of, search);
    const atom = only?.atom;
    if (!only || atom?.kind !== 'reduction' || (opType === 'Highest') !== (atom.opType === 'Highest')) {
      const what = opType === 'Mean' ? 'a mean' : opType === 'Total' ? 'ReduceSum' : 'ReduceMax';
      yield* opened(pattern, what, subject, environment, search);
      return;
    }
    const count = opType === atom.opType ? 1 : atom.count;
    const inside = environment.matched(pattern, atom.value ?? at, [...of.nodes, atom.node]);
    const axes = atom.axes.join(',');
    const next = search.isLoose ? inside : inside.capture('axes', axes);
    if (!search.isLoose && (!atom.isKept || count === undefined))
      search.fail(inside, pattern, at, `expected a mean that keeps its axes`);
    else if (!next)
      search.fail(inside, pattern, at, `expected a mean over axes ${environment.captures.get('axes')}; found ${axes}`);
    else
      for (const found of matches(pattern.parts[0] as Pattern, argumentOf(atom, at), next, search)) {
        const factor = opType === 'Mean' ? (count ?? 1) : 1 / (count ?? 1);
        if (opType !== 'Highest' || found.ratio > 0) yield { ...found, ratio: found.ratio * only.coefficient * factor };
      }
  },

  *polynomial(pattern, { name, coefficients }, { of, at }, environment, search) {
    const found = polynomialIn(of);
    const variable = found.variable && environment.capture(name, found.variable);
    if (!variable || found.coefficients.length === 0) {
      search.fail(environment, pattern, at, `expected a polynomial in ${name}; found ${foundIn({ of, at })}`);
      return;
    }
    const inside = variable.matched(pattern, at, of.nodes);
    const powers = Object.entries(coefficients).map(([power, c]) => [Number(power), c] as const);
    const [power, c] = powers.find((one) => one[1] !== 0) as readonly [number, number];
    const ratio = (found.coefficients[power] ?? 0) / c;
    const isEqual = found.coefficients.every((one, n) => isNumber(one / ratio, coefficients[n] ?? 0, at));
    const isWhole = powers.every(([n, expected]) => isNumber((found.coefficients[n] ?? 0) / ratio, expected, at));
    if (search.isLoose || (ratio !== 0 && isEqual && isWhole)) yield { environment: inside, ratio: ratio || 1 };
    else search.fail(inside, pattern, at, `expected other coefficients; found ${found.coefficients.join(', ')}`);
  },

  *choice(pattern, { name, options }, subject, environment, search) {
    for (const [i, option] of options.entries())
      for (const found of matches(pattern.parts[i] as Pattern, subject, environment, search)) {
        const next = name === undefined ? found.environment : found.environment.capture(name, option);
        if (next) yield { ...found, environment: next };
      }
  },

  *as(pattern, { name }, subject, environment, search) {
    const value = valueIn(subject.of);
    for (const found of matches(pattern.parts[0] as Pattern, subject, environment, search)) {
      const next = value && found.environment.capture(name, value);
      if (next) yield { ...found, environment: next };
      else search.fail(found.environment, pattern, value ?? subject.at, `expected the same value as ${name}`);
    }
  },

  *where(pattern, { condition }, subject, environment, search) {
    const [inner] = pattern.parts as readonly [Pattern];
    const own = valueIn(subject.of) ?? subject.at;
    for (const found of matches(inner, subject, environment, search)) {
      // A condition on a capture or on a site itself is essential and stays; of a site it is told the node's output.
      const isSite = inner.shape.kind === 'site';
      const isSkipped = search.isLoose && inner.shape.kind !== 'capture' && !isSite;
      const value = (isSite && found.environment.sites.at(-1)?.output) || own;
      const answer = isSkipped || condition(Object.fromEntries(found.environment.captures), value, search.facts);
      if (answer === true) yield found;
      else if (typeof answer !== 'string' || answer === '')
        throw new TypeError(`pattern ${pattern.text}: where: expected true or a reason; found ${foundText(answer)}`);
      else search.fail(found.environment, pattern.bare, value, answer);
    }
  },

  *site(pattern, _, subject, environment, search) {
    const of = complement(subject.of)?.of ?? subject.of;
    const atom = atomIn(of, search)?.atom;
    const value = subject.of.value ?? atom?.value;
    const node = atom?.kind === 'call' || atom?.kind === 'reduction' ? atom.node : value && plainOf(value).of.producer;
    for (const found of matches(pattern.parts[0] as Pattern, subject, environment, search))
      yield node ? { ...found, environment: found.environment.atSite(node) } : found;
  },

  telling: (pattern, _, subject, environment, search) =>
    matches(pattern.parts[0] as Pattern, subject, environment, search),

  optional: (pattern, _, subject, environment, search) =>
    matches(pattern.parts[0] as Pattern, subject, environment, search),

  *read(_, { solve: own }, subject, environment, search) {
    const value = valueIn(subject.of);
    if (value) for (const found of own(value, environment, search)) yield { environment: found, ratio: 1 };
  },
};

const isConstant = ({ factors: [factor, ...others] }: Term, { facts }: Search): boolean => {
  const value = others.length === 0 ? factor?.atom.value : undefined;
  return value?.isConstant === true || fillOf(value, facts) !== undefined;
};

/** True if a found number is the expected one. Beside 0, a rest that float arithmetic leaves counts as 0. */
const isNumber = (found: number, expected: number, { elem }: Value): boolean =>
  isNear(found, expected, elem) || (expected === 0 && Math.abs(found) < 1e-7);

/**
 * Reads a cut once more, as its own expression: a gate may apply to a norm's result. Otherwise the cut does not match.
 */
function* opened(
  pattern: Pattern,
  what: string,
  subject: ExpressionAt,
  environment: Environment,
  search: Search,
): Iterable<Solution> {
  const { reading } = environment.reader;
  const { cut } = reading;
  const only = onlyAtom(subject.of);
  if (cut && only?.atom.kind === 'leaf' && only.atom.value === cut) {
    const reader = new Reader(search.facts, { loosely: reading.loosely, filled: reading.filled });
    const inner = { of: reader.read(cut, true), at: cut };
    for (const found of matches(pattern, inner, environment.by(reader), search))
      yield { environment: found.environment.by(environment.reader), ratio: found.ratio * only.coefficient };
  }
  search.fail(environment, pattern, subject.at, `expected ${what}; found ${foundIn(subject)}`);
}

function* inputsOf(
  inputs: readonly (Value | undefined)[],
  parts: readonly Pattern[],
  at: Value,
  environment: Environment,
  search: Search,
  index = 0,
): Iterable<Environment> {
  const part = parts[index];
  const input = inputs[index];
  if (!part) yield environment;
  else if (!input && search.isLoose) yield environment;
  else if (!input)
    search.fail(environment, part, at, `expected an input ${index} of ${at.producer?.opType}; found none`);
  else
    for (const next of exactly(part, { of: environment.reader.read(input), at: input }, environment, search))
      yield* inputsOf(inputs, parts, at, next, search, index + 1);
}
