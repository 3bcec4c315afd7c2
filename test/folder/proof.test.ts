/** Whole pipelines, original against result: what is right passes, and an injected fault is named by its part. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFolder } from '../../fixtures/folders.js';
import { filesIn } from '../../src/folder/place/staging.js';
import { layoutOf } from '../../src/folder/plan/layout.js';
import { faultOfPicture, psnrOf, ssimOf } from '../../src/folder/proof/diffusion/picture.js';
import { diffusionPartsOf, provePipeline } from '../../src/folder/proof/diffusion/prove.js';
import { scheduleOf } from '../../src/folder/proof/diffusion/scheduler.js';
import { type Model, numbersOf, tensorOf } from '../../src/index.js';
import { gateOf } from '../../src/validate/judge/gates.js';
import { sidesOf } from './sides.js';

const root = mkdtempSync(join(tmpdir(), 'proof-'));
const folderOf = (name: string): string => join(root, name);
beforeAll(async () => {
  await writeFolder('sd15', folderOf('sd15'));
  await writeFolder('sd3', folderOf('sd3'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The proof of a folder against itself, one part of it replaced by a changed copy. */
async function proofOf(name: 'sd15' | 'sd3', changed?: string, change?: (model: Model) => void) {
  const folder = folderOf(name);
  const parts = diffusionPartsOf(layoutOf(await filesIn(folder)));
  if (!parts) throw new Error('no pipeline');
  const sides = await sidesOf(folder, join(root, 'changed.onnx'), changed, change);
  return provePipeline(parts, sides, { provider: 'cpu', gate: gateOf('rounding', 'cpu'), steps: 2, side: 8 }, () => {});
}

/** Multiplies the first weight of a layer whose name has `part` in it. */
const scale = (part: string, factor: number) => (model: Model) => {
  const node = [...model.graph.nodes()].find(
    ({ name, inputs }) =>
      name.includes(part) && inputs[1]?.tensor?.type === 'float32' && inputs[1].tensor.shape.length > 1,
  );
  const weight = node?.inputs[1];
  if (!weight?.tensor) throw new Error(`no layer ${part}`);
  weight.tensor = tensorOf(
    weight.tensor.type,
    numbersOf(weight.tensor).map((value) => value * factor),
    weight.tensor.shape,
  );
};

describe.each(['sd15', 'sd3'] as const)('%s', (name) => {
  test('is itself', async () => {
    const { proof, pictures } = await proofOf(name);
    expect(proof.gates.filter(({ passed }) => !passed)).toEqual([]);
    expect(proof.diffusion?.drift).toEqual([0, 0]);
    expect(proof.diffusion?.image).toMatchObject({ psnr: null, ssim: 1 });
    expect(pictures?.[0].width).toBe(16);
  });

  test.each([
    ['text_encoder/model.onnx', 'layer.0'],
    [
      name === 'sd15' ? 'unet/model.onnx' : 'transformer/model.onnx',
      name === 'sd15' ? 'mid_block/resnets.0/conv2' : '1',
    ],
    ['vae_decoder/model.onnx', 'up_blocks.0/resnets.0/conv2'],
  ])('a wrong scale in one block of %s is named', async (part, block) => {
    const { proof } = await proofOf(name, part, scale(block, part.startsWith('vae') ? 100 : 8));
    const failed = proof.gates.filter(({ passed }) => !passed).map((gate) => gate.name);
    expect(failed).toContain(part);
    expect(failed.filter((one) => one !== 'picture')).toEqual([part]);
  });
});

test('a model that does not run is a failure, not an error', async () => {
  const { proof } = await proofOf('sd15', 'vae_decoder/model.onnx', (model) => {
    const weight = [...model.graph.nodes()].find(({ opType }) => opType === 'Conv')?.inputs[1];
    if (weight) weight.tensor = tensorOf('float32', [1, 1, 1], [1, 3, 1, 1]);
  });
  expect(proof.gates).toMatchObject([{ name: 'vae_decoder/model.onnx', passed: false }]);
  expect(proof.gates[0]?.detail).toMatch(/does not run/);
});

describe('the noise of a schedule', () => {
  test('is that of Stable Diffusion', () => {
    // k-diffusion and diffusers state these for 1000 steps of scaled_linear from 0.00085 to 0.012.
    const { start, timesteps } = scheduleOf({ _class_name: 'EulerDiscreteScheduler' }, 4);
    expect(Math.sqrt(start ** 2 - 1)).toBeCloseTo(14.6146, 3);
    expect(timesteps).toEqual([999, 666, 333, 0]);
  });

  test('leads to the picture when the model is right about it', () => {
    const picture = Float64Array.of(0.5, -0.25, 1);
    const noise = Float64Array.of(1, -1, 0.5);
    for (const _class_name of ['EulerDiscreteScheduler', 'FlowMatchEulerDiscreteScheduler']) {
      const isFlow = _class_name.startsWith('Flow');
      const schedule = scheduleOf({ _class_name, shift: 3 }, 5);
      let latent: Float64Array = isFlow
        ? noise
        : picture.map((value, i) => value + (noise[i] as number) * Math.sqrt(schedule.start ** 2 - 1));
      for (let step = 0; step < 5; step++) {
        const output = isFlow ? noise.map((value, i) => value - (picture[i] as number)) : noise;
        latent = schedule.next(latent, output, step);
      }
      for (const [i, value] of latent.entries()) expect(value).toBeCloseTo(picture[i] as number, 9);
    }
  });
});

describe('a picture', () => {
  const of = (value: (i: number) => number) => ({
    width: 8,
    height: 8,
    values: Float64Array.from({ length: 192 }, (_, i) => value(i)),
  });
  const usual = of((i) => (i % 17) / 17);
  test.each([
    ['NaN', of((i) => (i === 5 ? Number.NaN : 0.5))],
    ['black', of(() => 0)],
    ['grey', of((i) => 0.5 + (i % 2) * 0.001)],
    ['saturated', of((i) => (i % 2 ? 5 : -5))],
    [undefined, usual],
  ])('that is %s', (fault, picture) => {
    expect(faultOfPicture(picture)).toBe(fault);
  });

  test('is as far from another as its noise', () => {
    const noisy = of((i) => (i % 17) / 17 + (i % 2 ? 0.01 : -0.01) * (i % 17 ? 1 : 0));
    expect(psnrOf(usual, usual)).toBe(Number.POSITIVE_INFINITY);
    expect(psnrOf(usual, noisy)).toBeGreaterThan(39.9);
    expect(psnrOf(usual, noisy)).toBeLessThan(41);
    expect(ssimOf(usual, usual)).toBeCloseTo(1, 12);
    expect(
      ssimOf(
        usual,
        of((i) => 1 - (i % 17) / 17),
      ),
    ).toBeLessThan(0);
  });
});
