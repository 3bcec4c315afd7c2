/** Tests the norms and activations of models from real exporters, if the collection is beside the repository. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fuseAct } from '../../../passes/fuse-act.js';
import { fuseNorm } from '../../../passes/fuse-norm.js';
import type { Model } from '../../../src/ir/model.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import type { PipelineResult } from '../../../src/run/pipeline/pipeline-result.js';
import { applyPasses, compareTensors } from '../../check-pass.js';
import { collection, modelFolders } from '../../models.js';
import { runModel } from '../../run-model.js';
import { dataSets, storedTensors } from '../../stored-data.js';

interface Truth {
  readonly arch: string;
  readonly variant: string;
  readonly layer_norms: number | null;
  readonly rms_norms: number | null;
  readonly gelu_like: Readonly<Record<string, number>> | null;
}

const kernels = {
  layer: ['LayerNormalization', 'SkipLayerNormalization'],
  rms: ['RMSNormalization', 'SimplifiedLayerNormalization', 'SkipSimplifiedLayerNormalization'],
  gelu: ['Gelu', 'FastGelu', 'BiasGelu'],
  quick: ['QuickGelu'],
};

const count = (model: Model, opTypes: readonly string[]): number =>
  [...model.graphs()].flatMap((graph) => [...graph.nodeSet]).filter(({ opType }) => opTypes.includes(opType)).length;

const zoo = collection('zoo');
/** Every second: of each exporter about half of the architectures. */
const folders = modelFolders(zoo)
  .filter((_, index) => index % 2 === 0)
  .map((folder) => {
    const truth = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Truth;
    return { folder, truth, variant: folder.split('/').at(-1) as string };
  });
/** The variants written by the exporters of PyTorch; the rest is written by hand. */
const variants = [...new Set(folders.map(({ variant }) => variant))].filter((name) => /^(ts|dyn)\d*/.test(name));

const fused = async (folder: string): Promise<PipelineResult> =>
  applyPasses([fuseNorm(), fuseAct()], await readModel(join(folder, 'model.onnx')));

describe.runIf(folders.length > 0)('norms and activations of the collection', () => {
  it.each(variants)('%s: each is one kernel, or its reason is in the report', async (variant) => {
    const found = { layer: 0, rms: 0, gelu: 0, quick: 0 };
    const expected = { layer: 0, rms: 0, gelu: 0, quick: 0 };
    const misses = new Set<string>();
    for (const { folder, truth } of folders.filter((one) => one.variant === variant)) {
      const { quick = 0, ...gelus } = truth.gelu_like ?? {};
      expected.layer += truth.layer_norms ?? 0;
      expected.rms += truth.rms_norms ?? 0;
      expected.gelu += Object.values(gelus).reduce((sum, one) => sum + one, 0);
      expected.quick += quick;
      const { model, passes } = await fused(folder);
      // SiLU has the same kernel as a quick GELU, and its truth counts calls where exporters share results.
      for (const kind of ['layer', 'rms', 'gelu', 'quick'] as const)
        if (kind !== 'quick' || quick > 0) found[kind] += count(model, kernels[kind]);
      for (const { skips } of passes) for (const { reason } of skips) misses.add(reason);
    }
    for (const kind of ['layer', 'rms', 'gelu', 'quick'] as const)
      expect(found[kind], `${kind}: at least 98 % of ${expected[kind]}`).toBeGreaterThanOrEqual(0.98 * expected[kind]);
    const known = /no GroupNorm kernel|not round the sum to float16/;
    expect([...misses].filter((reason) => !known.test(reason))).toEqual([]);
  });

  /** One model for each way in which something is spelled. */
  const samples = [
    'legacy-bert/ts11',
    'gemma2/dyn20',
    'flux-transformer/dyn20',
    'clip-text/ts-eager',
    'gpt2-past/ts-sdpa',
  ];
  it.each(samples)('%s gives the same outputs at every stored size', async (sample) => {
    const folder = join(zoo, sample);
    const { model, passes } = await fused(folder);
    expect(passes.some(({ status }) => status === 'applied')).toBe(true);
    const bytes = await writeModel(model);
    for (const set of dataSets(folder)) {
      const feeds = storedTensors(folder, 'input', set);
      // float32 noise of a few layers.
      compareTensors(await runModel(bytes, feeds), await runModel(join(folder, 'model.onnx'), feeds), 1e-4);
    }
  });
});

const traps = collection('traps');
describe.runIf(modelFolders(traps).length > 0)('models that look like norms and activations', () => {
  const cases: [string, string | undefined][] = [
    ['layernorm-eps-outside-sqrt', 'expected the power -0.5; found -1'],
    ['layernorm-pow-3', 'expected the power 2; found 4'],
    ['gelu-wrong-half', 'expected a factor 0.5; found 0.25'],
    ['gelu-wrong-one', 'expected a term 1; found 0.8999'],
    // Normalised over axis 1 and scaled along the last: the norm alone is fused, turned.
    ['layernorm-axis-1', undefined],
  ];
  it.each(cases)('%s keeps its numbers; refused: %s', async (trap, reason) => {
    const folder = join(traps, trap);
    const { model, passes } = await fused(folder);
    const reasons = passes.flatMap(({ skips }) => skips.map((skip) => skip.reason));
    if (reason) expect(reasons.join()).toContain(reason);
    else expect(reasons).toEqual([]);
    const feeds = storedTensors(folder, 'input');
    compareTensors(
      await runModel(await writeModel(model), feeds),
      await runModel(join(folder, 'model.onnx'), feeds),
      1e-5,
    );
  });
});
