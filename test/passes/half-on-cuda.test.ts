/** What `half` computes in on CUDA, and that nothing of it leaves the GPU. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { feedsOf } from '../../fixtures/feeds.js';
import { type Generated, generate, type KindName } from '../../fixtures/kinds.js';
import { vae } from '../../fixtures/vae.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import type { Report } from '../../src/run/report/report.js';
import { RuntimeProcess } from '../../src/runtime/isolate.js';
import { readPlacement } from '../../src/validate/placement.js';
import { hasHollow, hollow } from '../runtime/hollow.js';

const generated = (kind: KindName) => () => generate(kind, 'miniature', 0);
const models: Readonly<Record<string, () => Generated>> = {
  unet: generated('unet'),
  dit: generated('dit'),
  encoder: generated('encoder'),
  decoder: generated('decoder'),
  'a step of decoder': () => ({
    model: generate('decoder', 'miniature', 0).model,
    dims: { batch: 2, sequence: 1, past_sequence: 5, total_sequence: 6 },
  }),
  vae: () => ({
    model: vae({ levels: [32, 64], groups: 8, channels: 4, seed: 0 }),
    dims: { batch: 1, height: 8, width: 8 },
  }),
};
const make = (name: string): Generated => (models[name] as () => Generated)();
const results = new Map<string, ReturnType<typeof half>>();
/** What `half` makes of a model, made once. */
const halfOf = (name: string): ReturnType<typeof half> => {
  const result =
    results.get(name) ?? half(make(name).model, name === 'a step of decoder' ? { sequence: 1 } : undefined);
  results.set(name, result);
  return result;
};

const nodesOf = ({ graph }: Model) => graph.nodes().map(({ opType, output }) => `${opType} ${output.elem}`);
const half = async (model: Model, dims?: Readonly<Record<string, number>>) =>
  optimize(model, 'half', { target: 'cuda', verify: 'none', dims });
const typesOf = ({ graph }: Model, ...ops: string[]): string[] => [
  ...new Set(graph.nodes().flatMap((node) => (ops.includes(node.opType) ? [node.output.elem as string] : []))),
];
/** The first note of the pass that narrows. */
const noteOf = ({ passes }: Report) => passes.find(({ name }) => name === 'bf16')?.notes[0]?.text;
const layers = ['Conv', 'MatMul', 'Gemm', 'GroupNorm', 'LayerNormalization', 'MultiHeadAttention'];

/** Gelu(LayerNorm(Conv(x))) over channels that are last. */
const channelNorms = (): Model =>
  buildModel({ '': 20 }, (g) => {
    const weight = (...shape: number[]) =>
      g.constant('float32', new Array(shape.reduce((a, b) => a * b, 1)).fill(0.1), shape);
    let x = g.input('x', 'float32', [1, 8, 6, 6]);
    for (let i = 0; i < 3; i++) {
      const last = g.op('Transpose', [g.op('Conv', [x, weight(8, 8, 3, 3)], { pads: [1, 1, 1, 1] })], {
        perm: [0, 2, 3, 1],
      });
      const normed = g.op('LayerNormalization', [last, weight(8), weight(8)], { axis: -1 });
      x = g.op('Transpose', [g.op('Gelu', [normed])], { perm: [0, 3, 1, 2] });
    }
    g.output('y', x, 'float32');
  });

describe('half on CUDA', () => {
  const folder = mkdtempSync(join(tmpdir(), 'half-on-cuda-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['unet', 'vae'] as const)('is float16 for %s, whose norms have no kernel in bfloat16', async (kind) => {
    const { model, report } = await halfOf(kind);
    expect(typesOf(model, ...layers)).toEqual(['float16']);
    expect(noteOf(report)).toMatch(
      /^computed in float16: \d+ Conv and \d+ GroupNorm have no bfloat16 kernel on cuda at this opset$/,
    );
  });

  it('changes nothing a second time', async () => {
    const { model } = await halfOf('vae');
    const again = await optimize(model, 'bf16:float=auto', { target: 'cuda', verify: 'none' });
    expect(nodesOf(again.model)).toEqual(nodesOf(model));
  });

  it.each(['encoder', 'dit'] as const)('is bfloat16 for %s', async (kind) => {
    const { model } = await halfOf(kind);
    expect(typesOf(model, 'MatMul', 'Gemm', 'LayerNormalization', 'MultiHeadAttention')).toEqual(['bfloat16']);
  });

  it('is bfloat16 at opset 22 where convolutions and norms all have kernels there', async () => {
    const { model, report } = await half(channelNorms());
    expect(model.opsets.get('')).toBe(22);
    expect(typesOf(model, ...layers)).toEqual(['bfloat16']);
    expect(noteOf(report)).toBe('raised the opset to 22: 3 Conv have no bfloat16 kernel on cuda at this opset');
  });

  it('stays float16 for a model that is', async () => {
    const { model } = await optimize(generate('encoder', 'miniature', 0).model, 'fp16:compute=true', {
      target: 'cuda',
      verify: 'none',
    });
    expect(typesOf((await half(model)).model, 'MatMul', 'Gemm')).toEqual(['float16']);
  });

  it.runIf(hasHollow).each(Object.keys(models))(
    'leaves no node of %s on the CPU, and copies numbers of shapes alone',
    async (kind) => {
      const { model: before, dims } = make(kind);
      const { model } = await halfOf(kind);
      const path = join(folder, `${kind}.onnx`);
      await writeModel(model, path);
      const runtime = await RuntimeProcess.start({ env: hollow });
      try {
        const session = await runtime.load(path, { provider: 'cuda', optimize: true, profile: true });
        await session.run(feedsOf(before, dims, 0));
        const runs = await session.profile();
        expect(readPlacement('cuda', runs).names).toEqual([]);
        const copied = runs.filter(({ opType }) => opType.startsWith('Memcpy')).flatMap(({ outputs }) => outputs);
        // Single numbers, from the length of the cache: positions are counted by them on the GPU, and queries compared.
        const counted = [
          { type: 'int32', shape: [] },
          { type: 'int64', shape: [] },
        ];
        const step = { type: 'int32', shape: [1, 1, 1, 1] };
        const numbers = { decoder: counted, 'a step of decoder': [counted[0], step, counted[1]] }[kind] ?? [];
        expect(copied).toEqual(numbers);
      } finally {
        await runtime.close();
      }
    },
  );
});
