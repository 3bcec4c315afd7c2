import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import {
  addDims,
  broadcastDims,
  ceilDivide,
  type Dim,
  dimText,
  equalDims,
  floorDivide,
  isNonNegative,
  maxDim,
  minDim,
  multiplyDims,
  subtractDims,
  symbol,
  unknownDim,
  withNames,
} from '../../src/ir/dims/dims.js';
import { substitute } from '../../src/ir/dims/substitute.js';
import { isUnknown, numberedText } from '../../src/ir/dims/symbols.js';
import { tensorType } from '../../src/ir/types.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';

const [a, b] = [symbol('a'), symbol('b')];
const text = (dim: Dim | undefined) => dim !== undefined && dimText(dim);

describe('dims', () => {
  it('takes what is added to a maximum or a minimum into it', () => {
    const shorter = maxDim(subtractDims(a, 1), 0);
    const forms: [Dim, string, (x: number) => number][] = [
      [addDims(shorter, 1), 'max(1,a)', (x) => Math.max(1, x)],
      [subtractDims(addDims(shorter, 1), 1), 'max(0,a-1)', (x) => Math.max(0, x - 1)],
      [subtractDims(8, maxDim(subtractDims(8, a), 0)), 'min(8,a)', (x) => Math.min(8, x)],
      [addDims(multiplyDims(b, shorter), b), 'b*max(1,a)', (x) => 3 * Math.max(1, x)],
      [subtractDims(4, multiplyDims(2, shorter)), '2*min(-a+3,2)', (x) => 4 - 2 * Math.max(0, x - 1)],
      [minDim(4, minDim(a, 8)), 'min(4,a)', (x) => Math.min(4, x)],
      [minDim(8, minDim(a, 8)), 'min(8,a)', (x) => Math.min(8, x)],
      [broadcastDims(maxDim(1, a), a) as Dim, 'a', (x) => x],
      [broadcastDims(subtractDims(a, 1), shorter) as Dim, 'a-1', (x) => x - 1],
    ];
    for (const [dim, form, count] of forms) {
      expect(text(dim)).toBe(form);
      for (const x of [0, 1, 2, 7, 8, 9]) {
        const at = new Map([
          ['a', x],
          ['b', 3],
        ]);
        expect(substitute(dim, at)).toBe(count(x));
      }
    }
  });

  it('with names that look like expressions equal themselves alone', () => {
    expect(text(symbol('p + q'))).toBe('{p + q}');
    expect(equalDims(symbol('p + q*a'), multiplyDims(symbol('p + q'), a))).toBe(false);
  });

  it('have one form for one floor', () => {
    expect(text(floorDivide(multiplyDims(a, 4), 2))).toBe('2*a');
    expect(text(addDims(floorDivide(subtractDims(a, 1), 2), 1))).toBe(text(floorDivide(addDims(a, 1), 2)));
    expect(text(floorDivide(addDims(multiplyDims(a, 3), 7), 2))).toBe(
      text(addDims(addDims(a, 3), floorDivide(addDims(a, 1), 2))),
    );
    expect(text(ceilDivide(ceilDivide(a, 2), 2))).toBe(text(ceilDivide(a, 4)));
    expect(text(floorDivide(multiplyDims(multiplyDims(a, b), 6), 4))).toBe(
      text(addDims(multiplyDims(a, b), floorDivide(multiplyDims(a, b), 2))),
    );
    expect(text(floorDivide(addDims(multiplyDims(a, b), 1), b))).toBe('1//b+a');
  });

  it('print division with parentheses where it would be read otherwise, and no two of them alike', () => {
    const half = floorDivide(a, 2);
    const two = symbol('a//2');
    const shown = {
      'a//2': half,
      '(a+1)//2': floorDivide(addDims(a, 1), 2),
      '(a//2)*b': multiplyDims(half, b),
      '(a*b)//2': floorDivide(multiplyDims(a, b), 2),
      '3*(a//2)': multiplyDims(half, 3),
      '-(a//2)': multiplyDims(half, -1),
      'a//2+b': addDims(half, b),
      'a//b': floorDivide(a, b),
      'a//(2*b)': floorDivide(a, multiplyDims(b, 2)),
      '(a//b)//(a//2)': floorDivide(floorDivide(a, b), half),
      '(a//2)//b': floorDivide(half, b),
      'a//(b//2)': floorDivide(a, floorDivide(b, 2)),
      'min(a,b)//2': floorDivide(minDim(a, b), 2),
      '{a//2}': two,
      'b*{a//2}': multiplyDims(two, b),
      '{a/}//2': floorDivide(symbol('a/'), 2),
      'a//{/b}': floorDivide(a, symbol('/b')),
      'a/b//2': floorDivide(symbol('a/b'), 2),
    };
    for (const [expected, dim] of Object.entries(shown)) expect(text(dim)).toBe(expected);
  });

  it('mean the same after they are brought into form', () => {
    for (let x = 0; x < 12; x++)
      for (let y = 1; y < 6; y++)
        for (let c = -5; c < 6; c++) {
          const at = new Map<string, Dim>([
            ['a', x],
            ['b', y],
          ]);
          for (const n of [2, 3, 4, 6]) {
            const sum = addDims(addDims(multiplyDims(a, 5), multiplyDims(b, -2)), c);
            expect(substitute(floorDivide(sum, n), at)).toBe(Math.floor((5 * x - 2 * y + c) / n));
            const nested = floorDivide(addDims(floorDivide(addDims(a, c), n), 1), 2);
            expect(substitute(nested, at)).toBe(Math.floor((Math.floor((x + c) / n) + 1) / 2));
          }
          expect(substitute(maxDim(addDims(a, c), b), at)).toBe(Math.max(x + c, y));
          expect(substitute(minDim(addDims(a, c), addDims(a, 2)), at)).toBe(Math.min(x + c, x + 2));
        }
  });

  it('are not negative where every term is not', () => {
    expect(isNonNegative(addDims(a, 1))).toBe(true);
    expect(isNonNegative(subtractDims(a, 1))).toBe(false);
    expect(dimText(maxDim(a, 0))).toBe('a');
    expect(dimText(minDim(addDims(a, b), a))).toBe('a');
    // A remainder is none, nor what is padded to a multiple less than what it is made of; a floor that is taken twice may be.
    const padded = multiplyDims(ceilDivide(a, 4), 4);
    expect(isNonNegative(subtractDims(a, multiplyDims(floorDivide(a, 4), 4)))).toBe(true);
    expect(isNonNegative(subtractDims(multiplyDims(a, b), multiplyDims(multiplyDims(floorDivide(a, 4), b), 4)))).toBe(
      true,
    );
    expect(
      isNonNegative(
        subtractDims(subtractDims(multiplyDims(a, 4), multiplyDims(floorDivide(multiplyDims(a, 3), 4), 4)), a),
      ),
    ).toBe(true);
    expect(isNonNegative(subtractDims(a, multiplyDims(floorDivide(a, 4), 8)))).toBe(false);
    expect(isNonNegative(subtractDims(padded, addDims(a, 1)))).toBe(false);
  });

  it('broadcast', () => {
    expect(text(broadcastDims(a, 1))).toBe('a');
    expect(broadcastDims(a, 4)).toBe(4);
    expect(broadcastDims(3, 4)).toBeUndefined();
    // Positions of a table of 64, cut to the length of what they are added to.
    expect(text(broadcastDims(minDim(a, 64), a))).toBe('a');
    expect(text(broadcastDims(a, minDim(64, a)))).toBe('a');
    expect(text(broadcastDims(minDim(b, 64), a))).not.toBe('a');
    const both = broadcastDims(a, b) as Dim;
    expect(text(broadcastDims(both, a))).toBe(text(both));
    expect(
      substitute(
        both,
        new Map([
          ['a', 0],
          ['b', 1],
        ]),
      ),
    ).toBe(0);
  });
});

