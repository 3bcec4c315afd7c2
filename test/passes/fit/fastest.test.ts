/** Both limits at once: products compute in 8 bits where that saves time, within them. Times are estimated, so that no clock decides. */
import { describe, expect, it } from 'vitest';
import { passes } from '../../../passes/index.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { validate } from '../../../src/on-demand.js';
import { optimize } from '../../../src/optimize.js';
import { randomWeights } from '../../check-pass.js';

/** Two products of many rows, whose activation is shared by a third, and a small table. */
const products = (): Model =>
  buildModel({ '': 21 }, (g) => {
    const weight = (name: string, shape: readonly number[], seed: number) =>
      g.constant(randomWeights(shape, 0.1, seed), name);
    const x = g.input('x', 'float32', ['rows', 96]);
    const wide = g.op('Relu', [g.op('MatMul', [x, weight('up', [96, 128], 1)])]);
    g.output(
      'y',
      g.op('Gemm', [wide, weight('down', [64, 128], 2), weight('bias', [64], 3)], { transB: 1 }),
      'float32',
    );
    g.output('z', g.op('MatMul', [x, weight('side', [96, 64], 4)]), 'float32');
  });

const opsOf = (model: Model): string[] => [...model.graph.nodeSet].map(({ opType }) => opType);
const notesOf = (results: Awaited<ReturnType<typeof optimize>>['report']['passes']): string =>
  results.flatMap(({ notes }) => notes.map(({ text }) => text)).join('\n');

describe('fit with both limits', () => {
  it('computes products in 8 bits, an activation that two share rounded once, and keeps the error', async () => {
    const { model, report } = await optimize(products(), [passes.fit({ maxSize: '50%', maxError: 0.1 })], {
      target: 'cpu',
      verify: 'none',
    });
    const ops = opsOf(model);
    expect(ops.filter((op) => op === 'MatMulInteger')).toHaveLength(3);
    expect(ops.filter((op) => op === 'DynamicQuantizeLinear')).toHaveLength(2);
    expect(notesOf(report.passes)).toMatch(
      /fastest mix within both limits: its products save [\d.e-]+ \S+ of a run on one core \(of \d+ sizes and forms of products, 0 measured and the others estimated\)/,
    );
    expect(notesOf(report.passes)).toContain('8-bit sums are exact on every x64 and ARM CPU');
    const { accuracy } = await validate(products(), model, { fidelity: 'lossy', speed: false });
    for (const { relativeL2 } of accuracy.outputs) {
      expect(relativeL2).toBeLessThan(0.1);
      expect(relativeL2).toBeGreaterThan(1e-4);
    }
  });

  it('races the products where there is a runtime, and what it makes is within the limits', async () => {
    const { model, report } = await optimize(products(), [passes.fit({ maxSize: '60%', maxError: 0.05 })], {
      target: 'cpu',
    });
    expect(notesOf(report.passes)).toMatch(/of (\d+) sizes and forms of products, (each measured|\d+ measured)/);
    const { accuracy } = await validate(products(), model, { fidelity: 'lossy', speed: false });
    for (const { relativeL2 } of accuracy.outputs) expect(relativeL2).toBeLessThan(0.06);
  });

  it('computes in float where one limit is given, and on targets without such kernels', async () => {
    for (const [limits, target] of [
      [{ maxSize: '50%' }, 'cpu'],
      [{ maxError: 0.1 }, 'cpu'],
      [{ maxSize: '50%', maxError: 0.1 }, 'webgpu'],
    ] as const) {
      const { model } = await optimize(products(), [passes.fit(limits)], { target, verify: 'none' });
      expect(opsOf(model)).not.toContain('MatMulInteger');
    }
  });

  it('keeps a product in float that is to be kept', async () => {
    const { model } = await optimize(products(), [passes.fit({ maxSize: '70%', maxError: 0.03, keep: ['Gemm'] })], {
      target: 'cpu',
      verify: 'none',
    });
    expect(opsOf(model).filter((op) => op === 'MatMulInteger')).toHaveLength(2);
    expect(opsOf(model)).toContain('Gemm');
  });
});
