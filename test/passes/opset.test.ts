import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { opset } from '../../passes/opset.js';
import { buildModel } from '../../src/ir/build.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { applyPass, checkMiss, checkPass, compareTensors } from '../check-pass.js';
import { collection } from '../models.js';
import { runModel } from '../run-model.js';
import { dataSets, storedTensors } from '../stored-data.js';

/** Exporters at opsets 9 to 23, and every kind of scope: bodies, functions, sequences, classic models. */
const sample = [
  'bert/ts-eager',
  'dinov2/dyn20',
  'if-subgraph/helper',
  'legacy-bert/ts11',
  'llama/dyn23',
  'local-functions/helper',
  'loop-subgraph/helper',
  'lstm/ts-eager',
  'optional-output/helper',
  'scan-subgraph/helper',
  'sd15-unet/dyn20',
  'sd-vae-decoder/ts-sdpa',
  'swin/ts-eager',
].filter((name) => existsSync(join(collection('zoo'), name)));

describe.runIf(sample.length > 0)('opset: models of real exporters', () => {
  it.each(sample)('%s: equal outputs at 26', async (name) => {
    const folder = join(collection('zoo'), name);
    const path = join(folder, 'model.onnx');
    const { model, passes } = await applyPass(opset({ to: 26 }), await readModel(path));
    expect(passes[0]?.status).toBe('applied');
    const bytes = await writeModel(model);
    expect((await readModel(bytes)).irVersion).toBeGreaterThanOrEqual(13);
    for (const set of dataSets(folder)) {
      const feeds = storedTensors(folder, 'input', set);
      const expected = await runModel(path, feeds).catch(() => undefined);
      if (expected) compareTensors(await runModel(bytes, feeds), expected, 0);
    }
  });
});

describe('opset', () => {
  const image = (elem: 'float32' | 'float16' = 'float32') =>
    buildModel({ '': 18 }, (g) => {
      const perGroup = (...values: number[]) => g.constant(elem, values);
      const x = g.input('x', elem, ['batch', 4, 3]);
      const y = g.op('GroupNormalization', [x, perGroup(1, 2), perGroup(0, 1)], { num_groups: 2 });
      g.output('y', y, elem, ['batch', 4, 3]);
    });

  it('raises all of it', async () => {
    const { model } = await checkPass(opset({ to: 23 }), { before: image(), within: 1e-6 });
    expect(model.opsets.get('')).toBe(23);
    await checkPass(opset({ to: 21 }), { before: image('float16'), within: 1e-3 });
  });

  it('changes nothing where one node has no later form, and says which', async () => {
    const before = buildModel({ '': 11 }, (g) => {
      const x = g.input('x', 'float32');
      g.output('y', g.op('Softmax', [g.op('Unsqueeze', [x], { axes: [0] })]));
    });
    await checkMiss(opset({ to: 13 }), { before, reason: 'opset 13: Softmax: the rank of its input is not known' });
  });

  it('lowers nothing', async () => {
    await checkMiss(opset({ to: 17 }), { before: image(), reason: 'the model has 18, and nothing lowers it' });
  });

  it('says which ops lose their kernel on the target', async () => {
    const before = buildModel({ '': 17 }, (g) => g.output('y', g.op('Sin', [g.input('x', 'float32', [4])])));
    const { passes } = await applyPass(opset({ to: 25 }), before, 'webgpu');
    expect(passes[0]?.notes.map(({ text }) => text)).toEqual(['webgpu has no kernel for Sin of opset 25 in float32']);
  });

  it('changes nothing on the CPU where it would lose a kernel: nothing else has one', async () => {
    const before = buildModel({ '': 17 }, (g) => g.output('y', g.op('RandomNormal', [], { shape: [4] }), 'float32'));
    await checkMiss(opset({ to: 22 }), { before, reason: 'opset 22: the CPU has no kernel for RandomNormal of it' });
  });

  it('gives ops that got another name their new one', async () => {
    const before = buildModel({ '': 9 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 1, 2, 3]);
      const scaled = g.op('Upsample', [x, g.constant('float32', [1, 1, 2, 2])], { mode: 'linear' });
      const places = g.constant('int64', [0, 1], [1, 1, 1, 2]);
      const updates = g.constant('float32', [9, 8], [1, 1, 1, 2]);
      g.output('y', g.op('Scatter', [scaled, places, updates], { axis: 3 }));
    });
    await checkPass(opset({ to: 23 }), { before, within: 0, ops: { Resize: 1, ScatterElements: 1 } });
  });

  it('takes no opset that is not known', () => {
    expect(() => opset({ to: 27 })).toThrow('from 8 to 26');
  });
});
