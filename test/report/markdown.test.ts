import { expect, it } from 'vitest';
import { reportMarkdown, table } from '../../src/report/markdown.js';
import { sample } from './sample.js';

it('writes tables and says what failed', () => {
  const gates = [{ name: 'accuracy' as const, passed: false, detail: 'relative L2 0.31, at most 0.1' }];
  const text = reportMarkdown({ ...sample, gates });
  expect(text).toContain('# model.onnx\n\n```\noptimize model.onnx --passes fuse-attn,bf16\n```');
  expect(text).toContain('| weights | 10.4 MB | 5.20 MB |');
  expect(text).toContain('- `int8` was rolled back: relative L2 0.31 of at most 0.1 on "logits"');
  expect(text).toContain('| `logits` | 0.0012 | 0.40 | 0.0023 | 0.999998 | 52.8 | top-1 100.0 % of 40 |');
  expect(text).toContain('| run (median) | 12.1 ms | 9.30 ms | 1.30× (1.20–1.40) |');
  expect(text).toContain('- **failed**: accuracy, relative L2 0.31, at most 0.1');
});

it('escapes a bar in a cell', () => {
  expect(table(['a'], [['x|y']])).toEqual(['| a |', '| --- |', '| x\\|y |']);
});
