import { expect, it } from 'vitest';
import { bytesText, msRangeText, msText, numberText, percentText, ratioText } from '../../src/ir/text/quantities.js';
import { beside, clipped, isColoured, paint, shortened, signed, table, wrapped } from '../../src/report/style.js';

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

it('aligns and breaks by columns: two for Chinese, Japanese, Korean and emoji, none for colours', () => {
  const red = paint(true).bad;
  expect(
    table(
      [
        ['/模型/注意力', '1'],
        ['ｶﾅ 가', red('20')],
        ['👩‍🔬 e\u0301', '300'],
        ['plain', '4'],
      ],
      ' >',
    ),
  ).toEqual(['/模型/注意力    1', `ｶﾅ 가          ${red('20')}`, '👩‍🔬 e\u0301          300', 'plain           4']);
  expect(wrapped('層の正規化 を 融合', 12)).toEqual(['層の正規化', 'を 融合']);
  expect(wrapped(red('one two three'), 8)).toEqual([red('one two'), red('three')]);
  expect([clipped('/模型/注意力', 8), clipped('short', 8), shortened('/模型/layers.12/注意力', 12)]).toEqual([
    '/模型/…',
    'short',
    '/模型/…意力',
  ]);
});

it('breaks texts beside the column of names, and gives a long name a line of its own', () => {
  const long = '--'.padEnd(40, 'x');
  expect(
    beside(
      [
        ['層', 'one two three'],
        [long, 'four'],
      ],
      44,
    ),
  ).toEqual([`層${' '.repeat(34)}one two`, `${' '.repeat(36)}three`, long, `${' '.repeat(36)}four`]);
});

it('writes a measure and its interval in one unit, and no share as all or nothing that is not', () => {
  const around = (ms: number) => `${msText(ms)} ${msRangeText({ low: 0.97 * ms, high: 1.03 * ms }, ms)}`;
  expect([12.3, 1158, 150_000].map(around)).toEqual([
    '12.3 ms (11.9–12.7)',
    '1.2 s (1.12–1.19)',
    '2.5 min (2.42–2.58)',
  ]);
  expect([1.254, 0.0123].map(ratioText)).toEqual(['1.25×', '0.012×']);
  expect([0, 1e-7, 0.0123, 0.9996, 1].map(percentText)).toEqual(['0 %', 'below 0.1 %', '1.23 %', '99.9 %', '100 %']);
});

it('colours by NO_COLOR, FORCE_COLOR and the terminal, in this order', () => {
  expect(isColoured({}, true)).toBe(true);
  expect(isColoured({}, false)).toBe(false);
  expect(isColoured({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
  expect(isColoured({ FORCE_COLOR: '1' }, false)).toBe(true);
  expect(isColoured({ TERM: 'dumb' }, true)).toBe(false);
});
