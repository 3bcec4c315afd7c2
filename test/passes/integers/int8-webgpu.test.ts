/** int8 on WebGPU: products and tables run on the GPU's provider, with the CPU's numbers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { RuntimeProcess, type TensorData } from '../../../src/runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../../src/runtime/tensor-data.js';
import { readPlacement } from '../../../src/validate/placement.js';
import { applyPass, opCounts, randomWeights } from '../../check-pass.js';
import { hasSoftwareVulkan, softwareVulkan } from '../../runtime/software-vulkan.js';

describe.runIf(hasSoftwareVulkan)('on software Vulkan', () => {
  const folder = mkdtempSync(join(tmpdir(), 'int8-webgpu-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Rows of a table of this width, a hidden layer, and a head: the table again, or a weight of its own. */
  const embedded = (width: number, head?: (g: GraphBuilder, table: Value) => Value) =>
    buildModel({ '': 17 }, (g) => {
      const table = g.constant(randomWeights([50, width], 0.3), 'table');
      const rows = g.op('Gather', [table, g.input('ids', 'int64', [1, 5])]);
      const hidden = g.op('Tanh', [g.op('MatMul', [rows, g.constant(randomWeights([width, width], 0.3, 3), 'w')])]);
      const last = head?.(g, table) ?? g.constant(randomWeights([width, 50], 0.3, 4), 'head');
      g.output('y', g.op('MatMul', [hidden, last]), 'float32', [1, 5, 50]);
    });
  const ids = toTensorData(tensorOf('int64', [0, 3, 49, 7, 7], [1, 5]));

  it.each([
    ['a tied head', embedded(128, (g, table) => g.op('Transpose', [table], { perm: [1, 0] })), 1],
    ['a table of its own', embedded(64), 1],
    // WebGPU looks up no int8 rows: this one is widened at load.
    ['rows that are no whole blocks', embedded(40), 0],
  ])('%s', async (_name, before, lookups) => {
    const { model } = await applyPass(int8(), before, 'webgpu');
    expect(opCounts(model)['com.microsoft.GatherBlockQuantized'] ?? 0).toBe(lookups);
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
