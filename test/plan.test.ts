/** The frontier: each point is made again by its command, and is what it says. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../cli/parse/command.js';
import { commands } from '../cli/parse/commands.js';
import { configFromFlags } from '../cli/parse/flags.js';
import { parse } from '../cli/parse/parse.js';
import { numberText } from '../src/ir/text/quantities.js';
import { optimizeFile } from '../src/job/optimize-file.js';
import { closeRuntime } from '../src/on-demand.js';
import { writeModel } from '../src/onnx/write.js';
import { plan } from '../src/plan/plan.js';
import { planPlot, planText } from '../src/report/plan/plan-text.js';
import type { Plan, PlanPoint } from '../src/run/plan-schema.js';
import { Workplace } from './cli/run-cli.js';
import { layered } from './passes/fit/layered.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-plan-'));
const [from, to] = [join(folder, 'model.onnx'), join(folder, 'result.onnx')];
let found: Plan;
/** Six token ids. */
const ids = (seed: number): number[] => [1, 2, 3, 4, 5, 6].map((i) => (7 * i * i + 11 * seed) % 40);

beforeAll(async () => {
  await writeModel(layered(), from);
  const sets = [1, 2].map((seed) => ({ ids: [0, 1].map((row) => ids(seed + row)) }));
  for (const [i, set] of sets.entries()) writeFileSync(join(folder, `set-${i}.json`), JSON.stringify(set));
  found = await plan(from, { target: 'cpu', speed: false, inputs: folder, dims: { n: 2 }, seed: 3 });
});
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
    for (const { error, predicted } of points.filter(({ error }) => (error ?? 0) > 1e-4)) {
      expect((error as number) / predicted).toBeLessThan(2);
      expect((error as number) / predicted).toBeGreaterThan(1 / 2);
    }
  });

  it('has a command for each point, with all settings, that makes the same file', async () => {
    const [command] = commands as [Command];
    expect(found.points.at(0)?.command).toMatch(
      /--max-error 0\.\d+ --min-cosine -?0\.\d+ --target cpu --inputs \S+ --dim n=2 --seed 3$/,
    );
    for (const point of found.points) {
      const [, ...words] = (point.command as string).split(' ');
      const flags = await parse(command, words);
      const { passes: _, ...settings } = configFromFlags(flags);
      const report = await optimizeFile(flags.model as string, [], {
        ...{ ...settings, out: to, speed: false, onGate: 'report', force: true },
      });
      expect(report.gates.filter(({ passed }) => !passed)).toEqual([]);
      expect(statSync(to).size).toBe(point.bytes);
      const notes = report.passes.find(({ name }) => name === 'fit')?.notes.map(({ text }) => text);
      if (point.error) expect(notes?.join()).toContain(`measured ${numberText(point.error)};`);
    }
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

  it('tells what each form saves of the time: nothing where it is decoded at load', () => {
    // Two products have the same sizes.
    expect(found.times.of).toBe(4);
    const stored = found.weights.flatMap(({ forms }) => forms.filter(({ form }) => !/products|computed/.test(form)));
    for (const { savedMs } of stored) expect(savedMs).toBe(0);
    const computed = found.weights.filter(({ forms }) => forms.some(({ form }) => form === 'int8 computed'));
    expect(computed.map(({ name }) => name).sort()).toEqual(['down', 'head', 'up']);
    for (const { savedMs } of found.points) expect(Number.isFinite(savedMs)).toBe(true);
    expect(planText(found, { width: 200 })).toContain('of 4 sizes and forms of products measured');
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
