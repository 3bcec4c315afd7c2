import { describe, expect, it } from 'vitest';
import { reportBadge } from '../../src/report/badge.js';
import { reportCsv } from '../../src/report/csv.js';
import { reportFormats } from '../../src/report/format-names.js';
import { formatOf, formatted } from '../../src/report/formats.js';
import { reportText } from '../../src/report/text.js';
import { packed } from '../../src/run/report/details/pack.js';
import type { NodeDetails } from '../../src/run/report/details/readable.js';
import { readReport } from '../../src/run/report/read-report.js';
import type { Report } from '../../src/run/report/report.js';
import { reportJson } from '../../src/run/report/report-json.js';
import { sample } from './sample.js';

const node = (name: string) => ({ name, op: 'MatMul', inputs: [], outputs: [] });
const details: NodeDetails = {
  graph: {
    before: { nodes: [], values: {}, blocks: [] },
    after: {
      nodes: [{ ...node('=cmd("a",b)'), block: 0, repeat: 2, ms: 1.5 }, node('plain')],
      values: {},
      blocks: [{ name: 'layer', repeats: 3, nodes: 1 }],
    },
  },
  lineage: [
    {
      nodes: ['plain'],
      from: ['a', 'b'],
      pass: 'fuse-attn',
      rule: 'sdpa',
      proof: { how: 'rewrite compared', error: 1e-7 },
    },
  ],
  weights: [
    {
      ...{ name: 'w', before: { type: 'float32', bytes: 400 }, after: { type: 'int8', bytes: 104 } },
      ...{ pass: 'int8', why: 'a large product' },
    },
  ],
};
const detailed: Report = { ...sample, details: packed(details) };

describe('formats of a report', () => {
  it('are all made of its JSON', async () => {
    for (const format of reportFormats) {
      const direct = await formatted(sample, format, {});
      expect(await formatted(readReport(reportJson(sample)), format, {})).toBe(direct);
      expect(direct).not.toBe('');
    }
    expect(await formatted(sample, 'text', {})).toBe(reportText(sample));
  });

  it('are told by the ending of a path', () => {
    expect(['r.md', 'a.b/r.svg', 'r.csv', 'r.json', 'r.txt', 'r.pdf', 'md'].map(formatOf)).toEqual([
      'md',
      'badge',
      'csv',
      'json',
      'text',
      undefined,
      undefined,
    ]);
  });
});

describe('a table', () => {
  it('has a row for each pass, node and weight', () => {
    expect(reportCsv(sample).split('\r\n').slice(0, 3)).toEqual([
      'pass,status,fidelity,nodes_before,nodes_after,bytes_before,bytes_after,error,left_alone,ms,verify_ms',
      'fuse-attn,applied,exact,1020,976,10400000,10400000,,1,34.2,',
      'bf16,applied,rounding,976,1206,10400000,5200000,,0,120,300',
    ]);
    // A name that a spreadsheet would run is text in it.
    expect(reportCsv(detailed, 'nodes').split('\r\n').slice(1, 3)).toEqual([
      `"'=cmd(""a"",b)",MatMul,,layer,2,,,,1.5,,,,,,`,
      'plain,MatMul,,,,,,,,,fuse-attn,sdpa,rewrite compared,1e-7,a b',
    ]);
    expect(reportCsv(detailed, 'weights').split('\r\n')[1]).toBe('w,,,float32,400,int8,104,int8,a large product');
  });

  it('is refused where the report lacks it', () => {
    expect(() => reportCsv(sample, 'nodes')).toThrow(
      'report: expected nodes; found none. A run with --report out.json writes them (optimize(model, passes, { details: true }) in code): optimize model.onnx --report report.json',
    );
    const old = readReport({ ...sample, version: 1 });
    expect(() => reportCsv(old, 'weights')).toThrow(
      /found none\. written by an older version; it has no .*\. A run with --report/,
    );
  });
});

describe('a badge', () => {
  it('says sizes and speed, in a colour for how it ended', () => {
    const badge = reportBadge({ ...sample, inputBytes: 10_500_000 });
    expect(badge).toContain('aria-label="onnx-passes: 10.5 MB → 5.21 MB (−50 %), 1.30×"');
    expect(badge).toContain('#2e7d32');
    const gates = [{ name: 'accuracy' as const, passed: false, detail: '' }];
    expect(reportBadge({ ...sample, gates })).toMatch(/a gate failed[\s\S]*#c62828/);
  });
});
