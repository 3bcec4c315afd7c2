/** Rotary embeddings of real exporters: all are fused, and right on every stored set of inputs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fuseRope } from '../../../passes/fuse-rope.js';
import type { Model } from '../../../src/ir/model.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { applyPass, compareTensors } from '../../check-pass.js';
import { collection } from '../../models.js';
import { runModel } from '../../run-model.js';
import { dataSets, storedTensors } from '../../stored-data.js';

const zoo = collection('zoo');
const index = join(zoo, 'index.json');
const cases: { arch: string; variant: string; rotary_sites: number }[] = existsSync(index)
  ? JSON.parse(readFileSync(index, 'utf8'))
  : [];
/** Two layers of float32 in another order. */
const NOISE = 1e-5;

const kernels = (model: Model): number =>
  [...model.graphs()].flatMap(({ nodeSet }) => [...nodeSet]).filter(({ opType }) => opType === 'RotaryEmbedding')
    .length;

describe.runIf(cases.length > 0)('fuse-rope on the zoo', () => {
  it.each(cases.filter(({ rotary_sites }) => rotary_sites > 0))(
    '$arch/$variant',
    async ({ arch, variant, ...truth }) => {
      const folder = join(zoo, arch, variant);
      const path = join(folder, 'model.onnx');
      const { model, passes } = await applyPass(fuseRope(), await readModel(path));
      expect(kernels(model)).toBe(truth.rotary_sites);
      expect(passes[0]?.skips).toEqual([]);
      const bytes = await writeModel(model);
      for (const set of dataSets(folder)) {
        const feeds = storedTensors(folder, 'input', set);
        compareTensors(await runModel(bytes, feeds), await runModel(path, feeds), NOISE);
      }
    },
  );

  it('finds none where there are none', async () => {
    const others = cases.filter(({ rotary_sites }) => rotary_sites === 0);
    for (const { arch, variant } of others.filter((_, index) => index % 3 === 0)) {
      const { passes } = await applyPass(fuseRope(), await readModel(join(zoo, arch, variant, 'model.onnx')));
      expect(passes[0], `${arch}/${variant}`).toMatchObject({ status: 'unchanged', notes: [], skips: [] });
    }
  });
});
