/**
 * Respells formulas at random by laws of algebra: the same function in other ops. A fusion reads algebra well if it
 * finds them, explains the others, and keeps the numbers.
 */
import type { GraphBuilder } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import { randomWeights } from '../check-pass.js';

/** A formula. The same object twice is one value that is read twice. */
export type Formula =
  | { readonly op: 'x' }
  | { readonly op: 'weight'; readonly seed: number }
  | { readonly op: 'number'; readonly of: number }
  | { readonly op: Unary; readonly a: Formula }
  | { readonly op: 'Add' | 'Sub' | 'Mul' | 'Div'; readonly a: Formula; readonly b: Formula }
  | { readonly op: 'Pow'; readonly a: Formula; readonly of: number };
type Unary = 'Neg' | 'Sqrt' | 'Reciprocal' | 'Erf' | 'Tanh' | 'Sigmoid' | 'Exp' | 'ReduceMean';

const x: Formula = { op: 'x' };
const number = (of: number): Formula => ({ op: 'number', of });
const one = (op: Unary, a: Formula): Formula => ({ op, a });
const add = (a: Formula, b: Formula): Formula => ({ op: 'Add', a, b });
const sub = (a: Formula, b: Formula): Formula => ({ op: 'Sub', a, b });
const mul = (a: Formula, b: Formula): Formula => ({ op: 'Mul', a, b });
const div = (a: Formula, b: Formula): Formula => ({ op: 'Div', a, b });
const pow = (a: Formula, of: number): Formula => ({ op: 'Pow', a, of });
const neg = (a: Formula): Formula => one('Neg', a);

/** How wide x is. */
export const WIDTH = 8;
const centred = sub(x, one('ReduceMean', x));
const deviation = (of: Formula) => one('Sqrt', add(one('ReduceMean', pow(of, 2)), number(1e-5)));
const weight = (seed: number): Formula => ({ op: 'weight', seed });

/** What is respelled, and the op that it is one kernel of. */
export const formulas: Readonly<Record<string, { readonly of: Formula; readonly kind: string }>> = {
  gelu: { of: mul(mul(x, number(0.5)), add(one('Erf', div(x, number(Math.SQRT2))), number(1))), kind: 'GELU' },
  'gelu-tanh': {
    of: mul(
      mul(number(0.5), x),
      add(number(1), one('Tanh', mul(number(Math.sqrt(2 / Math.PI)), add(x, mul(number(0.044715), pow(x, 3)))))),
    ),
    kind: 'GELU',
  },
  silu: { of: mul(x, one('Sigmoid', x)), kind: 'SiLU' },
  'silu-exp': { of: div(x, add(number(1), one('Exp', neg(x)))), kind: 'SiLU' },
  'quick-gelu': { of: mul(x, one('Sigmoid', mul(number(1.702), x))), kind: 'quick GELU' },
  'layer-norm': { of: add(mul(div(centred, deviation(centred)), weight(3)), weight(4)), kind: 'layer norm' },
  'rms-norm': { of: mul(div(x, deviation(x)), weight(3)), kind: 'RMS norm' },
};

export type Random = () => number;
/** A law at one formula: the same in another spelling, or undefined where it does not hold. */
type Law = (f: Formula, random: Random) => Formula | undefined;

const some = (random: Random): number => [2, 0.5, 4, 3, 0.25, 1.5][Math.floor(random() * 6)] as number;
const isOdd = (op: string): boolean => op === 'Erf' || op === 'Tanh';
const isNumber = (f: Formula): f is Formula & { op: 'number' } => f.op === 'number';
const hasX = (f: Formula): boolean => f.op === 'x' || ('a' in f && hasX(f.a)) || ('b' in f && hasX(f.b));

const order: readonly Law[] = [
  (f) => (f.op === 'Add' || f.op === 'Mul' ? { ...f, a: f.b, b: f.a } : undefined),
  (f) =>
    (f.op === 'Add' || f.op === 'Mul') && f.a.op === f.op
      ? { op: f.op, a: f.a.a, b: { op: f.op, a: f.a.b, b: f.b } }
      : undefined,
  (f) =>
    (f.op === 'Add' || f.op === 'Mul') && f.b.op === f.op
      ? { op: f.op, a: { op: f.op, a: f.a, b: f.b.a }, b: f.b.b }
      : undefined,
  (f) => (f.op === 'Div' && f.a.op === 'Mul' ? mul(f.a.a, div(f.a.b, f.b)) : undefined),
  (f) => (f.op === 'Mul' && f.b.op === 'Div' ? div(mul(f.a, f.b.a), f.b.b) : undefined),
  (f) => (f.op === 'Sub' && f.b.op === 'Add' ? sub(sub(f.a, f.b.a), f.b.b) : undefined),
];

