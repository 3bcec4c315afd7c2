/** A denoiser as probe and rest: with nothing skipped it is the original at every step; with a threshold it skips, and the error is told. */
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { generate, type KindName } from '../../fixtures/kinds.js';
import { probeAndRest, stepPorts } from '../../src/cut/probe-rest.js';
import { buildModel, stepCache, UsageError, writeModel } from '../../src/index.js';
import type { Model } from '../../src/ir/model.js';
import { memoryTensor } from '../../src/ir/tensors/tensor.js';
import { summarize } from '../../src/ir/whole-model/summary.js';
import type { StepRun } from '../../src/job/step-run.js';
import { runSteps } from '../../src/job/step-run.js';
import { keepFloat16Bits } from '../../src/runtime/float16-bits.js';
import { Workplace } from '../cli/run-cli.js';
import { temporaries } from '../temporaries.js';

keepFloat16Bits(ort.Tensor);

const place = new Workplace();
afterAll(() => place.remove());

/** Relative L2 that the order of float32 sums may cost a step. */
const EXACT = 1e-4;
const STEPS = 10;

const denoiser = (kind: KindName): Model => generate(kind, 'miniature', 3, kind === 'dit' ? { layers: 4 } : {}).model;

describe('first-block-cache', () => {
  it.each([
    ['dit', 2],
    ['unet', 0.25],
  ] as const)('a %s is itself at threshold 0, and skips steps at a cost above', async (kind, threshold) => {
    const model = denoiser(kind);
    const { probe, rest } = probeAndRest(model);
    const [whole, skipping] = (await runSteps(model, probe, rest, {
      thresholds: [0, threshold],
      steps: STEPS,
      seed: 1,
    })) as [StepRun, StepRun];
    expect([whole.skipped, whole.drift.length]).toEqual([[], STEPS]);
    expect(Math.max(...whole.drift)).toBeLessThan(EXACT);
    expect(skipping.skipped.length).toBeGreaterThan(0);
    // The first step has nothing to remember; the others are skipped where the change is below the threshold.
    expect(skipping.skipped).toEqual(
      skipping.changes.flatMap((change, step) => (change !== null && change < threshold ? [step] : [])),
    );
    expect(skipping.drift.at(-1)).toBeGreaterThan(0);
    expect(skipping.drift.at(-1)).toBeLessThan(0.5);
  });

  it('leaves no temporary file where a part does not load', async () => {
    const model = denoiser('unet');
    // Weights of more than 64 MiB are streamed to a file for the runtime.
    const weights = 2 ** 24 + 1;
    const broken = buildModel({ '': 17 }, (g) => {
      const w = g.constant('float32', [0], [1], 'w');
      w.tensor = memoryTensor('float32', [weights], new Uint8Array(4 * weights));
      g.output('y', g.op('NoSuchOp', [g.input('x', 'float32', [1]), w]), 'float32', [1]);
    });
    const before = temporaries();
    const options = { thresholds: [0], steps: 1, seed: 1 };
    await expect(runSteps(model, broken, model, options)).rejects.toThrow('NoSuchOp');
    expect(temporaries()).toEqual(before);
  });

  it('shares weights, and neither part has those of the other', () => {
    const { probe, rest } = probeAndRest(denoiser('dit'));
    const bytes = (one: Model) => summarize(one).bytes;
    const whole = bytes(denoiser('dit'));
    expect(bytes(probe)).toBeLessThan(whole / 2);
    expect((bytes(probe) + bytes(rest)) / whole).toBeLessThan(1.05);
  });

  it('is refused, and writes nothing, where it could not be run', async () => {
    await place.write(denoiser('unet'), 'unet.onnx');
    const still = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [1, 4])])));
    await place.write(still, 'still.onnx');
    for (const [words, text] of [
      [['unet.onnx', '--steps', '2.5'], /steps: expected a whole number of 2 or more; found 2.5/],
      [['unet.onnx', '--threshold', '-1'], /threshold: expected a number of at least 0; found -1/],
      [['unet.onnx', '-o', 'still.onnx'], /still\.onnx: expected a folder; found a file/],
      [['still.onnx'], /error: /],
    ] as const) {
      const { status, stderr } = await place.run(['first-block-cache', ...words]);
      expect([status !== 0, stderr]).toEqual([true, expect.stringMatching(text)]);
    }
    expect(place.files.sort()).toEqual(['still.onnx', 'unet.onnx']);
  });

  it('is a command that writes both with one data file, and reports a seeded run', async () => {
    await place.write(denoiser('unet'), 'unet.onnx');
    const words = ['first-block-cache', 'unet.onnx', '-o', 'steps', '--threshold', '0.25', '--steps', '4'];
    const { status, stdout } = await place.run(words);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/threshold 0: 0 of 4 steps skipped.*\nthreshold 0.25: \d of 4/),
    ]);
    const names = (file: string) =>
      readFileSync(place.path(`steps/${file}`), 'latin1').match(/rest\.onnx\.\w+\.data/g) ?? [];
    expect(new Set([...names('probe.onnx'), ...names('rest.onnx')]).size).toBe(1);
    expect(place.json('steps/steps.json')).toMatchObject({
      runs: [{ threshold: 0 }, { threshold: 0.25 }],
      ports: stepPorts,
    });
  });

  it('refuses what is no denoiser, and an end that is no sum of its stream', () => {
    expect(() => probeAndRest(denoiser('encoder'))).toThrow(/expected a denoiser, .*before passes that fuse/);
    expect(() => probeAndRest(denoiser('dit'), 'nowhere')).toThrow(
      /--end nowhere: expected a sum of the stream; found .*transformer_blocks\.0\/Add_1/,
    );
    expect(probeAndRest(denoiser('dit'), '/transformer_blocks.1/Add_1_output_0').end).toBe(
      '/transformer_blocks.1/Add_1_output_0',
    );
  });
});

