/** Images whose channels are last: what moves, what stays, and that the numbers are the same. Kernels that GPUs alone have are written out for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { feedsOf } from '../../fixtures/feeds.js';
import { generate } from '../../fixtures/kinds.js';

import { vae } from '../../fixtures/vae.js';
import { channelsLast } from '../../passes/channels-last.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import type { Value } from '../../src/ir/value.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { RuntimeProcess } from '../../src/runtime/isolate.js';
import { measurePlacement } from '../../src/validate/placement.js';
import { applyPass, checkMiss, opCounts, randomWeights } from '../check-pass.js';
import { hasHollow, hollow } from '../runtime/hollow.js';

const unet = () => generate('unet', 'miniature', 0);
const decoder = () => ({
  model: vae({ levels: [32, 64], groups: 8, channels: 4, seed: 0 }),
  dims: { batch: 1, height: 8, width: 8 },
});

const results = new Map<string, ReturnType<typeof optimize>>();
/** What `half,channels-last` makes of a model, made once. */
function lastOf(name: string, { model }: { model: Model }): ReturnType<typeof optimize> {
  const result = results.get(name) ?? optimize(model, 'half,channels-last', { target: 'cuda', verify: 'none' });
  results.set(name, result);
  return result;
}

const pads = [1, 1, 1, 1];
const conv = (g: GraphBuilder, x: Value, seed: number, from = 8, to = 8) =>
  g.op('Conv', [x, g.constant(randomWeights([to, from, 3, 3], 9 * from, seed))], { pads });
/** Three convolutions, what stands in the middle, and three more. */
type Middle = (g: GraphBuilder, x: Value) => Value;
const between = (middle: Middle, from = 8, opset = 17): Model =>
  buildModel({ '': opset }, (g) => {
    const x = conv(g, conv(g, conv(g, g.input('x', 'float32', [2, 8, 6, 5]), 1), 2), 7);
    g.output('y', conv(g, conv(g, conv(g, middle(g, x), 3, from), 4), 8), 'float32');
  });

const movable: readonly (readonly [string, Middle])[] = [
  [
    'sums with a number, a channel and an image',
    (g, x) => {
      const one = g.op('Add', [x, g.constant('float32', [0.5])]);
      const channel = g.op('Mul', [one, g.constant(randomWeights([8, 1, 1], 1, 5))]);
      return g.op('Add', [g.op('Relu', [channel]), x]);
    },
  ],
  [
    'one number for each channel, computed',
    (g, x) => g.op('Mul', [x, g.op('Sigmoid', [g.input('gate', 'float32', [2, 8, 1, 1])])]),
  ],
  ['constants of all four axes', (g, x) => g.op('Add', [x, g.constant(randomWeights([1, 8, 6, 5], 1, 6))])],
  ['Concat of channels', (g, x) => g.op('Concat', [x, g.op('Relu', [x])], { axis: 1 })],
  ['Concat of rows', (g, x) => g.op('Concat', [x, g.op('Relu', [x])], { axis: -2 })],
  [
    'Split of channels',
    (g, x) => {
      const split = g.node('Split', [x, g.ints(3, 5)], { axis: 1 }, { outputs: 2 });
      return g.op('Concat', [split.outputs[1] as Value, split.outputs[0] as Value], { axis: 1 });
    },
  ],
  [
    'Resize by scales',
    (g, x) => g.op('Resize', [x, undefined, g.constant('float32', [1, 1, 2, 3])], { mode: 'nearest' }),
  ],
  [
    'Resize to sizes',
    (g, x) =>
      g.op('Resize', [x, undefined, undefined, g.ints(2, 8, 12, 7)], {
        mode: 'nearest',
        nearest_mode: 'floor',
        coordinate_transformation_mode: 'asymmetric',
      }),
  ],
  [
    'a shape that is read',
    (g, x) => g.op('Expand', [g.op('Mul', [x, g.constant('float32', [2])]), g.op('Shape', [x])]),
  ],
];

