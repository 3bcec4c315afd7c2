/** The frontier: each point is made again by its command, and is what it says. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoder } from '../fixtures/encoder.js';
import { optimizeFile } from '../src/job/optimize-file.js';
import { closeRuntime } from '../src/on-demand.js';
import { writeModel } from '../src/onnx/write.js';
import { plan } from '../src/plan/plan.js';
import { planPlot, planText } from '../src/report/plan-text.js';
import type { Plan, PlanPoint } from '../src/run/plan-schema.js';
import { Workplace } from './cli/run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-plan-'));
const [from, to] = [join(folder, 'model.onnx'), join(folder, 'result.onnx')];
let found: Plan;

beforeAll(async () => {
  await writeModel(
    encoder({ hidden: 32, heads: 2, intermediate: 64, vocabulary: 64, seed: 0, layers: 1, positions: 8 }),
    from,
  );
  found = await plan(from, { target: 'cpu', speed: false });
}, 60_000);
afterAll(async () => {
  await closeRuntime();
  rmSync(folder, { recursive: true, force: true });
});

describe('the frontier', () => {
  it('goes from the smallest file to the model as it is, and smaller files have larger errors', () => {
    const { points, inputBytes } = found;
    expect(inputBytes).toBe(statSync(from).size);
    expect(points.length).toBeGreaterThanOrEqual(8);
    points.slice(1).forEach((point, i) => {
      expect(point.bytes).toBeGreaterThan((points[i] as PlanPoint).bytes);
      expect(point.predicted).toBeLessThan((points[i] as PlanPoint).predicted);
    });
    expect(points.at(-1)).toMatchObject({ error: 0, predicted: 0 });
    // Predictions are within a factor of three of what comes out, where there is an error to speak of.
    for (const { error, predicted } of points.filter(({ error }) => (error ?? 0) > 1e-4)) {
      expect((error as number) / predicted).toBeLessThan(3);
      expect((error as number) / predicted).toBeGreaterThan(1 / 3);
    }
  });

  it('has a command for each point, which makes a file as small with about that error', async () => {
    const point = found.points.find(({ error }) => error !== null && error < 0.05) as PlanPoint;
    const [, share = ''] = /^optimize \S+ --max-size ([\d.]+%)$/.exec(point.command ?? '') ?? [];
    const report = await optimizeFile(from, 'exact', { out: to, maxSize: share, target: 'cpu', speed: false });
    expect(report.gates.every(({ passed }) => passed)).toBe(true);
    expect(statSync(to).size).toBeLessThanOrEqual(point.bytes + 0.001 * found.inputBytes);
    expect(report.passes.find(({ name }) => name === 'fit')?.error as number).toBeLessThan(2 * (point.error as number));
  });

  it('says in the command which error is allowed where it is beyond the usual gate', async () => {
    const [smallest] = found.points;
    expect(smallest?.error as number).toBeGreaterThan(0.15);
    const [, maxSize = '', maxError, minCosine] =
      /--max-size (\S+) --max-error (0\.\d+) --min-cosine (0\.\d+)$/.exec(smallest?.command ?? '') ?? [];
    const limits = { maxSize, maxError: Number(maxError), minCosine: Number(minCosine) };
    const report = await optimizeFile(from, 'exact', {
      out: to,
      ...limits,
      target: 'cpu',
      speed: false,
      onGate: 'report',
    });
    expect(report.gates.filter(({ passed }) => !passed)).toEqual([]);
  });

  it('prices each weight in each form', () => {
    for (const { forms } of found.weights) {
      expect(forms[0]).toMatchObject({ form: 'as it is', change: 0, error: 0 });
      for (const { bytes, change } of forms.slice(1)) {
        expect(bytes).toBeLessThan(forms[0]?.bytes as number);
        expect(change).toBeGreaterThan(0);
      }
    }
  });
});

describe('its views', () => {
  it('are a table with commands, and a plot', () => {
    const text = planText(found, { width: 100 });
    for (const { command } of found.points) expect(text).toContain(command);
    const plot = planPlot({ ...found, input: '<b>&' });
    expect(plot.match(/<circle /g)?.length).toBeGreaterThanOrEqual(2 * (found.points.length - 1));
    expect(plot).toContain('Size and error of &lt;b&gt;&amp;');
  });

  it('are printed by the command, with JSON alone where that is asked for', async () => {
    const place = new Workplace();
    writeFileSync(join(place.folder, 'model.onnx'), readFileSync(from));
    const words = ['plan', 'model.onnx', '--target', 'cpu', '--no-speed', '--json', '--plot', 'frontier.svg'];
    const { status, stdout } = await place.run(words);
    expect(status).toBe(0);
    expect((JSON.parse(stdout) as Plan).points.length).toBeGreaterThanOrEqual(8);
    expect(readFileSync(join(place.folder, 'frontier.svg'), 'utf8')).toMatch(/^<svg /);
    place.remove();
  });
});