const signs: readonly Law[] = [
  (f) => (f.op === 'Sub' ? add(f.a, neg(f.b)) : undefined),
  (f) => (f.op === 'Sub' ? neg(sub(f.b, f.a)) : undefined),
  (f) => (f.op === 'Add' ? sub(f.a, neg(f.b)) : undefined),
  (f) => (f.op === 'Add' ? neg(sub(neg(f.a), f.b)) : undefined),
  (f) => (f.op === 'Mul' ? mul(neg(f.a), neg(f.b)) : undefined),
  (f) => (f.op === 'Mul' ? neg(mul(f.a, neg(f.b))) : undefined),
  (f) => (f.op === 'Div' ? neg(div(f.a, neg(f.b))) : undefined),
  (f) => (f.op === 'Div' ? div(neg(f.a), neg(f.b)) : undefined),
  (f) => ('a' in f && isOdd(f.op) ? neg({ ...f, a: neg(f.a) }) : undefined),
  (f) => (f.op === 'Sigmoid' ? sub(number(1), one('Sigmoid', neg(f.a))) : undefined),
  (f) => (f.op === 'Neg' && (f.a.op === 'Mul' || f.a.op === 'Div') ? { ...f.a, a: neg(f.a.a) } : undefined),
  (f) => (f.op === 'Neg' && f.a.op === 'Sub' ? sub(f.a.b, f.a.a) : undefined),
  (f) => (f.op === 'Neg' && f.a.op === 'Add' ? sub(neg(f.a.a), f.a.b) : undefined),
  (f) => (f.op === 'Neg' ? mul(f.a, number(-1)) : undefined),
  (f) => (isNumber(f) && f.of !== 0 ? neg(number(-f.of)) : undefined),
  (f) => (f.op === 'Pow' && f.of % 2 === 0 ? pow(neg(f.a), f.of) : undefined),
  (f) => (f.op === 'ReduceMean' ? neg(one('ReduceMean', neg(f.a))) : undefined),
];

const numbers: readonly Law[] = [
  (f, random) => {
    const c = some(random);
    return isNumber(f) ? mul(number(f.of / c), number(c)) : undefined;
  },
  (f, random) => {
    const c = random() - 0.5;
    return isNumber(f) && Math.abs(f.of) > 0.01 ? add(number(f.of - c), number(c)) : undefined;
  },
  (f) => (f.op === 'Div' && isNumber(f.b) ? mul(f.a, number(1 / f.b.of)) : undefined),
  (f) => (f.op === 'Mul' && isNumber(f.b) ? div(f.a, number(1 / f.b.of)) : undefined),
  (f, random) => {
    const c = some(random);
    return f.op === 'Add' || f.op === 'Sub'
      ? div({ ...f, a: mul(f.a, number(c)), b: mul(f.b, number(c)) }, number(c))
      : undefined;
  },
  (f, random) => {
    const c = some(random);
    return f.op === 'Mul' ? mul(mul(f.a, number(c)), div(f.b, number(c))) : undefined;
  },
  (f, random) => {
    const c = some(random);
    return f.op === 'Div' ? div(mul(f.a, number(c)), mul(number(c), f.b)) : undefined;
  },
  (f, random) => {
    const c = some(random);
    return f.op === 'Sqrt' ? div(one('Sqrt', mul(number(c * c), f.a)), number(c)) : undefined;
  },
  (f, random) => {
    const c = some(random);
    return f.op === 'ReduceMean' ? div(one('ReduceMean', mul(f.a, number(c))), number(c)) : undefined;
  },
  (f) =>
    f.op === 'Pow' && f.of === 2 ? mul(f.a, f.a) : f.op === 'Pow' && f.of === 3 ? mul(mul(f.a, f.a), f.a) : undefined,
  (f) => (f.op === 'Mul' && f.a === f.b ? pow(f.a, 2) : undefined),
  (f) => (f.op === 'Sqrt' ? pow(f.a, 0.5) : undefined),
  (f) => (f.op === 'Div' ? mul(f.a, one('Reciprocal', f.b)) : undefined),
  (f) => (f.op === 'Div' ? mul(f.a, div(number(1), f.b)) : undefined),
  (f) => (f.op === 'Div' && f.b.op === 'Sqrt' ? mul(f.a, pow(f.b.a, -0.5)) : undefined),
];
/** Factors that are spread into sums: what is spread is read twice. */
const spread: readonly Law[] = [
  (f) =>
    f.op === 'Mul' && (f.b.op === 'Add' || f.b.op === 'Sub') && hasX(f)
      ? { ...f.b, a: mul(f.a, f.b.a), b: mul(f.a, f.b.b) }
      : undefined,
  (f) =>
    f.op === 'Mul' && (f.a.op === 'Add' || f.a.op === 'Sub') && hasX(f)
      ? { ...f.a, a: mul(f.a.a, f.b), b: mul(f.a.b, f.b) }
      : undefined,
  (f) =>
    f.op === 'Div' && (f.a.op === 'Add' || f.a.op === 'Sub')
      ? { ...f.a, a: div(f.a.a, f.b), b: div(f.a.b, f.b) }
      : undefined,
  // So that there is a sum to spread into.
  (f) => (f.op === 'Pow' && f.of === 2 && f.a.op === 'Sub' ? mul(f.a, f.a) : undefined),
  (f) =>
    f.op === 'ReduceMean' && f.a.op === 'Sub' ? sub(one('ReduceMean', f.a.a), one('ReduceMean', f.a.b)) : undefined,
];

