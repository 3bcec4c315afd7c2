/** What stands first on a report's page. */
import { expect, it } from 'vitest';
import { verdictSection } from '../../src/report/html/sections/verdict.js';
import type { Report } from '../../src/run/report/report.js';
import { sample } from './sample.js';

const textOf = (part: unknown): string =>
  Array.isArray(part) ? part.map(textOf).join('') : ((part as { text?: string } | undefined)?.text ?? '');

it('says for which inputs the result does not hold, a few of them in full', () => {
  const accuracy = sample.accuracy as NonNullable<Report['accuracy']>;
  const shown = (warnings: string[]): string =>
    textOf(verdictSection({ ...sample, accuracy: { ...accuracy, warnings } }).body);
  expect(shown(['a row of NaN moves others'])).toContain('a row of NaN moves others');
  const many = shown(['first', 'second', 'third', 'fourth', 'fifth']);
  expect(many).toContain('third');
  expect(many).not.toContain('fourth');
  expect(many).toContain('2 more of this kind stand under Error');
});
