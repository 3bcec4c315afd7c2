import { expect, it } from 'vitest';
import { table } from '../../src/report/markdown/fold.js';
import { reportMarkdown } from '../../src/report/markdown.js';
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