export const columns: Readonly<Record<string, readonly Law[]>> = {
  order,
  signs: [...signs, ...order.slice(0, 3)],
  numbers: [...numbers, ...order.slice(0, 3)],
  spread: [...spread, ...spread, ...spread, ...order.slice(0, 3)],
  all: [...order, ...signs, ...numbers, ...spread, ...spread],
};

/** Every formula in one, each once. */
function* placesIn(f: Formula, seen = new Set<Formula>()): Iterable<Formula> {
  if (seen.has(f)) return;
  seen.add(f);
  yield f;
  if ('a' in f) yield* placesIn(f.a, seen);
  if ('b' in f) yield* placesIn(f.b, seen);
}

/** The formula with another in the place of one, wherever that is read; what is the same object stays so. */
function put(f: Formula, old: Formula, by: Formula, known = new Map<Formula, Formula>()): Formula {
  if (f === old) return by;
  const before = known.get(f);
  if (before) return before;
  const a = 'a' in f ? put(f.a, old, by, known) : undefined;
  const b = 'b' in f ? put(f.b, old, by, known) : undefined;
  const isSame = !('a' in f) || (a === f.a && (!('b' in f) || b === f.b));
  const found = isSame ? f : ({ ...f, a, ...(b && { b }) } as Formula);
  known.set(f, found);
  return found;
}

/** The formula after so many laws, each at a random place where it holds. */
export function respelled(f: Formula, laws: readonly Law[], steps: number, random: Random): Formula {
  let formula = f;
  for (let step = 0; step < steps; step++) {
    const law = laws[Math.floor(random() * laws.length)] as Law;
    const places = [...placesIn(formula)].flatMap((place) => {
      const by = law(place, random);
      return by ? [[place, by] as const] : [];
    });
    const chosen = places[Math.floor(random() * places.length)];
    if (chosen) formula = put(formula, ...chosen);
  }
  return formula;
}

/** Adds the ops of a formula. */
export function build(g: GraphBuilder, f: Formula, value: Value): Value {
  const known = new Map<Formula, Value>();
  const of = (one: Formula): Value => {
    const before = known.get(one);
    const found = before ?? made(one);
    known.set(one, found);
    return found;
  };
  const made = (one: Formula): Value => {
    switch (one.op) {
      case 'x':
        return value;
      case 'weight':
        return g.constant(randomWeights([WIDTH], 1, one.seed));
      case 'number':
        return g.constant('float32', one.of);
      case 'Pow':
        return g.op('Pow', [of(one.a), g.constant('float32', one.of)]);
      case 'ReduceMean':
        return g.op('ReduceMean', [of(one.a)], { axes: [-1], keepdims: 1 });
      default:
        return g.op(one.op, 'b' in one ? [of(one.a), of(one.b)] : [of(one.a)]);
    }
  };
  return of(f);
}

/** A formula in one line, for people. */
export const text = (f: Formula): string =>
  f.op === 'x'
    ? 'x'
    : f.op === 'weight'
      ? `w${f.seed}`
      : f.op === 'number'
        ? String(Number(f.of.toPrecision(6)))
        : f.op === 'Pow'
          ? `Pow(${text(f.a)}, ${f.of})`
          : `${f.op}(${text(f.a)}${'b' in f ? `, ${text(f.b)}` : ''})`;
