import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { accelerators, BROWSER, HOST } from '../../src/ir/targets/targets.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { writeModel } from '../../src/onnx/write.js';
import { isWithoutGpu, webgpuDevice } from '../../src/runtime/device.js';
import { endIdle } from '../../src/runtime/idle.js';
import { RuntimeProcess, type TensorData } from '../../src/runtime/isolate.js';
import { probeProvider, probeProviders, resolveTarget } from '../../src/runtime/providers.js';
import { fromTensorData, toTensorData } from '../../src/runtime/tensor-data.js';
import { readPlacement } from '../../src/validate/placement.js';
import { hasHollow, hollow } from './hollow.js';
import { hasSoftwareVulkan, softwareVulkan } from './software-vulkan.js';

describe('providers', async () => {
  const probes = await probeProviders();

  it('work, or say why they do not', () => {
    expect(probes.map(({ provider }) => provider)).toEqual([HOST, ...[...accelerators].reverse(), BROWSER]);
    expect(probes[0]).toEqual({ provider: 'cpu', works: true, places: true, reason: '' });
    for (const { works, reason } of probes) expect(reason === '').toBe(works);
  });

  it('are chosen by what works; software never is', async () => {
    expect(await resolveTarget('webgpu')).toBe('webgpu');
    const best = await resolveTarget('auto');
    const real = probes.filter(
      ({ works, isSoftware, provider }) =>
        works && (provider === 'cpu' || (provider !== 'web' && isSoftware === false)),
    );
    expect(real.map(({ provider }) => provider)).toContain(best);
  });
});

describe('the device behind WebGPU', () => {
  const icd = ['/usr/lib/libvulkan.so.1'];
  it('is told by driver and device file', () => {
    const swiftShader = { libraries: [...icd, '/usr/lib/chromium/libvk_swiftshader.so'], devices: [] };
    expect(webgpuDevice(swiftShader, 'linux')).toEqual({ name: 'SwiftShader (software)', isSoftware: true });
    const both = { libraries: ['libvulkan_lvp.so', 'libGLX_nvidia.so.0'], devices: ['/dev/nvidiactl', '/dev/nvidia0'] };
    expect(webgpuDevice(both, 'linux')).toEqual({ name: 'NVIDIA', isSoftware: false });
    const idle = { libraries: ['libvulkan_lvp.so', 'libGLX_nvidia.so.0'], devices: [] };
    expect(webgpuDevice(idle, 'linux')).toEqual({ name: 'llvmpipe (software)', isSoftware: true });
    expect(webgpuDevice({ libraries: ['C:\\Windows\\d3d10warp.dll'], devices: [] }, 'win32').isSoftware).toBe(true);
    expect(webgpuDevice({ libraries: ['C:\\Windows\\d3d12.dll'], devices: [] }, 'win32').isSoftware).toBeUndefined();
    expect(webgpuDevice({ libraries: [], devices: [] }, 'darwin')).toEqual({ name: 'Metal', isSoftware: false });
  });
});

describe('a process in which a GPU was looked for', () => {
  it('is like any other where nothing of one is open', () => {
    const plain = { libraries: ['/usr/lib/libc.so.6', 'libonnxruntime.so.1'], devices: ['/dev/urandom'] };
    expect(isWithoutGpu(plain, 'linux')).toBe(true);
    expect(isWithoutGpu({ ...plain, libraries: ['/usr/lib/libvulkan.so.1'] }, 'linux')).toBe(false);
    expect(isWithoutGpu({ ...plain, libraries: ['libonnxruntime_providers_cuda.so'] }, 'linux')).toBe(false);
    expect(isWithoutGpu({ ...plain, devices: ['/dev/nvidia0'] }, 'linux')).toBe(false);
    expect(isWithoutGpu(plain, 'win32')).toBe(false);
  });

  it('runs models on the CPU afterwards where it was refused, and is the next one', async () => {
    const model = await writeModel(
      buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [1])]))),
    );
    await endIdle();
    const first = await RuntimeProcess.start();
    const refused = await first.load(model, { provider: 'cuda', noFallback: true }).catch((error: Error) => error);
    const isOpen = !isWithoutGpu(await first.open());
    const { pid } = first;
    await first.close();
    const next = await RuntimeProcess.start();
    expect(next.pid === pid).toBe(refused instanceof Error && !isOpen && process.platform === 'linux');
    const { outputs } = await (await next.load(model, { provider: 'cpu' })).run({
      x: toTensorData(tensorOf('float32', [2], [1])),
    });
    expect([...numbersOf(fromTensorData(outputs.y as TensorData))]).toEqual([2]);
    await next.close();
  });
});

describe.runIf(hasSoftwareVulkan)('WebGPU on software Vulkan', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webgpu-test-'));
  const env = softwareVulkan(folder);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('works and is known to be software', async () => {
    expect(await probeProvider('webgpu', env)).toEqual({
      provider: 'webgpu',
      works: true,
      places: true,
      reason: '',
      device: 'SwiftShader (software)',
      isSoftware: true,
    });
  });

  it('runs a model as the CPU does, and what it has no kernel for is seen to fall back', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n', 8]);
      const weights = Array.from({ length: 64 }, (_, i) => Math.sin(i));
      const hidden = g.op('Tanh', [g.op('MatMul', [x, g.constant('float32', weights, [8, 8])])]);
      g.output('y', g.op('Softmax', [hidden], { axis: -1 }), 'float32', ['n', 8]);
      g.output(
        'd',
        g.op('Det', [g.op('MatMul', [g.op('Transpose', [hidden], { perm: [1, 0] }), hidden])]),
        'float32',
        [],
      );
    });
    const bytes = await writeModel(model);
    const feeds = {
      x: toTensorData(
        tensorOf(
          'float32',
          Array.from({ length: 24 }, (_, i) => Math.cos(i)),
          [3, 8],
        ),
      ),
    };
    const runtime = await RuntimeProcess.start({ env });
    const cpu = await (await runtime.load(bytes, { provider: 'cpu' })).run(feeds, ['y']);
    const session = await runtime.load(bytes, { provider: 'webgpu', profile: true });
    const gpu = await session.run(feeds, ['y']);
    const [a, b] = [cpu, gpu].map(({ outputs }) => numbersOf(fromTensorData(outputs.y as TensorData)));
    a!.forEach((value, i) => {
      expect(b![i]).toBeCloseTo(value, 4);
    });
    await session.run(feeds);
    const placement = readPlacement('webgpu', await session.profile());
    expect(placement.fallbacks).toEqual({ Det: 1 });
    await expect(runtime.load(bytes, { provider: 'webgpu', noFallback: true })).rejects.toMatchObject({
      kind: 'error',
    });
    await runtime.close();
  });
});

describe.runIf(hasHollow)('CUDA on libraries that compute nothing', () => {
  it('takes nodes, and is known to compute them wrong', async () => {
    const probe = await probeProvider('cuda', hollow);
    expect(probe).toMatchObject({ works: false, places: true });
    expect(probe.reason).toMatch(/takes nodes, but gives wrong numbers/);
  });
});

describe('another runtime', () => {
  it('is refused where none is installed', async () => {
    const env = { ONNX_PASSES_RUNTIME: tmpdir() };
    await expect(RuntimeProcess.start({ env })).rejects.toThrow(
      /expected a folder with node_modules\/onnxruntime-node/,
    );
  });
});
