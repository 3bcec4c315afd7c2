/** The pattern language by itself: matches in each spelling, captures, and the text of misses. */
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import {
  any,
  constant,
  Mean,
  Minus,
  maybe,
  number,
  Optional,
  oneOf,
  type Pattern,
  Polynomial,
  Power,
  Product,
  Sum,
  site,
  telling,
} from '../../src/match/pattern/index.js';
import { rule } from '../../src/match/rule.js';
import { environmentOf, Places } from '../../src/match/search/places.js';
import { capturesOf, type Environment, Search } from '../../src/match/search/search.js';
import { solve as solveBy } from '../../src/match/search/solve.js';
import { op } from '../../src/match/words.js';

type Build = (g: GraphBuilder, x: Value, y: Value) => Value;

/** The captures of each way in which the pattern matches what is built from x and y, both float32 [2, 3], and the deepest miss. */
function solve(pattern: Pattern, build: Build) {
  let root: Value | undefined;
  const model = buildModel({ '': 17 }, (g) => {
    root = build(g, g.input('x', 'float32', [2, 3]), g.input('y', 'float32', [2, 3]));
    g.output('z', root);
  });
  const facts = inferTypes(model);
  const search = new Search(facts);
  const ways = new Places(facts).readersOf(root as Value, pattern, []);
  let found: Environment[] = [];
  for (const reader of ways)
    if (found.length === 0) found = [...solveBy(pattern, root as Value, environmentOf(pattern, reader), search)];
  const named = found.map((one) =>
    Object.fromEntries(
      Object.entries(capturesOf<Record<string, unknown>>(one)).map(([name, is]) => [
        name,
        typeof is === 'object' ? (is as Value).name || (is as Value).producer?.opType : is,
      ]),
    ),
  );
  return { found, named, reason: search.miss?.reason, depth: search.deepest?.environment.depth };
}

const float = (g: GraphBuilder, x: number) => g.constant('float32', x);
const x = any('x');
const y = any('y');

describe('op words', () => {
  it('match commutative ops in both orders and others in one', () => {
    const relu = op.Add(op.Relu(x), y);
    const sides: [Build, Build] = [
      (g, a, b) => g.op('Add', [g.op('Relu', [a]), b]),
      (g, a, b) => g.op('Add', [b, g.op('Relu', [a])]),
    ];
    for (const build of sides) expect(solve(relu, build).named).toEqual([{ x: 'x', y: 'y' }]);
    const difference = op.Sub(op.Relu(x), y);
    expect(solve(difference, (g, a, b) => g.op('Sub', [b, g.op('Relu', [a])])).named).toEqual([]);
  });

  it('see through Identity and Casts that do nothing, and not through others', () => {
    const same: Build = (g, a) => g.op('Relu', [g.op('Cast', [g.op('Identity', [a])], { to: 1 })]);
    expect(solve(op.Relu(x), same).named).toEqual([{ x: 'x' }]);
    const { named } = solve(op.Relu(x), (g, a) => g.op('Relu', [g.op('Cast', [a], { to: 10 })]));
    expect(named).toEqual([{ x: 'Cast' }]);
  });

  it('say what stands where another op was expected', () => {
    const { reason } = solve(op.Relu(op.Tanh(x)), (g, a) => g.op('Relu', [g.op('Cast', [a], { to: 10 })]));
    expect(reason).toBe('expected Tanh; found Cast (to = float16)');
  });
});

describe('captures', () => {
  it('stand for one value wherever the name is', () => {
    const twice = op.Mul(x, op.Sigmoid(x));
    expect(solve(twice, (g, a) => g.op('Mul', [g.op('Sigmoid', [a]), a])).named).toEqual([{ x: 'x' }]);
    const { named, reason } = solve(twice, (g, a, b) => g.op('Mul', [a, g.op('Sigmoid', [b])]));
    expect(named).toEqual([]);
    expect(reason).toBe('expected the same value as x; found a graph input');
  });

  it('take numbers, constants under a condition, and parts by name', () => {
    const scaled = op.Mul(x, number('factor'));
    expect(solve(scaled, (g, a) => g.op('Mul', [a, float(g, 3)])).named).toEqual([{ x: 'x', factor: 3 }]);
    const biased = op.Add(op.Relu(x).as('inner'), constant('bias', ({ shape }) => shape?.length === 1)); // biome-ignore format: one line
    const build: Build = (g, a) => g.op('Add', [g.op('Relu', [a]), g.constant('float32', [1, 2, 3], [3], 'b')]);
    expect(solve(biased, build).named).toEqual([{ x: 'x', inner: 'Relu', bias: 'b' }]);
  });

  it('are undone where an alternative fails', () => {
    const either = oneOf('which', { double: op.Relu(op.Relu(x)), single: op.Relu(x) });
    expect(solve(either, (g, a) => g.op('Relu', [a])).named).toEqual([{ which: 'single', x: 'x' }]);
    const optional = maybe((inner) => op.Neg(inner), op.Relu(x));
    expect(solve(optional, (g, a) => g.op('Relu', [a])).named).toEqual([{ x: 'x' }]);
    expect(solve(optional, (g, a) => g.op('Neg', [g.op('Relu', [a])])).named).toEqual([{ x: 'x' }]);
  });
});