describe('names of dims', () => {
  it('are never taken for an unknown, nor for an expression', () => {
    const unknown = unknownDim();
    expect(isUnknown(addDims(unknown, a))).toBe(true);
    const twin = symbol(dimText(unknown));
    expect(equalDims(twin, unknown)).toBe(false);
    expect(isUnknown(twin)).toBe(false);
    expect(dimText(subtractDims(twin, unknown))).not.toBe('0');
    for (const dim of [subtractDims(a, b), minDim(a, b), addDims(a, 1), multiplyDims(symbol('x y'), symbol('z w'))])
      for (const name of [dimText(dim), dimText(dim).slice(1, -1)])
        expect(equalDims(symbol(name), dim), name).toBe(false);
    expect(equalDims(symbol('a+-b'), symbol('a-b'))).toBe(false);
  });

  it('are written as they were read; unknown dims have none', async () => {
    const names = ['?1', 'a?', 'two words', '{b}', 'min(a,b)', 'a//b', 'a/', 'a/b', 'past-length', 'a}}b'];
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [...names, unknownDim()]);
      g.output('y', g.op('Relu', [x]), 'float32', [...names.map(symbol), addDims(unknownDim(), 1)]);
    });
    const { graph } = await readModel(await writeModel(model));
    for (const { type } of [graph.inputs[0]!, graph.outputPorts[0]!]) {
      const shape = type?.kind === 'tensor' ? (type.shape ?? []) : [];
      expect(shape.slice(0, -1).map(text)).toEqual(names.map((name) => dimText(symbol(name))));
      expect(isUnknown(shape.at(-1) as Dim)).toBe(true);
    }
  });
});

