/** Kernels that were probed on this machine: the forms they are tried with, the file that keeps them, and who goes by it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { formsFile } from '../../bench/kernels/node-test-forms.js';
import { probeHere } from '../../cli/commands/doctor-probe.js';
import { ProgressLine } from '../../cli/terminal/progress-line.js';
import { runtimeVersion } from '../../src/installed-runtime.js';
import { buildModel } from '../../src/ir/build.js';
import { optimize } from '../../src/optimize.js';
import { keep, type ProbedKernels } from '../../src/runtime/kernels/probe/kept.js';
import { differencesOf, findKernels } from '../../src/runtime/kernels/probe/probe.js';
import { allTries } from '../../src/runtime/kernels/probe/tries.js';
import { kernelsOf } from '../../src/runtime/kernels-of.js';
import { root } from '../models.js';

describe('kernels that were probed here', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-probe-'));
  const before = process.env.XDG_CACHE_HOME;
  let runtime = '';
  beforeAll(async () => {
    process.env.XDG_CACHE_HOME = folder;
    runtime = (await runtimeVersion()) as string;
  });
  afterEach(() => rmSync(join(folder, 'onnx-passes'), { recursive: true, force: true }));
  afterAll(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(folder, { recursive: true, force: true });
  });

  const measured = '2026-01-02T03:04:05.000Z';
  const keepTable = (provider: ProbedKernels['provider'], table: string, by = runtime, differs = true) =>
    keep({ provider, runtime: by, measured, differs, table });
  const has = async (opType: string) => (await kernelsOf('cuda')).hasKernel(opType, '', 17, 'float32');

  it('win over the shipped table, operator by operator, until their file is gone', async () => {
    expect([await has('Conv'), await has('MatMul')]).toEqual([true, true]);
    const { path } = await keepTable('cuda', 'Conv 1 !f32');
    expect([await has('Conv'), await has('MatMul')]).toEqual([false, true]);
    rmSync(path);
    expect(await has('Conv')).toBe(true);
  });

  it('of another version of the runtime count for nothing', async () => {
    await keepTable('cuda', 'Conv 1 !f32', '1.0.0');
    expect(await has('Conv')).toBe(true);
  });

  it('decide what is emitted, and the report says so', async () => {
    const model = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Cast', [g.op('IsNaN', [g.input('x', 'float32', [4])])], { to: 1 }), 'float32'),
    );
    const ops = async () => {
      const { model: result, report } = await optimize(model, 'full-graph', { target: 'cuda', verify: 'none' });
      return { ops: [...result.graph.nodes()].map(({ opType }) => opType), report };
    };
    const shipped = await ops();
    expect(shipped.ops).toContain('IsNaN');
    expect([shipped.report.warnings, Object.keys(shipped.report.versions)]).toEqual([
      undefined,
      ['onnx-passes', 'node', 'onnxruntime-node'],
    ]);
    await keepTable('cuda', 'IsNaN 9 !f32');
    await keepTable('webgpu', 'Conv 1 !f32');
    // No warning tells of what is as shipped.
    await keepTable('cpu', 'Relu 14 f32', runtime, false);
    const { ops: probed, report } = await ops();
    expect(probed).not.toContain('IsNaN');
    expect(report.warnings?.map(({ text }) => text)).toEqual([
      `kernels of cuda are those that doctor --probe measured here on 2026-01-02 (onnxruntime-node ${runtime}): on another machine the same command may give other bytes`,
    ]);
    expect(report.versions['kernels of cuda']).toBe(`onnxruntime-node ${runtime}, probed ${measured}`);
  });

  it.each<[string, (text: string) => string]>([
    ['is cut off', (text) => text.slice(0, 40)],
    ['has a table that is none', (text) => text.replace('Conv 1 !f32', 'Conv 1 !f33')],
    ['has no table', (text) => text.replace('Conv 1 !f32', '')],
    ['has no date', (text) => text.replace(measured, 'yesterday')],
  ])('in a file that %s are refused, with the way out', async (_, damage) => {
    const { path } = await keepTable('cuda', 'Conv 1 !f32');
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    await expect(kernelsOf('cpu')).rejects.toThrow(
      /expected what doctor --probe wrote of cuda .*; found something else\. Remove it/,
    );
  });
});

describe('a probe', () => {
  it('tries the forms of ONNX’s node tests', async () => {
    expect(readFileSync(join(root, 'src/runtime/kernels/probe/forms/standard-forms.ts'), 'utf8')).toBe(
      await formsFile(),
    );
  });

  it('tells what the installed runtime answers otherwise than the table', async () => {
    const tries = allTries().filter(({ version }) => version === 'Softmax 13' || version === 'ms.BiasAdd 1');
    const found = await findKernels('cpu', undefined, tries);
    expect(differencesOf('cpu', found)).toEqual([]);
    // WebGPU's table against the CPU's answers: BiasAdd has a kernel there alone.
    expect(differencesOf('webgpu', found)).toContainEqual({
      ...{ operator: 'ms.BiasAdd', since: 1, type: 'float32' },
      ...{ shipped: 'yes', here: 'no' },
    });
  });

  it('of a provider that takes no nodes is refused', async () => {
    const cuda = { provider: 'cuda', works: false, places: false, reason: 'no such library' } as const;
    await expect(probeHere([cuda], 'cuda', new ProgressLine(true))).rejects.toThrow(
      'doctor --probe: expected a provider that takes nodes here; cuda does not: no such library',
    );
  });
});