describe('Product', () => {
  const gated = Product(2, op.Relu(x), Power(op.Exp(y), -1));
  const spellings: [string, Build][] = [
    ['Div', (g, a, b) => g.op('Div', [g.op('Mul', [float(g, 2), g.op('Relu', [a])]), g.op('Exp', [b])])],
    ['Reciprocal', (g, a, b) => g.op('Mul', [g.op('Reciprocal', [g.op('Exp', [b])]), g.op('Mul', [g.op('Relu', [a]), float(g, 2)])])],
    ['Pow', (g, a, b) => g.op('Div', [g.op('Mul', [g.op('Pow', [g.op('Exp', [b]), float(g, -1)]), g.op('Relu', [a])]), float(g, 0.5)])],
    ['Neg twice', (g, a, b) => g.op('Neg', [g.op('Div', [g.op('Mul', [g.op('Relu', [a]), float(g, -2)]), g.op('Exp', [b])])])],
  ]; // biome-ignore format: a table
  it.each(spellings)('matches by %s', (_, build) => expect(solve(gated, build).named).toEqual([{ x: 'x', y: 'y' }]));

  it('compares its number last, so that the miss says all else matched', () => {
    const { reason, depth } = solve(gated, (g, a, b) => g.op('Div', [g.op('Relu', [a]), g.op('Exp', [b])]));
    expect([reason, depth]).toEqual(['expected a factor 2; found 1', 3]);
  });

  it('takes a value that others read as it is, or reads through it', () => {
    const shared: Build = (g, a, b) => {
      const product = g.op('Mul', [a, b]);
      g.output('product', product);
      return g.op('Mul', [product, g.op('Exp', [a])]);
    };
    expect(solve(Product(any('p'), op.Exp(x)), shared).named).toEqual([{ p: 'Mul', x: 'x' }]);
    expect(solve(Product(x, y, op.Exp(x)), shared).named).toEqual([{ x: 'x', y: 'y' }]);
  });

  it('keeps a power with its base: √(x²) is not x', () => {
    const build: Build = (g, a) => g.op('Sqrt', [g.op('Mul', [a, a])]);
    expect(solve(Power(x, 1), build).named).toEqual([]);
    expect(solve(Power(Power(x, 2), 0.5), build).named).toEqual([{ x: 'x' }]);
  });

  it('does without an optional factor, and takes no other in its place', () => {
    const pattern = Product(op.Relu(x), op.Exp(y), Optional(op.Tanh(any('scale'))));
    const two: Build = (g, a, b) => g.op('Mul', [g.op('Exp', [b]), g.op('Relu', [a])]);
    expect(solve(pattern, two).named).toEqual([{ x: 'x', y: 'y' }]);
    const three =
      (last: string): Build =>
      (g, a, b) =>
        g.op('Mul', [two(g, a, b), g.op(last, [a])]);
    expect(solve(pattern, three('Tanh')).named).toEqual([{ x: 'x', y: 'y', scale: 'x' }]);
    expect(solve(pattern, three('Sin')).named).toEqual([]);
  });
});

describe('Sum', () => {
  it('matches Add and Sub in any order, with signs and a number', () => {
    const pattern = Sum(op.Relu(x), Minus(op.Exp(y)), number('constant'));
    const builds: Build[] = [
      (g, a, b) => g.op('Sub', [g.op('Add', [g.op('Relu', [a]), float(g, 3)]), g.op('Exp', [b])]),
      (g, a, b) => g.op('Add', [float(g, 3), g.op('Sub', [g.op('Relu', [a]), g.op('Exp', [b])])]),
      (g, a, b) => g.op('Sub', [g.op('Relu', [a]), g.op('Sub', [g.op('Exp', [b]), float(g, 3)])]),
    ];
    for (const build of builds) expect(solve(pattern, build).named).toEqual([{ x: 'x', y: 'y', constant: 3 }]);
    const { reason } = solve(pattern, (g, a, b) => g.op('Add', [g.op('Relu', [a]), g.op('Exp', [b])]));
    expect(reason).toBe('expected the sign -1; found 1');
  });
});

