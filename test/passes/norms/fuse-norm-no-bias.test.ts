import { afterAll, beforeAll, expect, it } from 'vitest';
import { fuseNorm } from '../../../passes/fuse-norm.js';
import { buildModel } from '../../../src/ir/build.js';
import { writeModel } from '../../../src/onnx/write.js';
import { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { checkPass, randomWeights } from '../../check-pass.js';

let runtime: RuntimeProcess;
beforeAll(async () => {
  runtime = await RuntimeProcess.start();
});
afterAll(() => runtime.close());

it('a layer norm without a bias behind a residual loads with the runtime’s own optimizations on', async () => {
  const before = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 'seq', 8]);
    const sum = g.op('Add', [x, g.op('MatMul', [x, g.constant(randomWeights([8, 8]))])]);
    const centred = g.op('Sub', [sum, g.op('ReduceMean', [sum], { axes: [-1] })]);
    const variance = g.op('ReduceMean', [g.op('Mul', [centred, centred])], { axes: [-1] });
    const deviation = g.op('Sqrt', [g.op('Add', [variance, g.constant('float32', 1e-5)])]);
    g.output('y', g.op('Mul', [g.op('Div', [centred, deviation]), g.constant(randomWeights([8]))]));
  });
  const { model } = await checkPass(fuseNorm(), {
    before,
    ops: { MatMul: 1, Add: 1, LayerNormalization: 1 },
    // Sums in another order: float32 noise relative to the output's largest magnitude.
    within: 1e-5,
    dims: { batch: 2, seq: 3 },
  });
  const session = await runtime.load(await writeModel(model), { provider: 'cpu', optimize: true });
  expect(session.outputs.map(({ name }) => name)).toEqual(['y']);
  await session.release();
});
