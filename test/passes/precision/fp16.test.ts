/** Tests fp16: some numbers and ops stay float32, and casts stand only between the two types. */
import { describe, expect, it } from 'vitest';
import { fp16 } from '../../../passes/fp16.js';
import { int8 } from '../../../passes/int8.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import {
  applyPass,
  applyPasses,
  checkMiss,
  checkPass,
  compareTensors,
  opCounts,
  randomFeeds,
  randomWeights,
} from '../../check-pass.js';
import { runModel } from '../../run-model.js';

/** Builds x · w, then the ops of the test, then · w again: two products that are worth float16. */
const between = (define: (g: GraphBuilder, hidden: Value) => Value, opset = 17) =>
  buildModel({ '': opset }, (g) => {
    const x = g.input('x', 'float32', [4, 16]);
    const hidden = g.op('MatMul', [x, g.constant(randomWeights([16, 16], 0.2), 'w')]);
    const changed = define(g, hidden);
    const y = g.op('MatMul', [changed, g.constant(randomWeights([16, 8], 0.2, 3), 'v')]);
    g.output('y', y, 'float32', [4, 8]);
  });

describe('fp16 where the target computes in float32', () => {
  const layers = () => between((g, hidden) => g.op('Relu', [hidden]));

  it('stores weights, and casts no activation', async () => {
    const { model } = await checkPass(fp16(), { before: layers(), ops: { Cast: 2, MatMul: 2, Relu: 1 }, within: 1e-3 });
    expect(model.graph.nodes().filter((node) => node.is('Cast') && !node.inputs[0]?.tensor)).toEqual([]);
  });

  it('stores them too where the target would compute in float16, if asked', async () => {
    const { model } = await applyPass(fp16({ compute: false }), layers(), 'webgpu');
    expect(opCounts(model)).toEqual({ Cast: 2, MatMul: 2, Relu: 1 });
  });

  it('leaves the weights of what a user keeps', async () => {
    await checkMiss(fp16({ keep: ['MatMul'] }), { before: layers(), reason: 'kept in float32 as asked' });
  });
});

