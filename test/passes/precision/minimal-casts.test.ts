/** Casts of the precision passes: none that another could do, on networks of four kinds, from every source. */
import { describe, expect, it } from 'vitest';
import { decoder } from '../../../fixtures/decoder.js';
import { encoder } from '../../../fixtures/encoder.js';
import { unet } from '../../../fixtures/unet.js';
import { vae } from '../../../fixtures/vae.js';
import { optimize } from '../../../src/optimize.js';
import { opCounts } from '../../check-pass.js';
import { needlessCasts } from '../../needless-casts.js';
import { published } from '../../published.js';

const models = {
  encoder: encoder({
    ...{ layers: 1, hidden: 32, heads: 2, intermediate: 64, vocabulary: 32, positions: 8, seed: 1 },
    norm: 'decomposed',
  }),
  decoder: decoder({ layers: 1, hidden: 32, heads: 4, kvHeads: 2, intermediate: 64, vocabulary: 32, seed: 1 }),
  unet: unet({ levels: [16, 32], blocks: 1, heads: 2, groups: 4, channels: 4, context: 16, seed: 1 }),
  vae: vae({ levels: [16, 32], groups: 4, channels: 4, gain: 3e4, seed: 1 }),
};

const runs = [
  ['fp16', 'cuda'],
  ['bf16', 'cuda'],
  ['fp32', 'cpu'],
  ['bf16', 'cpu'],
  ['int8', 'webgpu'],
] as const;

/** Of images it takes the original alone: their Casts from other sources stand where those of text do. */
const isText = (name: string): boolean => name === 'encoder' || name === 'decoder';

describe.each(Object.entries(models))('%s', (name, model) => {
  it.each(runs)('%s for %s', async (passes, target) => {
    const others = isText(name) ? [published(model, 'float16'), published(model, 'bfloat16')] : [];
    for (const source of [model, ...others]) {
      const { model: result } = await optimize(source, passes, { target, verify: 'none' });
      expect(needlessCasts(result)).toEqual([]);
    }
  });
});

it('an encoder computes in float16 with a Cast behind its mask and one at each output', async () => {
  const { model: result } = await optimize(models.encoder, 'exact,fp16', { target: 'cuda', verify: 'none' });
  expect(opCounts(result).Cast).toBe(3 + (opCounts(models.encoder).Cast ?? 0));
});
