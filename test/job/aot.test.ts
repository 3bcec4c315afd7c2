/** What the runtime's own optimizer makes of a result, saved beside it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { memoryTensor } from '../../src/ir/tensors/tensor.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { closeRuntime } from '../../src/on-demand.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { reportText } from '../../src/report/text.js';
import { reportSchema } from '../../src/run/report/report.js';
import { aheadOfTime } from '../../src/validate/ahead-of-time.js';
import { opCounts, randomFeeds } from '../check-pass.js';
import { runModel } from '../run-model.js';
import { temporaries } from '../temporaries.js';

/** A convolution and an activation, which onnxruntime makes one node of. */
const model = () =>
  buildModel({ '': 17 }, (g) => {
    const weights = Array.from({ length: 16 * 3 * 9 }, (_, i) => Math.sin(i));
    const conv = g.op('Conv', [
      g.input('x', 'float32', ['batch', 3, 8, 8]),
      g.constant('float32', weights, [16, 3, 3, 3]),
    ]);
    g.output('y', g.op('Relu', [conv]), 'float32', ['batch', 16, 6, 6]);
  });

const folder = mkdtempSync(join(tmpdir(), 'aot-test-'));
const input = join(folder, 'model.onnx');
beforeAll(async () => void (await writeModel(model(), input)));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeRuntime();
});

describe('aot', () => {
  it('saves, compares and times what the runtime makes of the result', async () => {
    const report = await optimizeFile(input, 'simplify', {
      target: 'cpu',
      aot: true,
      speed: false,
      externalData: true,
    });
    expect(report.aot).toMatchObject({ provider: 'cpu', ops: { Conv: -1, Relu: -1, 'com.microsoft.FusedConv': 1 } });
    expect(report.aot?.nodes).toEqual({ before: 2, after: 1 });
    expect(report.aot?.create.samples.result.length).toBeGreaterThanOrEqual(3);
    expect(report.gates).toMatchObject([
      { name: 'accuracy', passed: true },
      { name: 'aot', passed: true },
    ]);
    const path = join(folder, 'model.opt.aot-cpu.onnx');
    expect(report.output?.files).toContain(path);
    expect(report.output?.files.every((file) => readdirSync(folder).includes(file.slice(folder.length + 1)))).toBe(
      true,
    );
    const [saved, result] = [await readModel(path), await readModel(join(folder, 'model.opt.onnx'))];
    expect(opCounts(saved)).toEqual({ 'com.microsoft.FusedConv': 1 });
    const feeds = randomFeeds(result);
    const run = async (one: Model) => numbersOf((await runModel(await writeModel(one), feeds)).y as Tensor);
    const expected = await run(result);
    // One sum of 27 products, in another order.
    for (const [i, number] of (await run(saved)).entries()) expect(number).toBeCloseTo(expected[i] as number, 5);
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report))).aot).toMatchObject({ path });
    expect(reportText(report)).toMatch(
      /aot: after us onnxruntime made \+1 FusedConv, .*: 2 → 1 nodes\n *aot: creating a session /,
    );
    expect(reportMarkdown(report)).toContain('\n- after us onnxruntime made');
  });

  it('appears with the result, or not at all, and leaves no temporary folder', async () => {
    const dataName = 'w.data';
    const place = mkdtempSync(join(folder, 'set-'));
    const write = (options: object) =>
      optimizeFile(input, 'simplify', {
        ...{ out: join(place, 'o.onnx'), target: 'cpu', aot: true, speed: false, verify: 'none', ...options },
      });
    await writeModel(model(), join(place, 'other.onnx'), { dataName });
    await expect(write({ dataName })).rejects.toThrow('expected a data file that no other model reads');
    expect(readdirSync(place).sort()).toEqual(['other.onnx', dataName]);
    const before = temporaries();
    const aborter = new AbortController();
    const onProgress = (step: string) => step === 'writing' && aborter.abort(new Error('enough'));
    await expect(write({ onProgress, signal: aborter.signal })).rejects.toThrow('enough');
    expect(temporaries()).toEqual(before);
    expect(readdirSync(place).sort()).toEqual(['other.onnx', dataName]);
  });

  it('wants a provider that works here, and that a result is compared at all', async () => {
    const asked = (options: object) =>
      optimizeFile(input, 'simplify', { aot: true, out: join(folder, 'other.onnx'), ...options });
    await expect(asked({ target: 'cuda' })).rejects.toThrow(
      'aot: expected cuda to work here, as its own optimizer is run',
    );
    await expect(asked({ target: 'cpu', validate: false })).rejects.toThrow(
      'aot (--aot): expected validation to be on',
    );
    expect(readdirSync(folder)).not.toContain('other.onnx');
  });

  it('says why there is none where the runtime does not load the model', async () => {
    const broken = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('NoSuchOp', [g.input('x', 'float32', [2])]), 'float32', [2]),
    );
    expect(await aheadOfTime(broken, 'cpu', {})).toMatchObject({
      refused: expect.stringMatching(/does not load: .*NoSuchOp/),
    });
  });

  it('leaves no temporary folder where the result cannot be read', async () => {
    const before = temporaries();
    const lose = (): never => {
      throw new Error('gone');
    };
    const tensor = { ...memoryTensor('float32', [400], new Uint8Array(1600)), chunks: lose, bytes: lose };
    const lost = buildModel({ '': 17 }, (g) => {
      const w = g.constant('float32', new Array(400).fill(1), [400], 'w');
      w.tensor = tensor;
      g.output('y', g.op('Add', [g.input('x', 'float32', [400]), w]), 'float32', [400]);
    });
    await expect(aheadOfTime(lost, 'cpu', {})).rejects.toThrow('gone');
    expect(temporaries()).toEqual(before);
  });
});
