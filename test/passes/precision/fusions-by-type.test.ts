/** Presets find the same sites in a model whatever float it was published in: fusions run behind what the target does not compute in. */
import { describe, expect, it } from 'vitest';
import { decoder } from '../../../fixtures/decoder.js';
import { encoder } from '../../../fixtures/encoder.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { targets } from '../../../src/ir/targets/targets.js';
import { optimize } from '../../../src/optimize.js';
import { randomWeights } from '../../check-pass.js';
import { published } from '../../published.js';

const size = { ...{ layers: 1, hidden: 32, heads: 2, intermediate: 64, vocabulary: 32, positions: 8 }, seed: 4 };
const models = { encoder: encoder(size), decoder: decoder({ ...size, kvHeads: 1 }) };
const types = ['float16', 'bfloat16', 'float64'] as const;

/** How often each fused op stands in a result. In 16 bits GELU leaves the bias before it, which its kernel would not round. */
async function fused(model: Model, preset: string, target: (typeof targets)[number]): Promise<Record<string, number>> {
  const { model: result } = await optimize(model, preset, { target, verify: 'none' });
  const counts: Record<string, number> = {};
  for (const graph of result.graphs())
    for (const { opType } of graph.nodeSet) {
      const kind = opType === 'BiasGelu' ? 'Gelu' : opType;
      if (/Norm|Attention|Gelu|Rotary|NBits|BlockQuantized/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
    }
  return counts;
}

describe.each(Object.entries(models))('%s', (_, model) => {
  describe.each(targets)('for %s', (target) => {
    // Half begins with exact, and the others fuse the same everywhere.
    it.each(['half', ...(target === 'cpu' ? ['exact', 'quarter', 'eighth'] : [])])('%s', async (preset) => {
      const expected = await fused(model, preset, target);
      expect(Object.keys(expected).length).toBeGreaterThan(2);
      // Exact leaves float64 where that runs.
      for (const type of types.filter((one) => one !== 'float64' || preset !== 'exact'))
        expect(await fused(published(model, type), preset, target), type).toEqual(expected);
    });
  });
});

describe('fp32 before fusions', () => {
  /** It runs in float64, which the encoder does not: the CPU has no Erf in that. */
  const layered = buildModel({ '': 17 }, (g) => {
    const hidden = g.op('MatMul', [g.input('x', 'float32', [4, 64]), g.constant(randomWeights([64, 64], 0.1, 1))]);
    g.output('y', g.op('Mul', [hidden, g.op('Sigmoid', [hidden])]), 'float32', [4, 64]);
  });
  const passesOf = async (type: (typeof types)[number], passes: string, target: (typeof targets)[number]) => {
    const model = passes === 'exact' ? layered : models.encoder;
    return (await optimize(published(model, type), passes, { target, verify: 'none' })).report.passes;
  };

  it('is in the report where it was put, and says what it did', async () => {
    const [first] = await passesOf('bfloat16', 'half', 'webgpu');
    expect(first).toMatchObject({ name: 'fp32', status: 'applied' });
    expect(first?.notes.map(({ text }) => text).join()).toMatch(/computed in bfloat16 is computed in float32/);
  });

  it.each([
    ['a type that the target computes in', 'float16', 'half', 'cuda'],
    ['float64 that runs, in passes that are exact', 'float64', 'exact', 'cpu'],
    ['passes that fuse nothing', 'bfloat16', 'simplify', 'cpu'],
  ] as const)('leaves %s', async (_, type, passes, target) => {
    const names = (await passesOf(type, passes, target)).map(({ name }) => name);
    expect(names).not.toContain('fp32');
  });

  it('takes float64 in passes that are exact where it does not run', async () => {
    const { report } = await optimize(published(models.encoder, 'float64'), 'exact', { target: 'cpu', verify: 'none' });
    expect(report.passes[0]).toMatchObject({ name: 'fp32', status: 'applied' });
    expect(await fused(published(models.encoder, 'float64'), 'exact', 'cpu')).toEqual(
      await fused(models.encoder, 'exact', 'cpu'),
    );
  });

  it('keeps a float16 model in float16 on CUDA', async () => {
    const { model } = await optimize(published(models.encoder, 'float16'), 'half', { target: 'cuda', verify: 'none' });
    const elems = new Set([...model.graph.nodes()].flatMap(({ outputs }) => outputs.map((value) => value?.elem)));
    expect([...elems]).toContain('float16');
    expect([...elems]).not.toContain('bfloat16');
  });
});