describe('unknown dims', () => {
  it('are numbered as they are printed, whatever was made before', () => {
    const printed = [0, 1].map(() => {
      const unknown = Array.from({ length: 10 }, unknownDim);
      const names = numberedText();
      const model = buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', [unknown[3] as Dim, 'n']);
        x.type = tensorType('float32', [unknown[3] as Dim, unknown.reduce(addDims)]);
        g.output('y', x);
      });
      return [...unknown.map((dim) => names(maxDim(dim, unknown[9] as Dim))), printModel(model)].join('\n');
    });
    expect(printed[0]).toBe(printed[1]);
    expect(printed[0]).toContain('x: float32[?1, ');
  });
});

describe('dims that would be spelled with too many names', () => {
  const sums = Array.from({ length: 24 }, (_, i) => addDims(symbol(`a${i}`), symbol(`b${i}`)));
  const squared = (dim: Dim, times: number): Dim =>
    Array.from({ length: times }).reduce<Dim>((product) => multiplyDims(product, product), dim);

  it('are NaN: products of sums, powers of powers, minima of minima', () => {
    expect(sums.reduce(multiplyDims, 1)).toBeNaN();
    expect(squared(a, 40)).toBeNaN();
    const names = Array.from({ length: 200 }, (_, i) => symbol(`n${i}`));
    for (const f of [minDim, maxDim, floorDivide]) expect(names.reduce((x, y) => f(x, y))).toBeNaN();
    expect(names.reduce((x, y) => broadcastDims(x, y) ?? 0)).toBeNaN();
  });

  it('stay NaN in what is computed from them, and equal nothing', () => {
    const none = squared(a, 40);
    for (const f of [addDims, subtractDims, multiplyDims, floorDivide, ceilDivide, minDim, maxDim])
      for (const dim of [f(none, b), f(b, none), f(none, 2)]) expect(dim).toBeNaN();
    expect(equalDims(none, none)).toBe(false);
    expect(isNonNegative(none)).toBe(false);
  });

  it('are followed as far as asked, and counted', () => {
    const product = () => sums.slice(0, 5).reduce(multiplyDims, 1);
    expect(product()).toBeNaN();
    const [dim, givenUp] = withNames(200, (count) => [product(), count()]);
    expect(typeof dim).toBe('object');
    expect(givenUp).toBe(0);
    expect(withNames(8, (count) => [squared(a, 40), count()])[1]).toBeGreaterThan(0);
    expect(product()).toBeNaN();
  });

  it('are not numbers beyond 2^53, which would be rounded', () => {
    expect(multiplyDims(3 ** 20, 3 ** 20)).toBeNaN();
    expect(floorDivide(multiplyDims(3 ** 20, 3 ** 20), 3 ** 20)).toBeNaN();
    expect(multiplyDims(multiplyDims(a, 3 ** 20), 3 ** 20)).toBeNaN();
    expect(floorDivide(a, 0)).toBeNaN();
    expect(multiplyDims(2 ** 26, 2 ** 26)).toBe(2 ** 52);
  });

  it('may have a long name', () => {
    const long = symbol('n'.repeat(100_000));
    expect(equalDims(long, symbol('n'.repeat(100_000)))).toBe(true);
  });
});
