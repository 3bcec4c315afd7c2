/** Numbers of real WGSL: nine models, as preset lists leave them, in a browser against the same on the CPU. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decoder } from '../../fixtures/decoder.js';
import { dit } from '../../fixtures/dit.js';
import { encoder } from '../../fixtures/encoder.js';
import { unet } from '../../fixtures/unet.js';
import { vae } from '../../fixtures/vae.js';
import { freeze } from '../../passes/freeze.js';
import { fullGraph } from '../../passes/full-graph.js';
import { fuseCache } from '../../passes/fuse-cache.js';
import { buildModel } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf } from '../../src/ir/tensors/numbers.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { RuntimeProcess, type TensorData, type Tensors } from '../../src/runtime/isolate.js';
import { fromTensorData } from '../../src/runtime/tensor-data.js';
import { validate } from '../../src/validate/index.js';
import { makeFeeds } from '../../src/validate/inputs/feeds.js';
import { compareTensors } from '../../src/validate/judge/accuracy.js';
import { type Form, loadInForm } from '../../src/validate/sides/forms.js';
import { prepareModel } from '../../src/validate/sides/prepared-model.js';
import { hasBrowser } from '../runtime/browser.js';

const bert = { layers: 1, hidden: 64, heads: 4, intermediate: 128, vocabulary: 64, positions: 64, seed: 0 };
const llama = { layers: 1, hidden: 64, heads: 4, kvHeads: 2, intermediate: 64, vocabulary: 64, seed: 0 };
const sd3 = { layers: 1, hidden: 64, heads: 4, channels: 4, context: 32, positions: 64, seed: 0 };
const sd = { levels: [32], blocks: 1, heads: 4, groups: 8, channels: 4, context: 32, seed: 0 };
const image = { batch: 1, height: 8, width: 8, text: 4 };

/** How far from the original a list may lead: sines of WGSL are right to 2^-11 beside 1; 16 bits; 4 bits of random weights. */
const lists = { exact: 2e-4, half: 5e-3, 'exact,int4': 0.3, 'full-graph,exact': 2e-4 };

interface Case {
  readonly model: Model;
  readonly dims: Readonly<Record<string, number>>;
  /** Where all lists have run on the same ops, other sizes choose other kernels for fused attention and for products of 4 bits alone. */
  readonly of?: readonly (keyof typeof lists)[];
}

const sized: Case['of'] = ['exact,int4'];

/** Convolutions, norms, attention with and without mask, past keys, embeddings, products. Sizes are small, for a software device. From 32 queries on, attention is another kernel. */
const models: Readonly<Record<string, Case>> = {
  encoder: { model: encoder(bert), dims: { batch: 2, sequence: 7 } },
  'encoder, deep and long': { model: encoder({ ...bert, layers: 3 }), dims: { batch: 2, sequence: 40 }, of: sized },
  decoder: { model: decoder(llama), dims: { batch: 2, sequence: 1, past_sequence: 5, total_sequence: 6 } },
  'decoder, prompt': {
    model: decoder(llama),
    dims: { batch: 1, sequence: 6, past_sequence: 0, total_sequence: 6 },
    of: sized,
  },
  'decoder, all heads': {
    model: decoder({ ...llama, kvHeads: 4 }),
    dims: { batch: 1, sequence: 2, past_sequence: 3, total_sequence: 5 },
    of: ['exact'],
  },
  dit: { model: dit(sd3), dims: image },
  'dit, more text': { model: dit({ ...sd3, layers: 2 }), dims: { ...image, text: 20 }, of: sized },
  unet: { model: unet(sd), dims: image },
  vae: {
    model: vae({ levels: [32], groups: 8, channels: 4, seed: 0 }),
    dims: { batch: 1, height: 8, width: 8 },
    of: ['exact'],
  },
};

