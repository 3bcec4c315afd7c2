/** The report of a job on a file: errors by block, weights, times of nodes, hashes and a recipe. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoder } from '../../fixtures/encoder.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { closeRuntime } from '../../src/on-demand.js';
import { writeModel } from '../../src/onnx/write.js';
import { type DetailedReport, withDetails } from '../../src/report/html/details.js';
import { readReport } from '../../src/run/report/read-report.js';

const LAYERS = 2;

describe('the report of a job on a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  const path = (name: string) => join(folder, name);
  let report: DetailedReport;

  beforeAll(async () => {
    const size = { hidden: 64, heads: 2, intermediate: 128, vocabulary: 60, positions: 32 };
    await writeModel(encoder({ ...size, seed: 0, layers: LAYERS }), path('model.onnx'));
    const reportPath = path('report.json');
    const command = 'optimize model.onnx -p fuse-act,int8';
    await optimizeFile(path('model.onnx'), 'fuse-act,int8', { reportPath, command, onGate: 'report', target: 'cpu' });
    report = withDetails(readReport(readFileSync(reportPath, 'utf8')));
  });
  afterAll(async () => {
    await closeRuntime();
    rmSync(folder, { recursive: true });
  });

  it('tells the error of each pass, and of each block in order', () => {
    const { byPass = [], byBlock = [], first } = report.errors ?? {};
    expect(byPass).toEqual(report.passes.map(({ name, error }) => ({ pass: name, relativeL2: error })));
    const layers = byBlock.filter(({ repeat }) => repeat !== undefined);
    expect(layers.map(({ repeat }) => repeat)).toEqual([0, 1]);
    for (const { relativeL2 } of layers) expect(relativeL2).toBeGreaterThan(1e-4);
    // What begins it is quantized: the noise of sums is a thousand times less.
    expect(first?.relativeL2).toBeGreaterThan(1e-4);
    expect(report.graph?.before.nodes.flatMap(({ outputs }) => outputs)).toContain(first?.at);
  });

  it('tells how each weight is stored, and since which pass', () => {
    const { weights = [], model } = report;
    const products = weights.filter(({ block, before }) => block && before.bytes >= 64 * 64 * 4);
    expect(products).toHaveLength(6 * LAYERS);
    for (const { before, after, pass } of products) {
      expect([before.type, after.type, pass]).toEqual(['float32', 'int8', 'int8']);
      // A quarter, and scales.
      expect(after.bytes).toBeGreaterThan(before.bytes / 4);
      expect(after.bytes).toBeLessThan(before.bytes / 3.5);
    }
    const biases = weights.filter(({ name }) => name.endsWith('LayerNorm.bias'));
    for (const { before, after, pass, why } of biases) {
      expect(after).toEqual(before);
      expect([pass, why]).toEqual(['', 'fewer than 1024 elements']);
    }
    expect(biases.length).toBeGreaterThan(0);
    const sum = weights.reduce((bytes, { before }) => bytes + before.bytes, 0);
    expect(sum).toBeLessThanOrEqual(model.before.bytes);
    expect(sum).toBeGreaterThan(0.95 * model.before.bytes);
  });

  it('has the times of nodes, by a profile of each model', () => {
    const { profile, graph } = report;
    for (const side of ['before', 'after'] as const) {
      const { ms = 0, matched = 0, byOp = {} } = profile?.[side] ?? {};
      const onNodes = graph![side].nodes.reduce((sum, node) => sum + (node.ms ?? 0), 0);
      expect(onNodes).toBeCloseTo(matched, 6);
      expect(matched).toBeGreaterThan(0);
      expect(matched).toBeLessThanOrEqual(ms + 1e-9);
      expect(Object.values(byOp).reduce((sum, one) => sum + one, 0)).toBeCloseTo(ms, 6);
    }
    expect(new Set(graph!.after.nodes.flatMap(({ provider }) => provider ?? []))).toEqual(
      new Set(['CPUExecutionProvider']),
    );
  });

  it('counts the work of nodes at known sizes, as coverage does', () => {
    const sum = (side: 'before' | 'after') =>
      report.graph![side].nodes.reduce((all, { multiplyAdds = 0 }) => all + multiplyAdds, 0);
    const counted = (by: Readonly<Record<string, number>> = {}) => Object.values(by).reduce((all, one) => all + one, 0);
    expect(sum('before')).toBe(counted(report.coverage?.computed.before));
    expect(sum('after')).toBe(counted(report.coverage?.computed.after));
  });

  it('keeps what it was made from, and every sample of the times', () => {
    const bytes = readFileSync(path('model.onnx'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(report.hashes).toEqual({ model: { name: 'model.onnx', bytes: bytes.length, sha256 }, data: [], inputs: [] });
    expect(report.recipe?.command).toBe(
      `npx onnx-passes@${report.versions['onnx-passes']} model.onnx -p fuse-act,int8`,
    );
    expect(report.recipe?.config).toEqual({ passes: 'fuse-act,int8', target: 'cpu', seed: 0 });
    const { samples, cpu } = report.speed!;
    expect([samples?.original.length, samples?.result.length]).toEqual([cpu?.pairs, cpu?.pairs]);
  });
});
