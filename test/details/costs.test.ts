/** Work, memory and kernels of a model, by hand. */
import { expect, it } from 'vitest';
import { modelCosts } from '../../src/details/costs.js';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import { inspectModel } from '../../src/report/inspect/inspection.js';
import { inspectionText } from '../../src/report/text/inspection.js';
import { randomWeights } from '../check-pass.js';

/** x[b, 8]·W[8, 4], of which one branch is negated and added again. */
const model = () =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['b', 8]);
    const product = g.op('MatMul', [x, g.constant(randomWeights([8, 4]), 'w')], {}, { name: 'product' });
    const negated = g.op('Neg', [product], {}, { name: 'negated' });
    const wide = g.op('Concat', [product, negated], { axis: 1 }, { name: 'wide' });
    g.output('y', g.op('IsNaN', [wide], {}, { name: 'last' }), 'bool', ['b', 8]);
  });

it('counts multiply-adds and the bytes that are alive while each node runs', async () => {
  const costs = await modelCosts(model(), { shapes: { x: [2, 8] } });
  expect(costs.sizes).toEqual({ x: [2, 8] });
  expect(costs.multiplyAdds).toEqual({ float32: 2 * 8 * 4 });
  expect(costs.notCounted).toEqual({});
  const [x, product, negated, wide, y] = [64, 32, 32, 64, 16] as const;
  const steps = [x + product, product + negated, product + negated + wide, wide + y];
  expect(costs.activations).toEqual({ peak: 128, at: 'wide', steps, unknown: 0 });
});

it('counts in proportion to the sizes that are given', async () => {
  const [small, large] = [
    await modelCosts(model(), { dims: { b: 3 } }),
    await modelCosts(model(), { dims: { b: 30 } }),
  ];
  expect(large.activations.peak).toBe(10 * small.activations.peak);
  expect(large.multiplyAdds.float32).toBe(10 * (small.multiplyAdds.float32 ?? 0));
});

it('says which providers have kernels, and what they lack', async () => {
  const { providers } = await modelCosts(model());
  const webgpu = providers.find(({ provider }) => provider === 'webgpu');
  expect(webgpu).toMatchObject({ runs: 3, fallsBack: 1, unknown: 0, without: ['IsNaN'] });
  const cuda = providers.find(({ provider }) => provider === 'cuda');
  expect(cuda).toMatchObject({ runs: 4, fallsBack: 0, without: [] });
});

it('is shown by inspect', async () => {
  const one = model();
  const costs = await modelCosts(one, { shapes: { x: [2, 8] } });
  const text = inspectionText(inspectModel(one, inferTypes(one), { costs }));
  for (const line of ['64 multiply-adds', 'activations up to 128 B, at wide', 'at x [2, 8]', 'cuda    every node'])
    expect(text).toContain(line);
  expect(text).toMatch(/webgpu {2}3 nodes, 1 on the CPU \(IsNaN\)/);
});

it('refuses a dim that the model does not have', async () => {
  await expect(modelCosts(model(), { dims: { c: 2 } })).rejects.toThrow(/"?c"?/);
});
