/** Products in 8-bit floats: the numbers, by a CPU that writes the kernel out; refusals; and that CUDA takes every node. */
import { describe, expect, it } from 'vitest';
import { feedsOf } from '../../../fixtures/feeds.js';
import { generate } from '../../../fixtures/kinds.js';
import { fp8 } from '../../../passes/fp8.js';
import { float } from '../../../src/ir/attribute.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { TargetName } from '../../../src/ir/targets/targets.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { measurePlacement } from '../../../src/validate/placement.js';
import { applyPass, checkMiss, opCounts, randomWeights } from '../../check-pass.js';
import { hasHollow, hollow } from '../../runtime/hollow.js';

const small = fp8({ minElements: 256 });
const E4M3 = 17;
const matrix = (g: GraphBuilder, rows: number, columns: number, seed: number): Value =>
  g.constant(randomWeights([rows, columns], 0.3, seed), `w${seed}`);
const products = (shape: readonly (number | string)[], f: (g: GraphBuilder, x: Value) => Value): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', f(g, g.input('x', 'float32', shape)), 'float32'));

/** Rounding to three bits of a mantissa changes a number by 2.6 % in the mean (at most 6.25 %); both factors are rounded. */
const WITHIN = 0.08;

async function errorOf(model: Model): Promise<number> {
  const { report } = await optimize(model, [small], { target: 'cuda:sm89', verify: 'pass' });
  const [result] = report.passes;
  expect(result).toMatchObject({ status: 'applied', verdict: { outcome: 'accepted' } });
  return result?.error as number;
}

