/** Limits of bytes and of error: the written file and onnxruntime decide, not what the pass says. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoder } from '../../../fixtures/encoder.js';
import { groupsOf } from '../../../passes/fit/effects.js';
import { sizeOf, sizeSchema } from '../../../passes/fit/size.js';
import { weightSites } from '../../../passes/precision/weights/sites.js';
import { inferTypes } from '../../../src/infer/index.js';
import { optimizeFile } from '../../../src/job/optimize-file.js';
import { closeRuntime, validate } from '../../../src/on-demand.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import type { Report } from '../../../src/run/report/report.js';
import { layered } from './layered.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-fit-'));
const [from, to] = [join(folder, 'model.onnx'), join(folder, 'result.onnx')];
const model = layered;
let bytes = 0;

beforeAll(async () => {
  await writeModel(model(), from);
  bytes = statSync(from).size;
});
afterAll(async () => {
  await closeRuntime();
  rmSync(folder, { recursive: true, force: true });
});

const settings = { out: to, speed: false, target: 'cpu', onGate: 'report' } as const;
const fitIn = ({ passes }: Report) => passes.find(({ name }) => name === 'fit') as Report['passes'][number];

describe('fit', () => {
  it('alone brings exact passes and itself, and the file is as small as was asked for, with the least error', async () => {
    const report = await optimizeFile(from, [], { ...settings, maxSize: '45%' });
    expect(report.gates).toContainEqual(expect.objectContaining({ name: 'size', passed: true }));
    expect(statSync(to).size).toBeLessThanOrEqual(0.45 * bytes);
    expect(statSync(to).size).toBe(report.output?.bytes);
    const { accuracy } = await validate(from, to, { fidelity: 'lossy', speed: false });
    const error = Math.max(...accuracy.outputs.map(({ relativeL2 }) => relativeL2));
    expect(error).toBeLessThan(0.05);
    // The pass is held against the model before it, on about the same inputs.
    expect(fitIn(report).error as number).toBeLessThanOrEqual(1.5 * error);
  });

  it('makes the file as small as an error allows', async () => {
    const sizes: number[] = [];
    for (const maxError of [0.01, 0.05]) {
      const report = await optimizeFile(from, 'fit', { ...settings, maxError });
      expect(report.gates.every(({ passed }) => passed)).toBe(true);
      for (const { relativeL2 } of report.accuracy?.outputs ?? []) expect(relativeL2).toBeLessThanOrEqual(maxError);
      // How many sets of made-up inputs this takes depends on the time, and the worst of more sets is a little further off.
      const { accuracy } = await validate(from, to, { fidelity: 'lossy', speed: false });
      for (const { relativeL2 } of accuracy.outputs) expect(relativeL2).toBeLessThanOrEqual(1.5 * maxError);
      sizes.push(statSync(to).size);
    }
    expect(sizes[1]).toBeLessThan(sizes[0] as number);
    expect(sizes[0]).toBeLessThan(bytes);
  });

  it('makes the same bytes each time, whatever else the machine does', async () => {
    const bytesOnce = async () => {
      const { model: result } = await optimize(model(), 'fit:maxError=0.02', { target: 'cpu' });
      return Buffer.from(await writeModel(result)).toString('base64');
    };
    const [alone, ...together] = [await bytesOnce(), ...(await Promise.all([bytesOnce(), bytesOnce()]))];
    expect(together).toEqual([alone, alone]);
  });

  it('predicts the error of the mix as the sum of those of its weights', async () => {
    const { report } = await optimize(model(), 'fit:maxSize=30%', { target: 'cpu' });
    const text = fitIn(report)
      .notes.map(({ text }) => text)
      .join();
    const [, predicted, measured] = /predicted ([\d.e-]+), measured ([\d.e-]+);/.exec(text) ?? [];
    expect(Number(measured)).toBeGreaterThan(0.005);
    expect(Number(measured) / Number(predicted)).toBeGreaterThan(0.8);
    expect(Number(measured) / Number(predicted)).toBeLessThan(1.25);
  });

  it('has its own error where only the result as a whole is compared', async () => {
    const { report } = await optimize(model(), 'exact,fit:maxSize=45%', { target: 'cpu', verify: 'end' });
    const { error } = fitIn(report);
    expect(error as number).toBeGreaterThan(0.001);
    expect(error as number).toBeLessThan(0.05);
  });

  it('lists every weight that stays float with what the next form would have cost', async () => {
    const { report } = await optimize(model(), 'fit:maxError=0.001', { target: 'cpu' });
    const reasons = (report.coverage as NonNullable<Report['coverage']>).left.map(({ reason }) => reason);
    expect(
      reasons.some((reason) =>
        /^it stays (float16|bfloat16|float32): int\d.* would cost an error of [\d.]+/.test(reason),
      ),
    ).toBe(true);
  });

  it('keeps what is to be kept', async () => {
    const { report, model: result } = await optimize(model(), 'fit:keep=Gather', { target: 'cpu' });
    expect(fitIn(report).skips).toContainEqual(expect.objectContaining({ reason: 'kept in float as asked' }));
    const tables = weightSites(result).filter(({ main }) => main.role === 'table');
    expect(tables.length).toBeGreaterThan(0);
    for (const { tensor } of tables) expect(tensor.type).toBe('float32');
  });

  it('assumes what cannot be measured, and says so', async () => {
    const { report } = await optimize(model(), 'fit:maxSize=40%', { target: 'cpu', verify: 'none' });
    expect(
      fitIn(report)
        .notes.map(({ text }) => text)
        .join(),
    ).toMatch(/measured nothing; .* for 0 of \d+ groups/);
  });
});

describe('groups of weights', () => {
  it('hold equal weights of repeated blocks once', () => {
    const repeated = encoder({
      ...{ hidden: 16, heads: 2, intermediate: 32, vocabulary: 20, positions: 8 },
      seed: 0,
      layers: 3,
    });
    inferTypes(repeated);
    const weights = weightSites(repeated).map((site) => ({
      site,
      forms: [{ bytes: site.tensor.byteLength, error: 0 }],
    }));
    const groups = groupsOf(repeated, weights);
    expect(groups.flat().sort((a, b) => a - b)).toEqual(weights.map((_, i) => i));
    expect(groups.filter((group) => group.length === 3).length).toBeGreaterThanOrEqual(6);
  });
});

describe('sizes', () => {
  it.each([
    ['30%', 300],
    ['12.5 %', 125],
    ['120MB', 120e6],
    ['3kb', 3000],
    ['77', 77],
    [4096, 4096],
  ] as const)('%s', (size, expected) => expect(sizeOf(size, 1000)).toBe(expected));

  it.each(['0%', '-3', 'half', '30 percent', 'MB', ''])('refuses "%s"', (size) =>
    expect(sizeSchema.safeParse(size).success).toBe(false),
  );
});
