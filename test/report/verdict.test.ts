/** What stands first on a report's page. */
import { expect, it } from 'vitest';
import { msText } from '../../src/ir/text/quantities.js';
import { benchmarkSection } from '../../src/report/html/sections/benchmark.js';
import { errorSection } from '../../src/report/html/sections/error.js';
import { passesSection } from '../../src/report/html/sections/passes.js';
import { verdictSection } from '../../src/report/html/sections/verdict.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { reportText } from '../../src/report/text.js';
import { errorSource, sourceInputs } from '../../src/report/words/error-source.js';
import { speedRows } from '../../src/report/words/speed-rows.js';
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

const block = (repeat: number, relativeL2: number | null) => ({ block: 'layer', repeat, at: 'x', relativeL2 });
const errors = (byBlock: ReturnType<typeof block>[]): Pick<Report, 'errors'> => ({
  errors: {
    byPass: [],
    byBlock,
    first: { ...block(0, 0.01), nodes: [], inherited: 0 },
    provider: 'cpu',
    inputs: ['set_0'],
  },
});

it('says in words which block adds most of the error, and not which has most of it', () => {
  // The last has the largest error, which it has from the second.
  const found = errors([block(0, 0.01), block(1, 0.05), block(2, 0.02), block(3, 0.0625)]);
  const text =
    'The error grows most in layer 2 (x), from 0.010 to 0.050: it adds 64 % of the error, more than any other of 4 parts.';
  expect(errorSource(found)).toBe(text);
  const report = { ...sample, ...found };
  expect(textOf(verdictSection(report).body)).toContain(text);
  expect(reportText(report, { width: 200 })).toContain(text);
  expect(errorSource(errors([block(0, 0.01), block(1, null)]))).toBe('The error becomes infinite in layer 2.');
  expect(errorSource(sample)).toBeUndefined();
  const cut = '7 inner values were not compared';
  const short = { ...sample, errors: { ...found.errors!, cut } };
  expect(reportText(short, { width: 200 })).toContain(`of 4 parts (${cut}).`);
  // Where the error grows nowhere, the terminal says it as well.
  expect(reportText({ ...short, errors: { ...short.errors, first: undefined } }, { width: 200 })).toContain(cut);
});

it('names the node at which the error begins, where no block holds it', () => {
  const other = (at: string, relativeL2: number) => ({ block: 'other', at, relativeL2 });
  const lone = (byBlock: NonNullable<Report['errors']>['byBlock'], nodes: string[]) =>
    errorSource({ errors: { byPass: [], byBlock, first: { ...other('a1', 1.9e-4), nodes, inherited: 0 } } });
  expect(lone([other('b4', 0.3)], ['MatMul "mm1"'])).toBe(
    'The error begins at MatMul "mm1" (1.9e-4), and is 0.30 at b4.',
  );
  expect(lone([block(0, 0.01), other('b4', 0.3)], ['MatMul "mm1"', 'Tanh "t"'])).toBe(
    'The error grows most in nodes that no block holds, to 0.30 at b4: it begins at MatMul "mm1", or at 1 more before a1.',
  );
});

it('says on what the error of blocks was measured, also where the target is another', () => {
  expect(sourceInputs({ ...errors([]), target: 'cpu', seed: 0 })).toBe('Measured on cpu, with 1 given set of inputs.');
  expect(sourceInputs({ ...errors([]), target: 'webgpu', seed: 0 })).toBe(
    'Measured on cpu, not on webgpu: errors of its kernels are not in it, with 1 given set of inputs.',
  );
});

it('shows the same times as the terminal and Markdown', async () => {
  const page = textOf(benchmarkSection(sample).body);
  const [text, markdown] = [reportText(sample, { width: 200 }), reportMarkdown(sample)];
  for (const { name, original, result } of speedRows(sample.speed!))
    for (const view of [page, text, markdown])
      for (const shown of [name, msText(original), msText(result)]) expect(view).toContain(shown);
  const passes = textOf(passesSection(sample).body);
  for (const { ms } of sample.passes) expect(passes).toContain(msText(ms));
});

it('is a warning where nothing was run, and says once that nothing was compared', () => {
  const { accuracy: _, errors: __, speed: ___, ...rest } = sample;
  const unproven: Report = {
    ...rest,
    gates: [],
    outcome: { asked: [], done: [], takenBack: [] },
    verification: { level: 'none' },
  };
  expect(textOf(verdictSection(unproven).body)).toContain('class="headline warn"');
  const error = textOf(errorSection(unproven).body);
  expect(error).toContain('Nothing was compared with the original.');
  expect(error).not.toContain('By depth');
});
