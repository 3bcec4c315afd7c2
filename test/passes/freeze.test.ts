import { describe, expect, it } from 'vitest';
import { freeze } from '../../passes/freeze.js';
import { buildModel } from '../../src/ir/build.js';
import { typeText } from '../../src/ir/types.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { sizesOf } from '../../src/run/freeze.js';
import { applyPass, checkPass, opCounts, randomFeeds } from '../check-pass.js';
import { runModel } from '../run-model.js';

/** Two inputs that share dims; a dim that is a sum, and one without a name; a shape that is computed. */
const model = () =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 'seq', 4]);
    const mask = g.input('mask', 'float32', ['batch', 'past + seq']);
    const flat = g.op('Reshape', [x, g.op('Concat', [g.op('Shape', [x], { end: 1 }), g.ints(-1)], { axis: 0 })]);
    g.output('y', flat, 'float32', ['batch', 'flat']);
    g.output('m', g.op('Neg', [mask]), 'float32', ['batch', 'total']);
  });

const portsOf = ({ graph }: Awaited<ReturnType<typeof readModel>>) => ({
  inputs: graph.inputs.map(({ type }) => typeText(type)),
  outputs: graph.outputPorts.map(({ type }) => typeText(type)),
});

describe('freeze', () => {
  it('gives dims their size in inputs, outputs and everything between', async () => {
    const options = { dims: { batch: 2, seq: 3, past: 5 } };
    const { model: frozen, result } = await checkPass(freeze(options), {
      before: model(),
      within: 0,
      keepsInterface: false,
    });
    expect(portsOf(await readModel(await writeModel(frozen)))).toEqual({
      inputs: ['float32[2, 3, 4]', 'float32[2, 8]'],
      outputs: ['float32[2, 12]', 'float32[2, 8]'],
    });
    expect(result.notes.map(({ text }) => text)).toEqual([
      '"x" is [2, 3, 4], was [batch, seq, 4]',
      '"mask" is [2, 8], was [batch, {past + seq}]',
    ]);
    const feeds = randomFeeds(frozen);
    expect(await runModel(await writeModel(frozen), feeds)).toEqual(await runModel(await writeModel(model()), feeds));
  });

  it('takes a shape for the dims in it, and leaves the others open', async () => {
    const { model: frozen } = await applyPass(freeze({ shapes: { x: [2, 3, 4] } }), model());
    expect(portsOf(frozen)).toEqual({
      inputs: ['float32[2, 3, 4]', 'float32[2, {past + seq}]'],
      outputs: ['float32[2, 12]', 'float32[2, total]'],
    });
  });

  it('gives a shape to an input that declares none', async () => {
    const before = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32')]), 'float32'));
    const { model: frozen } = await applyPass(freeze({ shapes: { x: [2, 3] } }), before);
    expect(portsOf(frozen).inputs).toEqual(['float32[2, 3]']);
  });

  it('lets simplify decide the shapes, as options of optimize', async () => {
    const original = model();
    const print = printModel(original);
    const { model: result, report } = await optimize(original, 'simplify', { dims: { batch: 2, seq: 3 } });
    expect(report.passes.map(({ name, status }) => [name, status])).toEqual([
      ['freeze', 'applied'],
      ['simplify', 'applied'],
    ]);
    expect(report.gates).toMatchObject([{ name: 'accuracy', passed: true }]);
    expect(opCounts(result)).toEqual({ Reshape: 1, Neg: 1 });
    expect(printModel(original)).toBe(print);
  });

  it.each([
    ['a dim that no input has', { dims: { bach: 2 } }, 'unknown dim "bach"; did you mean "batch"?'],
    ['a dim unlike any', { dims: { foo: 2 } }, 'unknown dim "foo"; there are: batch, seq, past + seq, past'],
    ['an input that is none', { shapes: { z: [2] } }, 'shape of "z": expected an input of the model; found x, mask'],
    ['another rank', { shapes: { x: [2, 3] } }, 'shape of "x": expected 3 dims; found [2, 3]'],
    [
      'a dim that is fixed',
      { shapes: { x: [2, 3, 5] } },
      'shape of "x": expected 4 at axis 2, which the model fixes; found 5',
    ],
    [
      'two sizes for one dim',
      { dims: { batch: 1 }, shapes: { x: [2, 3, 4] } },
      'dim "batch": expected one size; found 1 (given as a dim) and 2 (shape of "x")',
    ],
    [
      'a sum that is none',
      { dims: { past: 1, seq: 2, 'past + seq': 4 } },
      'dim "past + seq": expected one size; found 4 (given as a dim) and 3 (the sum of its parts)',
    ],
  ])('refuses %s', async (_, sizes, message) => {
    expect(() => sizesOf(model(), sizes)).toThrow(message);
    await expect(optimize(model(), 'simplify', { ...sizes, verify: 'none' })).rejects.toThrow(message);
  });
});
