/** Limits that no mix of forms holds: what is told instead, and that nothing is written. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoder } from '../../../fixtures/encoder.js';
import { closeRuntime } from '../../../src/on-demand.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimizeFile } from '../../../src/optimize-file.js';
import { GateError } from '../../../src/run/outcome.js';
import type { Report } from '../../../src/run/report.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-fit-'));
const [from, to] = [join(folder, 'model.onnx'), join(folder, 'result.onnx')];
const model = () =>
  encoder({ hidden: 48, heads: 2, intermediate: 96, vocabulary: 200, seed: 0, layers: 3, positions: 16 });

beforeAll(async () => {
  await writeModel(model(), from);
});
afterAll(async () => {
  await closeRuntime();
  rmSync(folder, { recursive: true, force: true });
});

const settings = { out: to, speed: false, target: 'cpu', onGate: 'report' } as const;
const fitIn = ({ passes }: Report) => passes.find(({ name }) => name === 'fit') as Report['passes'][number];

describe('fit', () => {
  it('says the least size that can be had, and its error, and writes nothing', async () => {
    rmSync(to, { force: true });
    const report = await optimizeFile(from, [], { ...settings, maxSize: '5%' });
    const gate = report.gates.find(({ name }) => name === 'size');
    expect(gate).toMatchObject({ passed: false });
    expect(gate?.detail).toMatch(/the least size that can be had is [\d.]+ kB, at an error of 0\.\d+/);
    expect(report.output).toBeUndefined();
    await expect(optimizeFile(from, [], { ...settings, onGate: 'throw', maxSize: '5%' })).rejects.toThrow(GateError);
  });

  it('says what each limit would take where both do not hold together', async () => {
    const report = await optimizeFile(from, [], { ...settings, maxSize: '35%', maxError: 0.0005 });
    const gate = report.gates.find(({ name }) => name === 'size');
    expect(gate?.detail).toMatch(/have an error of 0\.\d+, and an error of at most 0\.0005 takes [\d.]+ kB/);
    expect(fitIn(report).status).toBe('unchanged');
  });
});
