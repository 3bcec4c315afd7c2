import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import type { Report } from '../../src/run/report/report.js';
import { fixtures } from '../models.js';
import { hasHollow, hollow } from '../runtime/hollow.js';
import { Workplace } from './run-cli.js';

const place = new Workplace();
afterAll(() => place.remove());

/** What has run on a device decides as much at the end as after each pass. */
const quick = ['--verify', 'end', '--no-speed', '-q'];

const model = join(fixtures, 'models/attn-mask-left-padded/model.onnx');

/** Without a Vulkan driver there is no WebGPU. SwiftShader, where it is installed, provides one, and computes attention wrongly. */
const drivers = { none: place.path('no-driver.json'), some: '/usr/lib/chromium/vk_swiftshader_icd.json' };

it('--target webgpu gives the same bytes whatever devices the machine has', () => {
  const results = Object.entries(drivers).map(([name, VK_ICD_FILENAMES]) => {
    const words = [model, '-o', `${name}.onnx`, '--passes', 'exact,fp16', '--target', 'webgpu', ...quick];
    const ran = place.spawn(words, { VK_ICD_FILENAMES, XDG_RUNTIME_DIR: place.folder });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    return readFileSync(place.path(`${name}.onnx`));
  });
  expect(results[0]?.equals(results[1] as Buffer)).toBe(true);
});

it.runIf(hasHollow)('--target cuda:sm89 gives the same bytes whether the machine has CUDA or not', () => {
  const results = [{}, hollow].map((env, i) => {
    const words = [model, '-o', `${i}.onnx`, '--passes', 'half', '--target', 'cuda:sm89', ...quick];
    const report = ['--report', `${i}.json`];
    expect(place.spawn([...words, ...report], env)).toMatchObject({ status: 0, stderr: '' });
    expect(place.json(`${i}.json`)).toMatchObject({ target: 'cuda', architecture: 'sm89' });
    return readFileSync(place.path(`${i}.onnx`));
  });
  expect(results[0]?.equals(results[1] as Buffer)).toBe(true);
});

describe('--fail-on-fallback for a target that is not here', () => {
  const words = (name: string) => [
    ...[name, '-o', 'out.onnx', '--passes', 'simplify', '--target', 'cuda', '--fail-on-fallback'],
    ...['--no-speed', '--report', 'report.json'],
  ];
  const norm = (opset: number) =>
    buildModel({ '': opset }, (g) => {
      const ones = g.constant('float32', [1, 1], [2]);
      g.output('y', g.op('InstanceNormalization', [g.input('x', 'float32', [1, 2, 4]), ones, ones]), 'float32');
    });

  it('fails by the prediction, with the cause', async () => {
    await place.write(norm(22), 'norm22.onnx');
    const { status, stdout } = place.spawn(words('norm22.onnx'));
    expect(status).toBe(4);
    expect(stdout).toMatch(/InstanceNormalization of float32 has no kernel on cuda from opset 22 on/);
    expect(stdout).toMatch(/✗ placement: other providers run 1 InstanceNormalization, predicted by the kernel tables/);
  });

  it.runIf(hasHollow)('is decided by a provider that takes nodes, though it computes nothing', async () => {
    for (const [opset, status] of [
      [17, 0],
      [22, 4],
    ] as const) {
      await place.write(norm(opset), `norm${opset}.onnx`);
      expect(place.spawn(words(`norm${opset}.onnx`), hollow).status).toBe(status);
      expect((place.json('report.json') as Report).placement).toMatchObject({ provider: 'cuda', source: 'partition' });
    }
  });

  it('tells the command that ends it, also where two models are compared', async () => {
    await place.write(norm(22), 'norm22.onnx');
    const { stdout } = place.spawn(['compare', 'norm22.onnx', 'norm22.onnx', '--target', 'cuda', '--no-speed']);
    expect(stdout).toContain('1 × InstanceNormalization of float32 has no kernel on cuda from opset 22 on');
    const [, command] = /cure: optimize (.*)/.exec(stdout) as RegExpExecArray;
    expect(command).toMatch(/^norm22.onnx --target cuda --passes /);
    const words = [...(command as string).split(' '), '-o', 'cured.onnx', '--fail-on-fallback', '--no-speed', '-q'];
    expect(place.spawn(words).status).toBe(0);
  });
});
