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

const made = ['generated (0 to 1): x 1×3'];
const byRow = (command: string, more: Partial<Report> = {}) =>
  opportunitiesOf({
    ...sample,
    command,
    fidelity: 'lossy',
    accuracy: { ...sample.accuracy!, inputs: made, warnings: ['a row of NaN moves other rows by 8 %'] },
    passes: [{ ...first, name: 'int8', status: 'applied', notes: [{ text: 'one scale (activations=row)' }] }],
    ...more,
  }).find(({ key }) => key === 'int8 activations=row');

it('advises a scale for each row, with what was measured of the one that all share', () => {
  const found = byRow('optimize m.onnx -p bf16,int8:keep=a,fuse-attn');
  expect(found?.command).toBe('optimize m.onnx -p bf16,int8:activations=row:keep=a,fuse-attn');
  expect(found?.why).toBe('Measured: a row of NaN moves other rows by 8 %.');
  expect(byRow("optimize m.onnx --passes='int8'")?.command).toBe("optimize m.onnx --passes='int8:activations=row'");
  // A preset takes no options: the command shows what to write in its place.
  expect(byRow('optimize m.onnx -p quarter')?.command).toBe('optimize passes quarter');
  expect(byRow('optimize m.onnx -p int8', { passes: [first] })).toBeUndefined();
});

it("advises inputs of one's own where numbers were made up and more than noise is at stake", () => {
  const found = (more: Partial<Report>) =>
    opportunitiesOf({ ...sample, command: 'optimize m.onnx', fidelity: 'lossy', ...more }).find(
      ({ key }) => key === 'inputs',
    )?.command;
  const accuracy = sample.accuracy!;
  expect(found({ accuracy: { ...accuracy, inputs: made } })).toBe('optimize m.onnx --inputs FOLDER');
  expect(found({ accuracy: { ...accuracy, inputs: ['set_0'] } })).toBeUndefined();
  expect(found({ accuracy: { ...accuracy, inputs: made }, fidelity: 'exact' })).toBeUndefined();
});

it('has a command for each, and an estimate or the reason that there is none', () => {
  const coverage = {
    computed: { before: {}, after: {} },
    left: [{ reason: 'small', type: 'float32', bytes: 400, weights: [{ name: 'w', bytes: 400 }] }],
  };
  const causes = [{ count: 1, text: 'Det has no kernel on webgpu' }];
  const placement = {
    provider: 'webgpu',
    nodes: {},
    fallbacks: { Det: 1 },
    names: [],
    shapeArithmetic: 0,
    copies: 0,
    causes,
  };
  const takenBack = { broke: 'relative L2 1 > 0.1', of: 3, places: ['a'] };
  const passes = [
    { ...first, sites: [site], takenBack, skips: [{ reason: 'too wide', count: 1, places: ['Conv "a"'] }] },
    { ...first, name: 'int8', status: 'rolled back', bytes: { before: 8, after: 8 } },
  ];
  const report = {
    ...sample,
    command: 'optimize m.onnx',
    fidelity: 'lossy',
    passes,
    coverage,
    placement,
  } as unknown as Report;
  const accuracy = { ...sample.accuracy!, inputs: made };
  for (const more of [{ accuracy }, { accuracy: undefined }, { accuracy, command: 'optimize m.onnx --inputs data' }]) {
    const found = opportunitiesOf({ ...report, ...more });
    expect(new Set(found.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(5);
    for (const one of found) {
      expect(one.command, one.title).toMatch(/^optimize /);
      expect(one.command?.split(' --inputs').length, one.command).toBeLessThanOrEqual(2);
      expect(one.ms ?? one.bytes ?? one.unknown, one.title).toBeDefined();
    }
  }
});

it('puts the passes of a cure in place of those that were asked for: a flag is given once', () => {
  const causes = [{ count: 1, text: 'IsNaN has no kernel on webgpu', cure: '--passes exact,full-graph --dim batch=1' }];
  const placement = {
    provider: 'webgpu',
    nodes: {},
    fallbacks: { IsNaN: 1 },
    names: [],
    shapeArithmetic: 0,
    copies: 0,
    causes,
  };
  const report = { ...sample, command: "optimize m.onnx --passes 'exact' -o o.onnx", placement } as unknown as Report;
  expect(opportunitiesOf(report).find(({ kind }) => kind === 'placement')?.command).toBe(
    'optimize m.onnx --passes exact,full-graph -o o.onnx --dim batch=1',
  );
});
