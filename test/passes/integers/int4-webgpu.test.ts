/** int4 on WebGPU: every form that it emits there runs on the GPU's provider, with the CPU's numbers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { int4 } from '../../../passes/int4.js';
import { buildModel } from '../../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { writeModel } from '../../../src/onnx/write.js';
import { RuntimeProcess, type TensorData } from '../../../src/runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../../src/runtime/tensor-data.js';
import { readPlacement } from '../../../src/validate/placement.js';
import { applyPass, opCounts, randomWeights } from '../../check-pass.js';
import { hasSoftwareVulkan, softwareVulkan } from '../../runtime/software-vulkan.js';

describe.runIf(hasSoftwareVulkan)('on software Vulkan', () => {
  const folder = mkdtempSync(join(tmpdir(), 'int4-webgpu-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** An embedding, a hidden layer, and the embedding again as head. */
  const tied = buildModel({ '': 17 }, (g) => {
    const table = g.constant(randomWeights([50, 128], 0.3), 'table');
    const rows = g.op('Gather', [table, g.input('ids', 'int64', [1, 5])]);
    const hidden = g.op('Tanh', [g.op('MatMul', [rows, g.constant(randomWeights([128, 128], 0.3, 3), 'w')])]);
    g.output('y', g.op('MatMul', [hidden, g.op('Transpose', [table], { perm: [1, 0] })]), 'float32', [1, 5, 50]);
  });
  const ids = toTensorData(tensorOf('int64', [0, 3, 49, 7, 7], [1, 5]));

  it.each([
    { block: 16 as const, symmetric: true },
    { block: 32 as const },
    { block: 128 as const },
    { type: 'nf4' as const, block: 32 as const },
    { maxWeightError: 0.02 },
  ])('%o', async (options) => {
    const { model } = await applyPass(int4(options), tied, 'webgpu');
    expect(opCounts(model).MatMul).toBeUndefined();
    const bytes = await writeModel(model);
    const runtime = await RuntimeProcess.start({ env: softwareVulkan(folder) });
    try {
      const cpu = await (await runtime.load(bytes, { provider: 'cpu' })).run({ ids });
      const session = await runtime.load(bytes, { provider: 'webgpu', profile: true, optimize: true });
      const gpu = await session.run({ ids });
      const [a, b] = [cpu, gpu].map(({ outputs }) => numbersOf(fromTensorData(outputs['y'] as TensorData)));
      // Float sums in another order.
      a?.forEach((value, i) => {
        expect(b?.[i]).toBeCloseTo(value, 3);
      });
      expect(readPlacement('webgpu', await session.profile()).fallbacks).toEqual({});
    } finally {
      await runtime.close();
    }
  });
});