describe('fp16', () => {
  it('computes in float16 between casts at the ports', async () => {
    const before = between((g, hidden) => g.op('Relu', [hidden]));
    await checkPass(fp16({ compute: true }), { before, ops: { Cast: 2, MatMul: 2, Relu: 1 }, within: 5e-3 });
  });

  it('changes the ports where asked', async () => {
    const before = between((g, hidden) => g.op('Relu', [hidden]));
    const { model } = await applyPass(fp16({ keepIo: false }), before);
    expect(opCounts(model)).toEqual({ MatMul: 2, Relu: 1 });
    expect(model.graph.inputs[0]?.elem).toBe('float16');
    expect(model.graph.outputPorts[0]?.type).toMatchObject({ elem: 'float16' });
    await expect(readModel(await writeModel(model))).resolves.toBeDefined();
  });

  it('keeps an epsilon, and what divides by it, in float32', async () => {
    const before = between((g, hidden) => {
      const size = g.op('ReduceSum', [g.op('Abs', [hidden]), g.ints(1)], { keepdims: 1 });
      return g.op('Div', [hidden, g.op('Add', [size, g.constant('float32', 1e-12)])]);
    });
    const { result } = await checkPass(fp16({ compute: true }), { before, within: 5e-3 });
    expect(result.skips.map(({ reason, count }) => `${reason} ×${count}`)).toContain(
      'computes with an epsilon that rounds to zero ×2',
    );
  });

  it('keeps numbers beyond the range in float32 until something bounds them', async () => {
    const before = between((g, hidden) => g.op('Tanh', [g.op('Mul', [hidden, g.constant('float32', 1e5)])]));
    const { result } = await checkPass(fp16({ compute: true }), { before, within: 5e-3 });
    expect(result.skips.map(({ reason }) => reason)).toContain('computes with numbers beyond the range');
  });

  /** softmax(x · xᵀ + mask), one key masked by float32's lowest number. */
  const masked = () =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 16]);
      const hidden = g.op('MatMul', [x, g.constant(randomWeights([16, 16], 0.2), 'w')]);
      const scores = g.op('MatMul', [hidden, g.op('Transpose', [hidden], { perm: [1, 0] })]);
      const hides = g.op('Equal', [g.constant('int64', [0, 1, 2, 3]), g.input('hidden', 'int64', [])]);
      const mask = g.op('Where', [hides, g.constant('float32', -3.4028234663852886e38), g.constant('float32', 0)]);
      g.output('y', g.op('MatMul', [g.op('Softmax', [g.op('Add', [scores, mask])]), hidden]));
    });

  it('adds a mask beyond the range in float32 on the CPU', async () => {
    const { model } = await checkPass(fp16({ compute: true }), { before: masked(), within: 5e-3 });
    expect(model.graph.nodes().find((node) => node.is('Add'))?.output.elem).toBe('float32');
  });

  it('cuts the mask where the provider computes in float16, and says so', async () => {
    const { model, result } = await checkPass(fp16({ compute: true }), {
      before: masked(),
      target: 'cuda',
      within: 5e-3,
    });
    expect(model.graph.nodes().find((node) => node.is('Add'))?.output.elem).toBe('float16');
    expect(opCounts(model)).toMatchObject({ Max: 1 });
    expect(result.notes.map(({ text }) => text).join('\n')).toContain('masks are cut to -49128');
  });

  it('casts around an op that has no float16', async () => {
    const before = between((g, hidden) => {
      const isInfinite = g.op('IsInf', [hidden]);
      return g.op('Where', [isInfinite, g.constant('float32', 0), hidden]);
    }, 17);
    const { model } = await checkPass(fp16({ compute: true }), { before, within: 5e-3 });
    const input = model.graph.nodes().find((node) => node.is('IsInf'))?.inputs[0];
    expect(input?.elem).toBe('float32');
  });

  it('casts nothing for who reads a shape alone', async () => {
    const before = between((g, hidden) => g.op('Reshape', [g.op('Relu', [hidden]), g.op('Shape', [hidden])]));
    const { model, result } = await checkPass(fp16({ compute: true }), { before, within: 5e-3 });
    expect(opCounts(model)).toEqual({ Cast: 2, MatMul: 2, Relu: 1, Reshape: 1, Shape: 1 });
    expect(result.skips).toEqual([]);
    const kept = await checkPass(fp16({ compute: true, keep: ['Shape'] }), { before, within: 5e-3 });
    expect(opCounts(kept.model)).toEqual(opCounts(model));
  });

  it('does not cast back and forth around an op between two islands', async () => {
    const before = between((g, hidden) => {
      const mean = g.op('ReduceMean', [g.op('Pow', [hidden, g.constant('float32', 2)])], { axes: [1], keepdims: 1 });
      return g.op('Div', [hidden, g.op('Sqrt', [g.op('Add', [mean, g.constant('float32', 1)])])]);
    });
    await checkPass(fp16({ compute: true }), {
      before,
      ops: { Cast: 4, MatMul: 2, Pow: 1, ReduceMean: 1, Add: 1, Sqrt: 1, Div: 1 },
      within: 5e-3,
    });
  });

  it('computes in branches, whose ports stay float32', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 16]);
      const condition = g.input('condition', 'bool', []);
      const then = g.body('then', (inner) => {
        const hidden = inner.op('MatMul', [x, inner.constant(randomWeights([16, 16], 0.2), 'w')]);
        const sum = inner.op('CumSum', [hidden, inner.constant('int64', 1)]);
        inner.output('out', inner.op('MatMul', [sum, inner.constant(randomWeights([16, 16], 0.2, 3), 'v')]));
      });
      const other = g.body('else', (inner) => inner.output('out', inner.op('Relu', [x])));
      g.output('y', g.op('If', [condition], { then_branch: then, else_branch: other }), 'float32', [4, 16]);
    });
    await checkPass(fp16({ compute: true }), { before, within: 5e-3 });
  });

  it('stays loadable where the runtime fuses a transposition of the batch into a product', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [3, 4, 16]);
      const hidden = g.op('MatMul', [x, g.constant(randomWeights([16, 16], 0.2), 'w')]);
      const turned = g.op('Transpose', [hidden], { perm: [1, 0, 2] });
      g.output('y', g.op('MatMul', [turned, g.constant(randomWeights([16, 8], 0.2, 3), 'v')]));
    });
    const { model, result } = await checkPass(fp16({ compute: true }), { before, within: 5e-3 });
    expect(result.skips.map(({ reason }) => reason)).toEqual(['the CPU provider crashes on it in float16']);
    await runModel(await writeModel(model), randomFeeds(before), { optimize: true });
  });

  it('leaves sequences as they are', async () => {
    const before = between((g, hidden) =>
      g.op('SequenceAt', [g.op('SequenceConstruct', [hidden]), g.constant('int64', 0)]),
    );
    await checkPass(fp16({ compute: true }), { before, within: 5e-3 });
  });

  it('leaves a model without heavy ops alone: casts would cost more', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Relu', [g.input('x', 'float32', [4])]), 'float32', [4]),
    );
    await checkMiss(fp16({ compute: true }), { before, reason: 'the casts around it would cost more' });
  });

  it('does nothing to a model in float16', async () => {
    const before = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Relu', [g.input('x', 'float16', [4])]), 'float16', [4]),
    );
    const { passes } = await applyPass(fp16({ compute: true }), before);
    expect(passes[0]?.status).toBe('unchanged');
  });
});

describe('fp16 and int8', () => {
  const before = () =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 64]);
      const hidden = g.op('Tanh', [g.op('MatMul', [x, g.constant(randomWeights([64, 64], 0.1), 'w')])]);
      const gate = g.op('MatMul', [hidden, g.op('Transpose', [x])]);
      const y = g.op('MatMul', [g.op('MatMul', [gate, hidden]), g.constant(randomWeights([64, 32], 0.1, 3), 'v')]);
      g.output('y', y, 'float32', [4, 32]);
    });

  it.each([
    ['int8, fp16', [int8(), fp16({ compute: true })]],
    ['fp16, int8', [fp16({ compute: true }), int8()]],
  ])('compose: %s', async (_name, passes) => {
    const original = before();
    const { model, passes: results } = await applyPasses(passes, original);
    expect(results.map(({ status }) => status)).toEqual(['applied', 'applied']);
    const feeds = randomFeeds(original);
    const expected = await runModel(await writeModel(original), feeds);
    compareTensors(await runModel(await writeModel(model), feeds), expected, 3e-2);
  });
});
