import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Accelerator } from '../../src/ir/targets/targets.js';
import type { Value } from '../../src/ir/value.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { writeModel } from '../../src/onnx/write.js';

describe('what keeps nodes from a target', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cures-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The placement of a model's result. */
  async function placementOf(
    target: Accelerator,
    opset: number,
    middle: (g: GraphBuilder, x: Value) => Value,
    passes: string,
    dims?: Record<string, number>,
  ) {
    const path = join(folder, 'model.onnx');
    const model = buildModel({ '': opset }, (g) => {
      const x = g.op('Relu', [g.input('x', 'float32', [1, 2, 'length'])]);
      g.output('y', g.op('Relu', [middle(g, x)]), 'float32');
    });
    writeFileSync(path, await writeModel(model));
    const report = await optimizeFile(path, passes, {
      ...{ target, force: true, onGate: 'report', speed: false, out: join(folder, 'out.onnx') },
      dims: dims ?? {},
    });
    expect(report.accuracy?.failures).toEqual([]);
    return report.placement;
  }

  /** The words behind a flag. */
  const wordsAfter = (flag: string, cure: string): string[] =>
    [...cure.matchAll(new RegExp(`${flag} (\\S+)`, 'g'))].map(([, word]) => word as string);

  it.each([
    [
      'an op that a later operator set lost',
      'cuda' as const,
      22,
      (g: GraphBuilder, x: Value) =>
        g.op('InstanceNormalization', [x, g.constant('float32', [1, 1], [2]), g.constant('float32', [0, 1], [2])]),
      'InstanceNormalization of float32 has no kernel on cuda from opset 22 on',
      '--passes simplify,full-graph',
    ],
    [
      'an op without a kernel that others stand for',
      'webgpu' as const,
      17,
      (g: GraphBuilder, x: Value) => {
        // Of a few elements it would pass for arithmetic of shapes on a device.
        const many = g.op('Tile', [x, g.ints(1, 512, 1)]);
        return g.op('Where', [g.op('IsNaN', [many]), g.constant('float32', 0, []), many]);
      },
      'IsNaN has no kernel on webgpu',
      '--passes simplify,full-graph',
    ],
    [
      'a type without kernels',
      'webgpu' as const,
      17,
      (g: GraphBuilder, x: Value) => g.op('Cast', [g.op('Sin', [g.op('Cast', [x], { to: 11 })])], { to: 1 }),
      'Sin has no kernel for float64 on webgpu, but for float32 and float16',
      '--passes simplify,fp32',
    ],
  ])('is told with flags that end it: %s', async (_, target, opset, middle, text, cure) => {
    const placement = await placementOf(target, opset, middle, 'simplify');
    expect(placement?.causes).toContainEqual({ count: 1, text, cure });
    const [passes] = wordsAfter('--passes', cure);
    expect((await placementOf(target, opset, middle, passes as string))?.fallbacks).toEqual({});
  });

  it('is told without flags where none help', async () => {
    const placement = await placementOf(
      'webgpu',
      17,
      (g, x) => g.op('Mul', [x, g.op('Det', [g.op('MatMul', [x, g.op('Transpose', [x], { perm: [0, 2, 1] })])])]),
      'simplify',
    );
    expect(placement?.causes).toEqual([{ count: 1, text: 'Det has no kernel on webgpu', cure: undefined }]);
  });

  it('is told with sizes where symbolic dims are in the way', async () => {
    const middle = (g: GraphBuilder, x: Value) => {
      const two = g.constant('int64', [2], [1]);
      const length = g.op('Gather', [g.op('Shape', [x]), two], { axis: 0 });
      const square = g.op('ConstantOfShape', [g.op('Concat', [length, length], { axis: 0 })]);
      return g.op('MatMul', [x, g.op('EyeLike', [square], { dtype: 1, k: 1 })]);
    };
    const cure = '--dim length=8 --passes simplify,full-graph';
    const placement = await placementOf('webgpu', 17, middle, 'simplify');
    expect(placement?.causes).toContainEqual({ count: 1, text: 'EyeLike has no kernel on webgpu', cure });
    const [passes] = wordsAfter('--passes', cure);
    expect((await placementOf('webgpu', 17, middle, passes as string, { length: 8 }))?.fallbacks).toEqual({});
  });
});
