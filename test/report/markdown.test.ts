import { expect, it } from 'vitest';
import { table } from '../../src/report/markdown/fold.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { reportText } from '../../src/report/text.js';
import { sample } from './sample.js';

it('writes tables and says what failed', () => {
  const gates = [{ name: 'accuracy' as const, passed: false, detail: 'relative L2 0.31, at most 0.1' }];
  const text = reportMarkdown({ ...sample, gates });
  expect(text).toMatch(/^# model\.onnx\n\n❌ \*\*1\.30× \(1\.20–1\.40\), error 0\.0023\*\*\.\n\n\|/);
  expect(text).toContain('```\noptimize model.onnx --passes fuse-attn,bf16\n```');
  expect(text).toContain('| weights | 10.4 MB | 5.20 MB |');
  expect(text).toContain('- `int8` was rolled back: relative L2 0.31 of at most 0.1 on "logits"');
  expect(text).toContain('| `logits` | 0.0012 | 0.40 | 0.0023 | 0.999998 | 52.8 | top-1 100 % of 40 |');
  expect(text).toContain('| run | 12.1 ms | 9.30 ms | 1.30× (1.20–1.40) |');
  expect(text).toContain('- **failed**: accuracy, relative L2 0.31, at most 0.1');
  expect(text).toContain('<details><summary>Accuracy</summary>\n\nOn cpu, 2 given sets of inputs.\n\n| output |');
  const open = { ...sample.accuracy!, notes: ['a note'], notCompared: [{ name: 'ids', reason: 'every element is 0' }] };
  expect(reportMarkdown({ ...sample, speed: undefined, accuracy: open })).toContain(
    '- not compared: ids, every element is 0\n- a note\n',
  );
  const costly = reportMarkdown({
    ...sample,
    passes: [{ ...sample.passes[1]!, error: 0.0123 }],
    inputBytes: 10_500_000,
  });
  expect(costly).toMatch(/\| `bf16` \| applied \|.*\| 0\.012 \| 120 ms \|/);
  expect(costly).toContain('| file | 10.5 MB | 5.21 MB |');
});

it('tells causes of fallbacks, each with what ends it', () => {
  const causes = [
    { count: 1, text: 'IsNaN has no kernel on webgpu', cure: '--passes exact,full-graph' },
    { count: 2, text: 'Det has no kernel on webgpu' },
  ];
  const placement = {
    ...{ provider: 'webgpu' as const, nodes: {}, fallbacks: { IsNaN: 1, Det: 2 }, names: ['a', 'b', 'c'] },
    ...{ shapeArithmetic: 0, copies: 3, causes },
  };
  expect(reportMarkdown({ ...sample, speed: undefined, placement })).toContain(
    [
      'not on webgpu: 1 IsNaN, 2 Det (3 copies).\n',
      '- 1 × IsNaN has no kernel on webgpu; cure: `--passes exact,full-graph`',
      '- 2 × Det has no kernel on webgpu\n',
    ].join('\n'),
  );
});

it('escapes a bar in a cell', () => {
  expect(table(['a'], [['x|y']])).toEqual(['| a |', '| --- |', '| x\\|y |']);
});

it('has at most sixty lines, and says what it leaves out', () => {
  const skips = Array.from({ length: 300 }, (_, i) => ({ reason: `reason ${i}`, count: 1, places: [] }));
  const outputs = Array.from({ length: 80 }, () => sample.accuracy!.outputs[0]!);
  const passes = sample.passes.map((pass) => ({ ...pass, skips }));
  const lines = reportMarkdown({ ...sample, passes, accuracy: { ...sample.accuracy!, outputs } }).split('\n');
  expect(lines.length - 1).toBeLessThanOrEqual(60);
  expect(lines.filter((line) => /^… \d+ more lines in the JSON report/.test(line))).toHaveLength(2);
  // What is short is whole.
  expect(lines).toContain('```');
  expect(lines.filter((line) => line.startsWith('<details>'))).toHaveLength(
    lines.filter((line) => line === '</details>').length,
  );
});

it('shows no table without rows: a section without room is named', () => {
  const many = { ...sample.passes[1]!, ops: { Cast: 1 } };
  const gates = Array.from({ length: 9 }, (_, i) => ({ name: 'accuracy' as const, passed: false, detail: `${i}` }));
  const skips = Array.from({ length: 30 }, (_, i) => ({ reason: `reason ${i}`, count: 1, places: [] }));
  const passes = Array.from({ length: 30 }, () => ({ ...many, skips }));
  const text = reportMarkdown({ ...sample, passes, gates });
  expect(text).not.toMatch(/\| --- \|\n\n… /);
  expect(text).toMatch(/\nIn the JSON report, which `optimize report` shows: Speed\.\n$/);
  expect(text.split('\n').length - 1).toBeLessThanOrEqual(60);
});

it('says where the error grows, or why that was not measured, as the terminal does', () => {
  const errors = { byPass: [], byBlock: [], reason: 'its inner values are too much to keep: see optimize bisect' };
  const said = 'The error was not measured by block: its inner values are too much to keep: see optimize bisect.';
  expect(reportMarkdown({ ...sample, errors })).toContain(`\n\n${said}\n\n`);
  expect(reportText({ ...sample, errors }, { width: 200 })).toContain(said);
  // Of an exact result nobody asks, and a proof that failed says why by itself.
  expect(reportText({ ...sample, errors, fidelity: 'exact' }, { width: 200 })).not.toContain('not measured by block');
  const unproven = [{ name: 'proof' as const, passed: false, detail: 'the original does not run' }];
  expect(reportMarkdown({ ...sample, errors, gates: unproven })).not.toContain('not measured by block');
});