/** What the pass makes of it, each rewrite and the whole run beside what was. */
async function moved(model: Model) {
  const { model: made, report } = await optimize(model, [channelsLast()], { target: 'cuda', verify: 'pass' });
  const [result] = report.passes;
  expect(result?.rewrites).toMatchObject({ refuted: [], notCompared: [] });
  expect(result?.verdict?.outcome).toBe('accepted');
  return { counts: opCounts(made), made };
}

describe('channels-last', () => {
  const folder = mkdtempSync(join(tmpdir(), 'channels-last-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['unet', unet, 33],
    ['vae', decoder, 12],
  ] as const)('leaves the transposes of the ports alone in %s', async (name, make, convolutions) => {
    const { model: made, report } = await lastOf(name, make());
    const turns = made.graph.nodes().filter((node) => node.is('Transpose') && node.output.shape?.length === 4);
    expect(turns.map((node) => node.ints('perm'))).toEqual([
      [0, 2, 3, 1],
      [0, 3, 1, 2],
    ]);
    expect(turns[0]?.inputs[0]?.producer?.inputs[0]?.isInput).toBe(true);
    expect(turns[1]?.output.isOutput).toBe(true);
    expect(opCounts(made)).toMatchObject({ 'com.microsoft.NhwcConv': convolutions });
    expect(opCounts(made).Conv).toBeUndefined();
    // The sizes are those of a miniature.
    const left = (report.passes.at(-1)?.skips ?? []).filter(
      ({ reason }) => !/^the kernel takes 2560, .*; found (128|256|512)$/.test(reason),
    );
    expect(left).toEqual([]);
    const again = await optimize(made, 'channels-last', { target: 'cuda', verify: 'none' });
    expect(again.report.passes[0]?.status).toBe('unchanged');
  });

  it('gives the same numbers in a whole decoder', async () => {
    const small = vae({ levels: [8, 16], groups: 4, channels: 4, seed: 0 });
    const { report } = await optimize(small, 'fuse-norm,channels-last', { target: 'cuda', verify: 'end' });
    expect(report.passes.at(-1)).toMatchObject({ status: 'applied', rewrites: { refuted: [], notCompared: [] } });
    expect(report.verification.verdict?.outcome).toBe('accepted');
  });

  it.runIf(hasHollow).each([
    ['unet', unet],
    ['vae', decoder],
  ] as const)('leaves no node of %s on the CPU', async (name, make) => {
    const { model, dims } = make();
    const { model: made } = await lastOf(name, { model });
    const path = join(folder, `${name}.onnx`);
    await writeModel(made, path);
    const runtime = await RuntimeProcess.start({ env: hollow });
    try {
      const placed = await measurePlacement(runtime, path, 'cuda', feedsOf(model, dims, 0));
      expect(placed).toMatchObject({ fallbacks: {}, copies: 0 });
    } finally {
      await runtime.close();
    }
  });

  it.each(movable)('moves %s', async (name, middle) => {
    const { counts } = await moved(between(middle, name === 'Concat of channels' ? 16 : 8));
    expect(counts['com.microsoft.NhwcConv']).toBe(6);
    expect(counts.Transpose).toBe(counts.Expand ? 4 : 2);
  });

  it('keeps the empty lists that stand for none in a Resize of opset 11', async () => {
    const resize: Middle = (g, x) => {
      const none = () => g.constant('float32', [], [0]);
      return g.op('Resize', [x, none(), none(), g.ints(2, 8, 12, 10)], { mode: 'nearest' });
    };
    const { counts, made } = await moved(between(resize, 8, 11));
    expect(counts).toMatchObject({ 'com.microsoft.NhwcConv': 6, Transpose: 2 });
    const inputs = made.graph.nodes().find((node) => node.is('Resize'))?.inputs;
    expect(inputs?.map((value) => value?.tensor?.shape)).toEqual([undefined, [0], [0], undefined]);
  });

  it('has transposes around what works on channels that are first', async () => {
    const pool = between((g, x) => g.op('MaxPool', [x], { kernel_shape: [3, 3], pads, strides: [1, 1] }));
    const linear = between((g, x) =>
      g.op('Resize', [x, undefined, g.constant('float32', [1, 1, 2, 2])], { mode: 'linear' }),
    );
    for (const model of [pool, linear]) {
      const { counts } = await moved(model);
      expect(counts).toMatchObject({ 'com.microsoft.NhwcConv': 6, Transpose: 4 });
    }
  });

  it('adds a residual in the norm behind it', async () => {
    const before = buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
      const [x, skip] = ['x', 'skip'].map((name) => g.input(name, 'float32', [2, 3, 4, 8])) as [Value, Value];
      const time = g.op('Reshape', [g.input('time', 'float32', [2, 8]), g.ints(0, 1, 1, -1)]);
      const vector = (seed: number) => g.constant(randomWeights([8], 1, seed));
      const norm = (sum: Value, seed: number) =>
        g.op(
          'GroupNorm',
          [sum, vector(seed), vector(seed + 1)],
          { groups: 2, activation: 1, channels_last: 1 },
          { domain: 'com.microsoft' },
        );
      const sum = g.op('Add', [x, skip]);
      g.output('y', norm(g.op('Add', [norm(sum, 1), time]), 3), 'float32');
      g.output('sum', g.op('Relu', [sum]), 'float32');
    });
    const { counts, made } = await moved(before);
    expect(counts).toMatchObject({ 'com.microsoft.SkipGroupNorm': 2 });
    expect(counts.Add).toBeUndefined();
    expect(
      made.graph.nodes().flatMap(({ opType, outputs }) => (opType === 'SkipGroupNorm' ? [outputs.length] : [])),
    ).toEqual([2, 1]);
  });

  it('leaves a sum of another shape before a norm', async () => {
    const before = buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
      const sum = g.op('Add', [g.input('x', 'float32', [2, 3, 4, 8]), g.input('row', 'float32', [2, 3, 1, 8])]);
      const vector = (seed: number) => g.constant(randomWeights([8], 1, seed));
      const attributes = { groups: 2, channels_last: 1 };
      g.output('y', g.op('GroupNorm', [sum, vector(1), vector(2)], attributes, { domain: 'com.microsoft' }), 'float32');
    });
    const reason = 'the kernel adds two images of one shape, or one number for each channel of an image';
    await checkMiss(channelsLast(), { before, target: 'cuda', reason });
  });

  const tokens = (columns: number, turned = false, opset = 17) =>
    buildModel({ '': opset, 'com.microsoft': 1 }, (g) => {
      const x = g.input('x', 'float32', [1, 3, columns]);
      const sum = g.op('Add', [g.constant(randomWeights([columns], 1, 1)), x]);
      const split = g.node('Split', [sum, g.ints(columns / 2, columns / 2)], { axis: -1 }, { outputs: 2 });
      const [a, b] = split.outputs as [Value, Value];
      const [plain, active] = turned ? [b, a] : [a, b];
      const gated = g.op('Mul', [g.op('Gelu', [active], {}, { domain: 'com.microsoft' }), plain]);
      const biased = g.op('Add', [gated, g.constant(randomWeights([columns / 2], 1, 2))]);
      g.output('y', g.op('Add', [g.input('skip', 'float32', [1, 3, columns / 2]), biased]), 'float32');
    });

  it('runs a gated GELU and a residual with their biases as one kernel each', async () => {
    const { counts, made } = await moved(tokens(2560));
    expect(counts).toEqual({ 'com.microsoft.BiasSplitGelu': 1, 'com.microsoft.BiasAdd': 1 });
    const again = await optimize(made, 'channels-last', { target: 'cuda', verify: 'none' });
    expect(again.report.passes[0]?.status).toBe('unchanged');
  });

  const residual = (g: GraphBuilder, x: Value, skip: readonly number[]) =>
    g.op('Add', [g.op('Add', [x, g.constant(randomWeights([8], 1, 1))]), g.input('skip', x.elem ?? 'float32', skip)]);
  const sums = (build: (g: GraphBuilder) => Value): Model =>
    buildModel({ '': 17, 'com.microsoft': 1 }, (g) => g.output('y', build(g)));

  it.each([
    ['other sizes', tokens(512), 'the kernel takes 2560, 5120, 6144, 10240, 12288 columns; found 512'],
    ['the first half', tokens(2560, true), 'the kernel takes the GELU of the second half'],
    [
      'a skip that broadcasts',
      sums((g) => residual(g, g.input('x', 'float32', [2, 3, 8]), [8])),
      'the kernel adds two values of one shape',
    ],
    [
      'a bias that broadcasts',
      sums((g) => residual(g, g.input('x', 'float32', [2, 3, 1]), [2, 3, 8])),
      'the bias broadcasts its sum to a larger shape',
    ],
    [
      'a type without a kernel',
      sums((g) => residual(g, g.input('x', 'float64', [2, 3, 8]), [2, 3, 8])),
      'the target has no BiasAdd for float64',
    ],
    [
      'a sum that is read elsewhere',
      sums((g) => {
        const whole = residual(g, g.input('x', 'float32', [2, 3, 8]), [2, 3, 8]);
        return g.op('Mul', [whole, whole.producer?.inputs[0] as Value]);
      }),
      'what the kernel would keep to itself is read elsewhere',
    ],
  ] as const)('leaves a sum with a bias: %s', async (_, before, reason) => {
    const { passes } = await applyPass(channelsLast(), before, 'cuda');
    expect(passes[0]?.skips.map((skip) => skip.reason)).toContain(reason);
  });

  it.runIf(hasHollow)('emits biased kernels in the sizes that CUDA takes', async () => {
    const runtime = await RuntimeProcess.start({ env: hollow });
    try {
      for (const columns of [2560, 5120, 6144, 10240, 12288]) {
        const { model } = await applyPass(channelsLast(), tokens(columns), 'cuda');
        const feeds = feedsOf(model, {}, 0);
        expect(await measurePlacement(runtime, await writeModel(model), 'cuda', feeds)).toMatchObject({ names: [] });
      }
    } finally {
      await runtime.close();
    }
  });

  it.each([
    [
      'a convolution alone',
      buildModel({ '': 17 }, (g) => g.output('y', conv(g, g.input('x', 'float32', [2, 8, 6, 5]), 1))),
      'cuda',
      'the transposes around it would be as many as the convolutions between them',
    ],
    [
      'a convolution of a signal',
      buildModel({ '': 17 }, (g) =>
        g.output('y', g.op('Conv', [g.input('x', 'float32', [2, 8, 9]), g.constant(randomWeights([8, 8, 3], 9, 1))])),
      ),
      'cuda',
      'the layout is for images: an input and weights of four axes',
    ],
    [
      'the CPU',
      between((_, x) => x),
      'cpu',
      'nothing to do: the runtime chooses the layout of convolutions on cpu by itself',
    ],
    [
      'WebGPU',
      between((_, x) => x),
      'webgpu',
      'nothing to do: the runtime chooses the layout of convolutions on webgpu by itself',
    ],
  ] as const)('leaves %s, and says why', (_, before, target, reason) =>
    checkMiss(channelsLast(), { before, target, reason }),
  );

  it('leaves what has no kernel in the type', async () => {
    const { model } = await optimize(
      between((_, x) => x, 8, 22),
      'bf16',
      { target: 'cuda', verify: 'none' },
    );
    const { passes } = await applyPass(channelsLast(), model, 'cuda');
    expect(passes[0]?.skips.map(({ reason }) => reason)).toEqual(['the target has no NhwcConv kernel for bfloat16']);
  });
});
