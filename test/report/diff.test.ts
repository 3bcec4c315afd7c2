import { describe, expect, it } from 'vitest';
import { diffMarkdown, diffText } from '../../src/report/diff/diff-text.js';
import { diffGateNames, diffReports } from '../../src/report/diff/report-diff.js';
import type { Report } from '../../src/run/report/report.js';
import { sample } from './sample.js';

const timed = (ratio: number, width = 0.02): Report => ({
  ...sample,
  speed: { ...sample.speed!, ratio, interval: { low: ratio - width, high: ratio + width } },
});
const withError = (relativeL2: number): Report => ({
  ...sample,
  accuracy: { ...sample.accuracy!, outputs: [{ ...sample.accuracy!.outputs[0]!, relativeL2 }] },
});
const withBytes = (bytes: number): Report => ({ ...sample, output: { files: ['a'], bytes } });
const passed = (before: Report, after: Report) =>
  Object.fromEntries(diffReports(before, after, diffGateNames).gates.map((gate) => [gate.name, gate.passed]));

describe('gates on a baseline', () => {
  it('hold for a report and itself', () => {
    expect(passed(sample, sample)).toEqual({ 'not-slower': true, 'not-larger': true, 'not-less-exact': true });
  });

  it('fail for what is slower beyond both intervals, and for nothing inside them', () => {
    expect(passed(timed(1.3), timed(1.1))).toMatchObject({ 'not-slower': false, 'not-larger': true });
    expect(passed(timed(1.3, 0.1), timed(1.2, 0.1))).toMatchObject({ 'not-slower': true });
    expect(passed(timed(1.1), timed(1.3))).toMatchObject({ 'not-slower': true });
  });

  it('fail for a larger file and a larger error', () => {
    expect(passed(withBytes(1_000_000), withBytes(1_000_900))).toMatchObject({ 'not-larger': true });
    expect(passed(withBytes(1_000_000), withBytes(1_002_000))).toMatchObject({ 'not-larger': false });
    expect(passed(withError(0.01), withError(0.0105))).toMatchObject({ 'not-less-exact': true });
    expect(passed(withError(0.01), withError(0.012))).toMatchObject({ 'not-less-exact': false });
  });

  it('fail where a report lacks what they are about', () => {
    const [gate] = diffReports(sample, { ...sample, speed: undefined }, ['not-slower']).gates;
    expect(gate).toEqual({
      name: 'not-slower',
      passed: false,
      detail: 'expected times (no --no-validate, no --no-speed) in both reports; found a report without',
    });
  });
});

describe('a difference', () => {
  const failed = { name: 'size', passed: false, detail: 'too large' } as const;
  const after: Report = {
    ...timed(1.1),
    passes: sample.passes.map((pass) => (pass.name === 'bf16' ? { ...pass, status: 'rolled back' } : pass)),
    gates: [...sample.gates, failed],
    machine: { ...sample.machine!, cpu: 'Another' },
  };
  const diff = diffReports(timed(1.3), after, ['not-slower']);

  it('names passes that ended otherwise, gates that broke, and what cannot be compared', () => {
    expect(diff.passes).toEqual([{ name: 'bf16', before: 'applied', after: 'rolled back' }]);
    expect(diff.broken).toEqual([failed]);
    expect(diff.warnings).toEqual(['times are of other machines: A CPU, Another']);
  });

  it('is shown as text and as Markdown', () => {
    expect(diffText(diff)).toMatch(/speed-up +1\.30× +→ +1\.10× +0\.85× \(0\.82–0\.88\)\n/);
    expect(diffText(diff)).toMatch(/ {2}bf16 {2}applied {2}→ {2}rolled back\n✗ size: too large\n✗ not-slower: 0\.85×/);
    expect(diffMarkdown(diff)).toMatch(/^# ❌ model\.onnx\n\n- ⚠️ times are of other machines/);
    expect(diffMarkdown(diff)).toContain('- **failed**: not-slower, 0.85× (0.82–0.88)\n');
    expect(diffMarkdown({ ...diff, input: { before: '', after: '<b>|' } })).toContain('# ❌ &#60;b&#62;&#124;');
  });
});