/** y = [skip, remembered…], and 7 to remember where nothing is skipped: sessions of the runtime itself. */
async function sessions(residual: string = stepPorts.residual) {
  const first = buildModel({ '': 17 }, (g) => g.output(residual, g.op('Identity', [g.input('x', 'float32', ['n'])])));
  const second = buildModel({ '': 17 }, (g) => {
    const skip = g.input(stepPorts.skip, 'bool', []);
    const remembered = g.input(stepPorts.remembered, 'float32', ['n']);
    g.output('y', g.op('Concat', [g.op('Reshape', [g.cast(skip, 'float32'), g.ints(1)]), remembered], { axis: 0 }));
    g.output(stepPorts.kept, g.op('Where', [skip, remembered, g.constant('float32', 7)]));
  });
  const open = async (model: Model) => ort.InferenceSession.create(await writeModel(model));
  return [await open(first), await open(second)] as const;
}

const x = (...values: number[]) => ({ x: new ort.Tensor('float32', Float32Array.from(values), [values.length]) });

describe('stepCache', () => {
  it('compares with the last step that was computed whole, and forgets', async () => {
    const cache = stepCache<ort.Tensor>(...(await sessions()), { threshold: 0.1 });
    const given = async (...values: number[]) => Array.from((await cache.run(x(...values)))['y']?.data ?? [], Number);
    for (const value of [1, 1.06, 1.12, 1.2, Number.NaN]) await given(value);
    // 1.12 is near 1.06 and far from 1: small changes do not add up unseen.
    expect(cache.skipped).toEqual([1, 3]);
    expect(cache.changes[4]).toBe(Number.POSITIVE_INFINITY);
    cache.reset();
    expect([cache.steps, await given(1), await given(1)]).toEqual([0, [0, 1], [1, 7]]);
    // Another size, another picture.
    expect((await given(1, 1))[0]).toBe(0);
  });

  it('refuses other models and thresholds', async () => {
    const [probe, rest] = await sessions();
    expect(() => stepCache(rest, probe, { threshold: 0.1 })).toThrow(UsageError);
    expect(() => stepCache(probe, rest, { threshold: -1 })).toThrow('expected a number of 0 or more');
    const [other] = await sessions('y');
    await expect(stepCache<ort.Tensor>(other, rest, { threshold: 0 }).run(x(1))).rejects.toThrow('expected a probe');
  });
});
