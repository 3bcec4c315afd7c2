/** What a report advises to do next. */
import { expect, it } from 'vitest';
import { opportunitiesOf } from '../../src/report/html/next/opportunities.js';
import { opportunityList } from '../../src/report/html/sections/next.js';
import type { Report } from '../../src/run/report/report.js';
import { sample } from './sample.js';

const site = { kind: 'group norm', at: 'Add "a b"', fused: false, reason: 'no kernel for it' } as const;
const [first, ...rest] = sample.passes as [Report['passes'][number]];

it('explains a site for the target that it was looked at for, as a shell takes it', () => {
  const advice = (target: Report['target']) =>
    opportunitiesOf({ ...sample, input: "it's.onnx", target, passes: [{ ...first, sites: [site] }, ...rest] }).find(
      ({ kind }) => kind === 'not fused',
    )?.command;
  expect(advice('cpu')).toBe(`optimize explain 'it'\\''s.onnx' --at 'a b'`);
  expect(advice('webgpu')).toBe(`optimize explain 'it'\\''s.onnx' --at 'a b' --target webgpu`);
});

it('shows what has a gain or a remedy, and folds away what has neither', () => {
  const one = { kind: 'left', why: '', count: 1, places: [] } as const;
  const all = [
    { ...one, key: '1', title: 'many bytes', bytes: sample.model.after.bytes / 2 },
    { ...one, key: '2', title: 'a way', command: 'optimize doctor' },
    { ...one, key: '3', title: 'nothing known' },
    { ...one, key: '4', title: 'few bytes', bytes: 1, command: 'optimize doctor' },
  ];
  const { text } = (opportunityList(all, sample) as { text: string }[]).reduce(
    (joined, { text: part }) => ({ text: joined.text + part }),
    { text: '' },
  );
  const [open = '', folded = ''] = text.split('<details');
  expect(['many bytes', 'a way'].every((title) => open.includes(title))).toBe(true);
  expect(folded).toContain('2 more, of little or unknown gain');
});

it('takes no scales of quantized weights for weights that could have fewer bits', () => {
  const left = ['scales of quantized weights stay float', 'fewer than 1024 elements'].map((reason) => ({
    ...{ reason, type: 'float32', bytes: 400, weights: [{ name: 'w', bytes: 400 }] },
  }));
  const coverage = { computed: { before: {}, after: {} }, left } as unknown as NonNullable<Report['coverage']>;
  const found = opportunitiesOf({ ...sample, coverage }).filter(({ kind }) => kind === 'left in float');
  expect(found.map(({ why }) => why)).toEqual(['fewer than 1024 elements']);
});