describe.runIf(hasBrowser)('results in a browser', () => {
  let runtime: RuntimeProcess;
  beforeAll(async () => {
    runtime = await RuntimeProcess.start();
  });
  afterAll(() => runtime.close());

  async function run(model: Model, provider: 'cpu' | 'web', form: Form, feeds: Tensors) {
    const prepared = await prepareModel(model);
    const loaded = await loadInForm(runtime, prepared, provider, form);
    const outputs = await loaded!.run(feeds);
    await loaded!.release();
    return outputs;
  }

  /** The largest relative L2 error of any output. */
  function worst(found: Tensors, expected: Tensors): number {
    const errors = Object.entries(expected).map(
      ([name, tensor]) => compareTensors(name, tensor, found[name] as TensorData).relativeL2,
    );
    return Math.max(...errors);
  }

  it.each(Object.entries(models))(
    '%s: has the numbers of the CPU after each list',
    async (_, { model, dims, of = Object.keys(lists) as (keyof typeof lists)[] }) => {
      const feeds = makeFeeds(model, { seed: 0, dims }).tensors;
      const original = await run(model, 'cpu', 'plain', feeds);
      const seen = new Set<string>();
      for (const passes of of) {
        const { model: result } = await optimize(model, passes, { target: 'webgpu', verify: 'none' });
        const bytes = Buffer.from(await writeModel(result)).toString('base64');
        if (seen.has(bytes)) continue;
        seen.add(bytes);
        const [web, cpu] = [await run(result, 'web', 'optimized', feeds), await run(result, 'cpu', 'plain', feeds)];
        expect(worst(web, cpu), `${passes}, against the same on the CPU`).toBeLessThan(2e-4);
        expect(worst(web, original), `${passes}, against the original`).toBeLessThan(lists[passes]);
      }
    },
  );

  it('appends to a cache and reads it by one kernel as the CPU does', async () => {
    const [model, step] = [decoder(llama), { batch: 2, sequence: 1, past_sequence: 5, total_sequence: 6 }];
    const feeds = makeFeeds(model, { seed: 0, dims: step }).tensors;
    const passes = [freeze({ dims: { sequence: 1 } }), 'exact', fuseCache()];
    const { model: result } = await optimize(model, passes, { target: 'webgpu', verify: 'none' });
    expect(result.graph.nodes().map(({ opType }) => opType)).toContain('GroupQueryAttention');
    const [web, original] = [await run(result, 'web', 'optimized', feeds), await run(model, 'cpu', 'plain', feeds)];
    expect(worst(web, original)).toBeLessThan(2e-4);
  });

  it('tells NaN by Not(Equal(x, x)), as IsNaN does', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['n']);
      g.output('y', g.op('Where', [g.op('IsNaN', [x]), g.constant('float32', 7, []), x]), 'float32', ['n']);
    });
    const { model: result } = await optimize(model, [fullGraph()], { target: 'webgpu', verify: 'none' });
    expect([...result.graph.nodes()].map(({ opType }) => opType)).not.toContain('IsNaN');
    const numbers = [1, Number.NaN, Number.POSITIVE_INFINITY, -0];
    const x: TensorData = { type: 'float32', shape: [4], data: new Uint8Array(Float32Array.from(numbers).buffer) };
    for (const form of ['plain', 'optimized'] as const) {
      const { y } = await run(result, 'web', form, { x });
      expect([...numbersOf(fromTensorData(y as TensorData))]).toEqual([1, 7, Number.POSITIVE_INFINITY, -0]);
    }
  });

  it('are compared by validate: the original on the CPU, the result in the browser, float16 there as float32', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const weights = Array.from({ length: 16 * 16 }, (_, i) => Math.sin(i));
      const x = g.input('x', 'float32', [4, 16]);
      g.output('y', g.op('Relu', [g.op('MatMul', [x, g.constant('float32', weights, [16, 16])])]), 'float32', [4, 16]);
    });
    const { model: result } = await optimize(model, 'half', { target: 'webgpu', verify: 'none' });
    const found = await validate(model, result, { provider: 'web', fidelity: 'rounding', speed: false });
    expect(found.accuracy).toMatchObject({ provider: 'web', verdict: { outcome: 'accepted' } });
    expect(found.placement?.fallbacks).toEqual({});
    if (!(await runtime.adapter()).hasFloat16)
      expect(found.accuracy.notes.join()).toMatch(/ran float16 as float32.*no shader-f16/);
  });
});
