import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Report } from '../../src/run/report/report.js';
import { relativeError } from '../check-pass.js';
import { collection, recognizer } from '../models.js';
import { runModel } from '../run-model.js';
import { storedTensors } from '../stored-data.js';
import { Workplace } from './run-cli.js';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

const passes = ['--passes', 'bf16,fuse-attn,int8', '--target', 'cpu'];

const run = async (model: string, words: readonly string[] = []): Promise<{ status: number; report: Report }> => {
  const { status, stdout, stderr } = await place.run([model, '-o', 'out.onnx', ...passes, '--json', ...words]);
  expect(stderr).toBe('');
  return { status, report: JSON.parse(stdout) as Report };
};

const statuses = (report: Report) => Object.fromEntries(report.passes.map(({ name, status }) => [name, status]));

describe('optimize --passes bf16,fuse-attn,int8', () => {
  it('makes the recognizer smaller, within its gates', async () => {
    const { status, report } = await run(recognizer, ['--no-speed', '--verify', 'end']);
    expect(status).toBe(0);
    expect(statuses(report)).toEqual({ bf16: 'applied', 'fuse-attn': 'applied', int8: 'applied' });
    expect(report.model.after.ops['com.microsoft.MultiHeadAttention']).toBe(2);
    expect(report.model.after.bytes).toBeLessThan(report.model.before.bytes / 2);
    expect(report.gates.every(({ passed }) => passed)).toBe(true);
  });

  const zoo = collection('zoo');
  const names = ['bert/ts-sdpa', 'vit/dyn18-eager', 'gpt2/dyn20', 't5-encoder/dyn20'].filter((name) =>
    existsSync(join(zoo, name)),
  );

  it.each(names)('%s: passes its gates, and the numbers are what another run gives', async (name) => {
    const folder = join(zoo, name);
    const { attention_sites: sites } = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'));
    const model = join(folder, 'model.onnx');
    const { status, report } = await run(model, [
      '--inputs',
      join(folder, 'test_data_set_0'),
      '--verify',
      'end',
      '--no-speed',
    ]);
    expect(status, JSON.stringify(report.gates)).toBe(0);
    expect(statuses(report)['fuse-attn']).toBe('applied');
    const notes = report.passes.find((pass) => pass.name === 'fuse-attn')?.notes.map(({ text }) => text);
    expect(notes).toContain(`fused ${sites} of ${sites} attention sites`);

    const feeds = storedTensors(folder, 'input');
    const original = await runModel(model, feeds);
    const written = readFileSync(place.path('out.onnx'));
    const results = await Promise.all([false, true].map((optimize) => runModel(written, feeds, { optimize })));
    for (const { name, maxRel, relativeL2 } of report.accuracy?.outputs ?? []) {
      const expected = original[name]!;
      const numbers = numbersOf(expected);
      const norms = results.map((result) => {
        const other = numbersOf(result[name]!);
        return Math.hypot(...numbers.map((x, i) => x - (other[i] as number))) / Math.hypot(...numbers);
      });
      // The report states the larger error of both runs, with the runtime's optimizations and without; threads may sum in another order.
      expect(relativeL2, name).toBeCloseTo(Math.max(...norms), 3);
      expect(maxRel, name).toBeCloseTo(Math.max(...results.map((result) => relativeError(result[name]!, expected))), 3);
    }
  });
});
