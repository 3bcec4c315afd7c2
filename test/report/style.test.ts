import { expect, it } from 'vitest';
import { bytesText } from '../../src/ir/bytes-text.js';
import { isColoured, msText, numberText, signed, table, wrapped } from '../../src/report/style.js';

it('writes numbers as people read them', () => {
  expect([0, 999, 1000, 10_400_000, 440_000_000, 999_999_999, 3.2e12].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '1.00 kB',
    '10.4 MB',
    '440 MB',
    '1.00 GB',
    '3.20 TB',
  ]);
  expect([0.0123, 3, 12.34, 345.6, 4100, 41_000].map(msText)).toEqual([
    '0.012 ms',
    '3.00 ms',
    '12.3 ms',
    '346 ms',
    '4.1 s',
    '41 s',
  ]);
  expect([0, 1.2e-7, 0.0123, 1.5, 12.34, 1e9, null, Number.POSITIVE_INFINITY].map(numberText)).toEqual([
    '0',
    '1.2e-7',
    '0.012',
    '1.50',
    '12.3',
    '1.0e+9',
    '–',
    'Infinity',
  ]);
  expect([signed(3), signed(-3)]).toEqual(['+3', '−3']);
});

it('aligns columns without space at the ends', () => {
  expect(
    table(
      [
        ['a', '1', ''],
        ['bcd', '200', 'x'],
      ],
      ' >',
    ),
  ).toEqual(['a      1', 'bcd  200  x']);
  expect(wrapped('one two three', 8)).toEqual(['one two', 'three']);
});

it('colours by NO_COLOR, FORCE_COLOR and the terminal, in this order', () => {
  expect(isColoured({}, true)).toBe(true);
  expect(isColoured({}, false)).toBe(false);
  expect(isColoured({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
  expect(isColoured({ FORCE_COLOR: '1' }, false)).toBe(true);
  expect(isColoured({ TERM: 'dumb' }, true)).toBe(false);
});