describe('fp8', () => {
  it.each([
    ['MatMul of three axes', products(['batch', 'sequence', 32], (g, x) => g.op('MatMul', [x, matrix(g, 32, 48, 1)]))],
    [
      'Gemm, its factors, its bias and a weight that is transposed',
      products(['batch', 32], (g, x) =>
        g.op('Gemm', [x, matrix(g, 16, 32, 2), g.constant(randomWeights([16], 1, 3))], {
          transB: 1,
          alpha: float(0.5),
          beta: float(2),
        }),
      ),
    ],
    [
      'a weight that two products read',
      products([3, 32], (g, x) => {
        const w = matrix(g, 32, 32, 4);
        return g.op('Concat', [g.op('MatMul', [x, w]), g.op('MatMul', [g.op('Abs', [x]), w])], { axis: 0 });
      }),
    ],
  ])('computes %s', async (_, model) => {
    const error = await errorOf(model);
    expect(error).toBeGreaterThan(1e-3);
    expect(error).toBeLessThan(WITHIN);
  });

  it('makes the bytes of an activation once for all products that read it', async () => {
    const before = products([4, 32], (g, x) =>
      g.op('Add', [g.op('MatMul', [x, matrix(g, 32, 32, 1)]), g.op('MatMul', [x, matrix(g, 32, 32, 2)])]),
    );
    const { model, passes } = await applyPass(small, before, 'cuda:sm90');
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.GemmFloat8': 2 });
    expect(model.graph.nodes().filter((node) => node.is('Cast') && node.int('to', 0) === E4M3)).toHaveLength(1);
    expect(passes[0]?.notes.map(({ text }) => text)).toEqual([
      'raised the opset from 17 to 19',
      '2 products in 8-bit floats',
      'one scale for all rows of an activation: NaN or outliers in one change the others',
    ]);
    const again = await applyPass(small, model, 'cuda:sm90');
    expect(again.passes[0]?.status).toBe('unchanged');
  });

  it('makes the bytes of an activation in each branch that reads it, and those of a weight outside once', async () => {
    const before = products([4, 32], (g, x) => {
      const shared = matrix(g, 32, 32, 1);
      const choose = (name: string, weightIn: (inner: GraphBuilder) => Value) => {
        const branch = (opType: string) =>
          g.body(`${name}_${opType}`, (inner) =>
            inner.output(`${name}_${opType}_out`, inner.op(opType, [inner.op('MatMul', [x, weightIn(inner)])])),
          );
        const branches = { then_branch: branch('Neg'), else_branch: branch('Identity') };
        return g.op('If', [g.input(name, 'bool', [])], branches);
      };
      return g.op('Concat', [choose('own', (inner) => matrix(inner, 32, 32, 2)), choose('outer', () => shared)], {
        axis: 0,
      });
    });
    expect(await errorOf(before)).toBeLessThan(WITHIN);
    const { model } = await applyPass(small, before, 'cuda:sm89');
    const branches = [...model.graphs()].filter((graph) => graph !== model.graph);
    const counts = branches.map((graph) => graph.nodes().map(({ opType }) => opType));
    expect(branches).toHaveLength(4);
    for (const ops of counts) expect(ops.filter((op) => op === 'GemmFloat8' || op === 'Abs')).toHaveLength(2);
    const weights = [...model.graphs()].flatMap((graph) =>
      graph.nodes().flatMap((node) => (node.is('GemmFloat8', 'com.microsoft') ? [node.inputs[1]] : [])),
    );
    expect(new Set(weights).size).toBe(3);
  });

  it('takes a quarter of the bytes of float32', async () => {
    const before = products([4, 256], (g, x) => g.op('MatMul', [x, matrix(g, 256, 256, 1)]));
    const { passes } = await applyPass(small, before, 'cuda:sm89');
    expect(passes[0]?.bytes.after).toBeLessThan(256 * 256 + 100);
  });

  const whole = products([4, 32], (g, x) => g.op('MatMul', [x, matrix(g, 32, 32, 1)]));
  const cards =
    'nothing to do: 8-bit floats are multiplied by cards from sm89 on. --target cuda:sm89 or cuda:sm90 says that it is one';
  it.each<readonly [TargetName, Model, string]>([
    ['cuda', whole, cards],
    ['cuda:sm80', whole, cards],
    ['cpu', whole, cards],
    ['webgpu', whole, cards],
    [
      'cuda:sm89',
      products([4, 24], (g, x) => g.op('MatMul', [x, matrix(g, 24, 32, 1)])),
      'the kernel takes rows and columns of a multiple of 16',
    ],
    ['cuda:sm89', products([4, 8], (g, x) => g.op('MatMul', [x, matrix(g, 8, 16, 1)])), 'smaller than 256 elements'],
    [
      'cuda:sm89',
      products([32], (g, x) => g.op('MatMul', [x, matrix(g, 32, 16, 1)])),
      'the rank of its activation is not known, or it is a vector',
    ],
    [
      'cuda:sm89',
      products([16, 32], (g, x) => g.op('MatMul', [x, g.input('other', 'float32', [32, 16])])),
      'its weight comes in through an input of the graph, body or function',
    ],
  ])('for %s leaves a product, and says why', (target, before, reason) => checkMiss(small, { before, target, reason }));

  it('leaves a weight that it would change too much', async () => {
    const before = products([4, 32], (g, x) => {
      const numbers = Array.from({ length: 32 * 32 }, (_, i) => (i === 0 ? 1e4 : Math.sin(i) / 100));
      return g.op('MatMul', [x, g.constant('float32', numbers, [32, 32])]);
    });
    const { passes } = await applyPass(fp8({ minElements: 256, maxWeightError: 1e-8 }), before, 'cuda:sm89');
    expect(passes[0]?.skips.map(({ reason }) => reason)[0]).toMatch(/^rounding its weight changes it by \d+\.\d %$/);
  });

  it
    .runIf(hasHollow)
    .each(['exact,fp8:minElements=1024', 'half,fp8:minElements=1024', 'exact,fp16,fp8:minElements=1024'])(
    'leaves no node on the CPU after %s',
    async (list) => {
      const { model, dims } = generate('encoder', 'miniature', 0);
      const { model: made } = await optimize(model, list, { target: 'cuda:sm90', verify: 'none' });
      const runtime = await RuntimeProcess.start({ env: hollow });
      try {
        const placed = await measurePlacement(runtime, await writeModel(made), 'cuda', feedsOf(model, dims, 0));
        expect(placed).toMatchObject({ fallbacks: {}, copies: 0 });
        expect(opCounts(made)['com.microsoft.GemmFloat8']).toBeGreaterThan(10);
      } finally {
        await runtime.close();
      }
    },
  );
});
