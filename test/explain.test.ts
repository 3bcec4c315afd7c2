/** `explain` on sites: the tree of the pattern with marks, the reason, and errors that list the existing names. */
import { describe, expect, it } from 'vitest';
import { explain } from '../src/explain.js';
import { buildModel } from '../src/ir/build.js';
import type { Model } from '../src/ir/model.js';
import type { Trace } from '../src/match/trace.js';
import { explanationText } from '../src/report/text/explanation.js';
import { Workplace } from './cli/run-cli.js';

/** ½·x·(one + erf(x / √2)). */
const gelu = (one: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 8]);
    const erf = g.op('Erf', [g.op('Div', [x, g.constant('float32', Math.SQRT2)])], {}, { name: 'erf' });
    const sum = g.op('Add', [erf, g.constant('float32', one)], {}, { name: 'sum' });
    g.output('y', g.op('Mul', [g.op('Mul', [x, sum]), g.constant('float32', 0.5)]), 'float32', ['batch', 8]);
  });

const failed = (trace: Trace | undefined): Trace[] =>
  trace ? [...(trace.mark === 'failed' ? [trace] : []), ...trace.parts.flatMap(failed)] : [];

describe('explain', () => {
  it('draws a site that is fused as a tree of matches, and leaves the model as it is', async () => {
    const model = gelu(1);
    const { revision } = model;
    const [site, ...others] = await explain(model);
    expect(others).toEqual([]);
    expect(site).toMatchObject({ pass: 'fuse-act', kind: 'GELU', at: 'Erf "erf"', fused: true, rule: 'gelu' });
    expect(site?.trace).toMatchObject({ mark: 'matched', at: expect.stringMatching(/^Mul/) });
    expect(failed(site?.trace)).toEqual([]);
    expect(explanationText([site as NonNullable<typeof site>], { isColoured: false })).not.toContain('~');
    expect(model.revision).toBe(revision);
  });

  it('marks the part at which the match ended, with what was expected and found', async () => {
    const [site] = await explain(gelu(0.9), { rule: 'gelu' });
    expect(site).toMatchObject({
      fused: false,
      reached: 'Add "sum"',
      reason: expect.stringContaining('expected a term 1'),
    });
    expect(failed(site?.trace)).toMatchObject([{ at: 'Add "sum"', reason: expect.stringContaining('found 0.89') }]);
    const text = explanationText([site as NonNullable<typeof site>], { isColoured: false });
    expect(text).toContain('✗ Sum + 1  Add "sum"  expected a term 1; found 0.89');
    // What is above it is there, but does not hold; below it all does.
    expect(site?.trace).toMatchObject({ mark: 'partly', at: expect.stringMatching(/^Mul/) });
    expect(text).toMatch(/~ Product · 0\.5 {2}Mul[\s\S]*├ ✓ x [\s\S]*└ ✗ Sum[\s\S]*└ ✓ Erf/);
    expect(text).toMatch(/\n✓ as expected {2}~ itself as expected, not all below it .*\n$/);
  });

  it.each([true, false])(
    'draws what stands there of a pattern with a part that may be missing: %s',
    async (hasBias) => {
      const model = buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['batch', 8]);
        const mean = (value: typeof x) => g.op('ReduceMean', [value], { axes: [-1] });
        const centred = g.op('Sub', [x, mean(x)]);
        const deviation = g.op('Sqrt', [
          g.op('Add', [mean(g.op('Mul', [centred, centred])), g.constant('float32', 1e-5)]),
        ]);
        const normed = g.op('Div', [centred, deviation]);
        g.output('y', hasBias ? g.op('Add', [normed, g.constant('float32', Array(8).fill(2))]) : normed);
      });
      const [site] = await explain(model);
      expect(site?.trace).toMatchObject({ mark: 'matched', text: hasBias ? 'Sum' : 'Product' });
      const text = explanationText([site as NonNullable<typeof site>], { isColoured: false });
      expect(text).toContain('✓ Sum + epsilon');
      expect(text).not.toContain('maybe');
    },
  );

  it('says what the rule is good for, and sees the model at the opset that the pass raises it to', async () => {
    const model = buildModel({ '': 13 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 8]);
      const mean = (value: typeof x) => g.op('ReduceMean', [value], { axes: [-1] });
      const centred = g.op('Sub', [x, mean(x)]);
      const variance = g.op('Add', [mean(g.op('Mul', [centred, centred])), g.constant('float32', 1e-5)]);
      g.output('y', g.op('Div', [centred, g.op('Sqrt', [variance])]), 'float32', ['batch', 8]);
    });
    const sites = await explain(model);
    expect(sites).toMatchObject([{ kind: 'layer norm', fused: true, because: expect.stringContaining('one kernel') }]);
    expect(explanationText(sites, { isColoured: false })).toMatch(/fused by layer-norm .*\n {2}one kernel/);
    expect(model.opsets.get('')).toBe(13);
  });

  it('names the sites there are where none is meant', async () => {
    await expect(explain(gelu(1), { rule: 'gellu' })).rejects.toThrow(
      /rule "gellu": expected one with a site here: .*gelu/,
    );
    await expect(explain(gelu(1), { at: 'sum' })).rejects.toThrow(/node "sum": .*Sites: Erf "erf"/);
    await expect(explain(gelu(1), { at: 'erf' })).resolves.toHaveLength(1);
  });

  it('is a command', async () => {
    const place = new Workplace();
    await place.write(gelu(0.9));
    const { status, stdout } = await place.run(['explain', 'model.onnx', '--json']);
    const wrong = await place.run(['explain', 'model.onnx', '--at', 'nowhere']);
    place.remove();
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ pass: 'fuse-act', at: 'Erf "erf"', fused: false }]);
    expect(wrong).toMatchObject({ status: 1, stdout: '' });
    expect(wrong.stderr).toContain('Sites: Erf "erf"');
  });
});