describe('Polynomial', () => {
  it('multiplies out, and says which coefficients it found', () => {
    const pattern = Product(x, op.Tanh(Polynomial('x', { 1: 2, 3: 6 })));
    const build =
      (cubed: number): Build =>
      (g, a) => {
        const inside = g.op('Add', [float(g, 1), g.op('Mul', [g.op('Mul', [a, a]), float(g, cubed)])]);
        return g.op('Mul', [a, g.op('Tanh', [g.op('Mul', [g.op('Mul', [a, float(g, 2)]), inside])])]);
      };
    expect(solve(pattern, build(3)).named).toEqual([{ x: 'x' }]);
    expect(solve(pattern, build(4)).reason).toBe('expected other coefficients; found 0, 2, 0, 8');
  });
});

describe('Mean', () => {
  const mean =
    (attributes: Record<string, number | number[]>): Build =>
    (g, a) =>
      g.op('ReduceMean', [a], attributes);

  it('captures its axes, whichever way they are counted', () => {
    expect(solve(Mean(x), mean({ axes: [-1] })).named).toEqual([{ axes: '1', x: 'x' }]);
    expect(solve(Mean(x), mean({})).named).toEqual([{ axes: '0,1', x: 'x' }]);
    const sum: Build = (g, a) => g.op('Mul', [g.op('ReduceSum', [a, g.ints(1)]), float(g, 1 / 3)]);
    expect(solve(Mean(x), sum).named).toEqual([{ axes: '1', x: 'x' }]);
    const putBack: Build = (g, a, b) => g.op('Unsqueeze', [mean({ axes: [1], keepdims: 0 })(g, a, b), g.ints(-1)]);
    expect(solve(Mean(x), putBack).named).toEqual([{ axes: '1', x: 'x' }]);
  });

  it('keeps its axes, and divides by how many numbers there are', () => {
    expect(solve(Mean(x), mean({ axes: [1], keepdims: 0 })).reason).toBe('expected a mean that keeps its axes');
    const elsewhere: Build = (g, a, b) => g.op('Unsqueeze', [mean({ axes: [1], keepdims: 0 })(g, a, b), g.ints(0)]);
    expect(solve(Mean(x), elsewhere).reason).toBe('expected a mean that keeps its axes');
    const wrong: Build = (g, a) => g.op('Div', [g.op('ReduceSum', [a, g.ints(1)]), float(g, 2)]);
    expect(solve(Mean(x), wrong).reason).toBe('expected the mean of 3 numbers; found their sum · 0.5');
  });

  it('is over the same axes as the other means of the pattern', () => {
    const { reason } = solve(Sum(Mean(x), Minus(Mean(y))), (g, a, b) =>
      g.op('Sub', [mean({ axes: [0] })(g, a, b), mean({ axes: [1] })(g, b, a)]),
    );
    expect(reason).toBe('expected a mean over axes 0; found 1');
  });
});

describe('a deep chain', () => {
  it('of sums that share their operands is read to a bound, not to its end', () => {
    // Each sum reads the two before it: as a tree it has as many terms as the Fibonacci numbers.
    const { reason } = solve(Sum(x, y), (g, a, b) => {
      let [before, last] = [a, b];
      for (let step = 0; step < 60; step++) [before, last] = [last, g.op('Add', [before, last])];
      return last;
    });
    // Two terms, as many times each as two Fibonacci numbers.
    expect(reason).toMatch(/^expected a factor 1; found 0\.61/);
  });
});

describe('terms compose', () => {
  it.each<[string, Pattern, Build, boolean]>([
    ['a product with a negative is no quotient', Product(Minus(x), y), (g, a, b) => g.op('Div', [b, a]), false],
    ['a product with a negative', Product(Minus(x), y), (g, a, b) => g.op('Neg', [g.op('Mul', [b, a])]), true],
    ['a function of a negative is none of the value', op.Exp(Minus(x)), (g, a) => g.op('Exp', [a]), false],
    ['a function of a negative', op.Exp(Minus(x)), (g, a) => g.op('Exp', [g.op('Mul', [a, float(g, -1)])]), true],
    ['a power in a sum', Sum(1, Power(x, 2)), (g, a) => g.op('Add', [g.op('Mul', [a, a]), float(g, 1)]), true],
    ['another power in a sum', Sum(1, Power(x, 2)), (g, a) => g.op('Add', [a, float(g, 1)]), false],
    ['a power of a power', Power(Power(x, -1), 2), (g, a) => g.op('Reciprocal', [g.op('Mul', [a, a])]), true],
    [
      'a choice of products in a product',
      Product(oneOf('which', { both: Product(op.Relu(x), op.Sin(x)), one: op.Cos(x) }), op.Exp(y)),
      (g, a, b) => g.op('Mul', [g.op('Mul', [g.op('Relu', [a]), g.op('Exp', [b])]), g.op('Sin', [a])]),
      true,
    ],
    [
      'an odd function of a negative',
      Product(x, op.Erf(x)),
      (g, a) => g.op('Mul', [g.op('Neg', [a]), g.op('Erf', [g.op('Neg', [a])])]),
      true,
    ],
    [
      '√(x²) and √x², which are not x',
      Product(x, op.Erf(x)),
      (g, a) => g.op('Mul', [g.op('Sqrt', [g.op('Mul', [a, a])]), g.op('Erf', [a])]),
      false,
    ],
  ])('%s', (_, pattern, build, isMatch) => expect(solve(pattern, build).named.length > 0).toBe(isMatch));
});

