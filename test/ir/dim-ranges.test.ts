/** Dims whose symbols have a range: everything that is said of them holds at every size of it. */
import { describe, expect, it } from 'vitest';
import { dimBounds, restOf } from '../../src/ir/dims/bounds.js';
import {
  addDims,
  broadcastDims,
  ceilDivide,
  type Dim,
  dimText,
  floorDivide,
  isNonNegative,
  maxDim,
  minDim,
  multiplyDims,
  rangedSymbol,
  subtractDims,
  symbol,
} from '../../src/ir/dims/dims.js';
import { type DimRange, isRange, isWithin, nearestIn, rangeText, readDimSize } from '../../src/ir/dims/range.js';
import { substitute } from '../../src/ir/dims/substitute.js';

const range = (text: string): DimRange => {
  const found = readDimSize(text);
  if (!isRange(found)) throw new TypeError(text);
  return found;
};
const seq = rangedSymbol('seq', range('1..512'));
const h = rangedSymbol('h', range('64..128:8'));
const w = rangedSymbol('w', range('3..33:6'));
const free = symbol('n');

/** Every size of a range. */
const sizesOf = ({ min, max, step }: DimRange): number[] =>
  Array.from({ length: (max - min) / step + 1 }, (_, i) => min + i * step);

describe('a range', () => {
  it('is written as it is read', () => {
    for (const text of ['1..512', '64..128:8', '0..1']) expect(rangeText(range(text))).toBe(text);
    expect(readDimSize('7')).toBe(7);
    expect(readDimSize('7..7')).toBe(7);
  });

  it.each([
    ['8..2', 'expected the least size first; found "8..2"'],
    ['2..8:0', 'expected a step of 1 or more; found "2..8:0"'],
    ['9..16:4', 'expected a step that leads from 9 to 16, as 9..13:4 has one; found "9..16:4"'],
    ['..8', 'expected a size, as 4, or a range, as 1..512 or 64..128:8; found "..8"'],
    ['1..9007199254740993', 'expected a size, as 4, or a range'],
  ])('refuses %s', (text, message) => expect(() => readDimSize(text)).toThrow(message));

  it('knows its sizes', () => {
    const sizes = sizesOf(range('64..128:8'));
    for (let size = 0; size < 200; size++) {
      expect(isWithin(size, range('64..128:8'))).toBe(sizes.includes(size));
      expect(sizes).toContain(nearestIn(range('64..128:8'), size));
    }
    expect(isWithin(range('64..128:16'), range('64..128:8'))).toBe(true);
    expect(isWithin(range('64..128:4'), range('64..128:8'))).toBe(false);
    expect(isWithin(range('68..128:4'), range('1..512'))).toBe(true);
  });
});

describe('dims with ranges', () => {
  const forms: [string, Dim, string][] = [
    ['a table of 512 cut to the length', minDim(512, seq), 'seq'],
    ['one of 511 is cut', minDim(511, seq), 'min(511,seq)'],
    ['a maximum', maxDim(64, h), 'h'],
    ['a quotient that is 0 everywhere', floorDivide(seq, 1024), '0'],
    ['halves doubled', multiplyDims(2, floorDivide(h, 2)), 'h'],
    ['halves of halves, doubled twice', multiplyDims(4, floorDivide(floorDivide(h, 2), 2)), 'h'],
    ['a strided convolution, doubled', multiplyDims(2, addDims(floorDivide(subtractDims(h, 1), 2), 1)), 'h'],
    ['rounded up', multiplyDims(8, ceilDivide(h, 8)), 'h'],
    ['a rest', multiplyDims(6, floorDivide(w, 6)), 'w-3'],
    ['a step that does not divide', multiplyDims(16, floorDivide(h, 16)), '16*(h//16)'],
    ['what is never 1', broadcastDims(h, free) as Dim, 'h'],
    ['what may be 1', broadcastDims(seq, free) as Dim, 'broadcast(n,seq)'],
    ['an area', multiplyDims(64, floorDivide(multiplyDims(h, h), 64)), 'h*h'],
  ];
  it.each(forms)('%s', (_, dim, text) => expect(dimText(dim)).toBe(text));

  it('have the numbers of the same dims without', () => {
    const made = (a: Dim, b: Dim): Dim[] => [
      addDims(floorDivide(addDims(a, 3), 4), multiplyDims(4, floorDivide(b, 2))),
      subtractDims(maxDim(minDim(a, 80), b), floorDivide(multiplyDims(a, b), 6)),
      multiplyDims(6, floorDivide(subtractDims(multiplyDims(a, b), 1), 6)),
      floorDivide(addDims(multiplyDims(3, a), floorDivide(b, 3)), 8),
    ];
    const [ranged, plain] = [made(h, w), made(symbol('h'), symbol('w'))];
    for (const x of sizesOf(range('64..128:8')))
      for (const y of sizesOf(range('3..33:6'))) {
        const at = new Map([
          ['h', x],
          ['w', y],
        ]);
        ranged.forEach((dim, i) => {
          const size = substitute(dim, at) as number;
          expect(size).toBe(substitute(plain[i] as Dim, at));
          const { low, high } = dimBounds(dim);
          expect(size).toBeGreaterThanOrEqual(low);
          expect(size).toBeLessThanOrEqual(high);
          for (const divisor of [2, 3, 6, 8])
            expect([undefined, ((size % divisor) + divisor) % divisor]).toContain(restOf(dim, divisor));
        });
      }
  });

  it('are negative or not as their ranges say', () => {
    expect(isNonNegative(subtractDims(512, seq))).toBe(true);
    expect(isNonNegative(subtractDims(511, seq))).toBe(false);
    expect(isNonNegative(subtractDims(seq, 1))).toBe(true);
    expect(isNonNegative(subtractDims(symbol('seq'), 1))).toBe(false);
  });
});