describe('a pattern is refused where it is defined', () => {
  it.each<[string, () => unknown, string]>([
    ['a product of nothing', () => Product(), 'expected something that has to be there'],
    ['a sum of a number alone', () => Sum(1), 'expected something that has to be there'],
    ['a product that may be of nothing', () => Product(Optional(x)), 'expected something that has to be there'],
    ['a power of 0', () => Power(x, 0), 'expected a power other than 0'],
    ['a factor of 0', () => Product(0, x), 'expected a factor other than 0'],
    ['a factor twice', () => Product(x, x), 'expected Power(…, 2)'],
    ['a term twice', () => Sum(x, x), 'expected Product(2, …)'],
    [
      'two numbers in one sum',
      () => Sum(x, number('a'), number('b')),
      'expected one number that is captured; found a and b',
    ],
    ['a number beside one that is captured', () => Product(2, x, number('a')), 'expected no number beside a; found 2'],
    [
      'one name for a value and a number',
      () => Sum(any('a'), number('a')),
      'expected one meaning of a; found a value and a number',
    ],
    ['a polynomial of no power', () => Polynomial('x', { 0: 1 }), 'expected a power of the variable'],
    ['a mean of a sum', () => Mean(Sum(x, y)), 'expected a sum of Means'],
    ['no number', () => Product(Number.NaN, x), 'expected a finite number'],
  ])('%s', (_, define, message) => expect(define).toThrow(message));

  const rewrite = () => undefined as never;
  const because = 'it is a test';
  it.each<[string, Pattern, string]>([
    ['without a site', op.Relu(x), 'expected a site in every way that the pattern matches'],
    ['with a way without a site', oneOf('a', { b: site(op.Relu(x)), c: op.Tanh(x) }), 'expected a site in every way'],
    [
      'with a polynomial in another variable',
      Product(x, site(op.Tanh(Polynomial('xx', { 1: 2 })))),
      'expected a capture xx',
    ],
  ])('a rule %s', (name, match, message) => expect(() => rule({ name, because, match, rewrite })).toThrow(message));
});

describe('a place looks like a pattern', () => {
  const x = any('x');
  const bounded = (opType: string, pattern: Pattern) => {
    let at: Value | undefined;
    const model = buildModel({ '': 17 }, (g) => {
      const [x, one] = [g.input('x', 'float32', [2, 3]), (n: number) => g.constant('float32', n)];
      const bounds = { Clip: [one(0), one(6)], Max: [one(0)], Relu: [] }[opType];
      at = g.op(opType, [g.op('Add', [x, one(3)]), ...(bounds ?? [])]);
      g.output('z', g.op('Mul', [x, g.op('Div', [at, one(6)])]));
    });
    const found = rule({ name: 'r', because: 'b', match: pattern, rewrite: ({ no }: never) => no });
    return new Places(inferTypes(model)).isSite(at?.producer as never, [found]);
  };
  const sixth = (part: Pattern) => telling(Product(1 / 6, x, site(part)));
  it.each([
    ['Clip', op.Clip(Sum(x, 3), 0, 6)],
    ['Max', op.Max(Sum(x, 3), 0)],
    ['Relu', op.Relu(Sum(x, 3))],
  ])('that names a bound: %s', (opType, part) => {
    expect(bounded(opType, sixth(part))).toBe(true);
  });

  it.each([
    ['the number', 1, true],
    ['the number for each element', [1, 1, 1], true],
    ['other numbers', [1, 2, 3], true],
    ['no number', undefined, false],
  ])('that adds a number, where it adds %s', (_, added, isSite) => {
    const match = telling(Product(x, Power(Sum(1, site(op.Abs(x))), -1)));
    let at: Value | undefined;
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [2, 3]);
      at = g.op('Abs', [x]);
      const second = added === undefined ? x : g.constant('float32', added as number);
      g.output('z', g.op('Div', [x, g.op('Add', [at, second])]));
    });
    const found = rule({ name: 'r', because: 'b', match, rewrite: ({ no }: never) => no });
    expect(new Places(inferTypes(model)).isSite(at?.producer as never, [found])).toBe(isSite);
  });
});
