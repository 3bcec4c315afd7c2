/** A batch that the file fixes at 1 takes any size: at 1 as before, at more each row as by itself; or the node is named that has it baked in. */
import { afterAll, describe, expect, it } from 'vitest';
import { generate } from '../../../fixtures/kinds.js';
import { freeze } from '../../../passes/freeze.js';
import { passes } from '../../../passes/index.js';
import { symbolicBatch } from '../../../passes/symbolic-batch.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { typeText } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { optimize } from '../../../src/optimize.js';
import { applyPass, applyPasses, checkMiss, checkPass } from '../../check-pass.js';
import { Workplace } from '../../cli/run-cli.js';
import { checkRows } from './rows.js';

const place = new Workplace();
afterAll(() => place.remove());

/** x: float32[1, 3, 4] or another shape, through what is told, to y. */
const of = (f: (g: GraphBuilder, x: Value) => Value, shape: readonly number[] = [1, 3, 4]): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', f(g, g.input('x', 'float32', shape))));

describe('symbolic-batch', () => {
  it('opens a diffusion transformer with every size in constants', async () => {
    const dims = { batch: 1, height: 16, width: 16, text: 8 };
    const { model: before } = await applyPasses(
      [freeze({ dims }), passes.simplify()],
      generate('dit', 'miniature', 1).model,
    );
    const { model } = await checkPass(symbolicBatch({ name: 'N' }), { before, within: 0, keepsInterface: false });
    inferTypes(model);
    expect(typeText(model.graph.outputPorts[0]?.type)).toBe('float32[N, 4, 16, 16]');
    await checkRows(before, model, ['timestep']);
  });

  it.each([
    [
      'a class token and merged heads',
      of((g, x) => {
        const all = g.op('Concat', [g.constant('float32', [1, 2, 3, 4], [1, 1, 4]), x], { axis: 1 });
        const heads = g.op('Reshape', [
          g.op('Transpose', [g.op('Reshape', [all, g.ints(1, 4, 2, 2)])], { perm: [0, 2, 1, 3] }),
          g.ints(2, 4, 2),
        ]);
        const mixed = g.op('Softmax', [g.op('MatMul', [heads, g.op('Transpose', [heads], { perm: [0, 2, 1] })])], {
          axis: -1,
        });
        return g.op('Reshape', [mixed, g.ints(1, -1, 4)]);
      }),
    ],
    [
      'a batch that is not the first axis for a while',
      of((g, x) => {
        const turned = g.op('Transpose', [x], { perm: [1, 0, 2] });
        const heads = g.op('Reshape', [turned, g.ints(3, 2, 2)]);
        return g.op('Transpose', [g.op('Reshape', [heads, g.ints(3, 1, 4)])], { perm: [1, 0, 2] });
      }),
    ],
    [
      'a Resize to sizes',
      of((g, x) => g.op('Resize', [x, undefined, undefined, g.ints(1, 2, 6, 6)], { mode: 'linear' }), [1, 2, 3, 3]),
    ],
  ])('mends %s', async (_, before) => {
    const { model } = await applyPass(symbolicBatch(), before);
    await checkRows(before, model);
  });

  it('names the node that has the batch baked in', async () => {
    const refuses = (reason: string, f: (g: GraphBuilder, x: Value) => Value) =>
      checkMiss(symbolicBatch(), { before: of(f), reason });
    await refuses('the batch ends here', (g, x) => g.op('Gather', [x, g.constant('int64', 0)], { axis: 0 }));
    await refuses('the batch ends here', (g, x) => g.op('ReduceMean', [x], { axes: [0] }));
    await refuses('it goes along the batch, axis 0', (g, x) => g.op('Softmax', [x], { axis: 0 }));
    await refuses('it goes along the batch, axis 0', (g, x) => g.op('Concat', [x, x], { axis: 0 }));
    await refuses('the batch ends here', (g, x) => g.op('Squeeze', [x, g.ints(0)]));
    const at = (g: GraphBuilder, axis: number) => g.constant('int64', axis);
    await refuses('it goes along the batch, axis 0', (g, x) => g.op('CumSum', [x, at(g, 0)]));
    await refuses('it goes along the batch, axis 0', (g, x) => g.op('LpNormalization', [x], { axis: 0 }));
    await refuses('not one axis of whole rows', (g, x) =>
      g.op('Add', [x, g.op('Slice', [x, g.ints(-1), g.ints(9), g.ints(0)])]),
    );
    // Rows that stand behind each other in one axis.
    const flat = (g: GraphBuilder, x: Value) => g.op('Reshape', [x, g.ints(3, 4)]);
    await refuses('it goes along the batch, axis 0', (g, x) => g.op('Softmax', [flat(g, x)], { axis: 0 }));
    await refuses('the batch ends here', (g, x) => g.op('ReduceMax', [flat(g, x)], { axes: [0] }));
    await refuses('rows would mix', (g, x) =>
      g.op('MatMul', [flat(g, x), g.op('Transpose', [flat(g, x)], { perm: [1, 0] })]),
    );
    // x − its mean, which lacks an axis: a batch would stand beside rows of 3.
    await refuses('it broadcasts one row, or puts the batch beside another axis', (g, x) =>
      g.op('Sub', [x, g.op('ReduceMean', [x], { axes: [1], keepdims: 0 })]),
    );
    const ones = (g: GraphBuilder, ...shape: number[]) =>
      g.constant('float32', new Array(shape.reduce((a, b) => a * b)).fill(1), shape);
    await refuses('in training mode it takes means', (g, x) => {
      const row = () => ones(g, 3);
      return g.op('BatchNormalization', [x, row(), row(), row(), row()], { training_mode: 1 });
    });
    await refuses('its input 0 is there once', (g, x) => {
      const [, places] = g.node('TopK', [x, g.ints(2)], {}, { outputs: 2 }).outputs;
      return g.op('GatherElements', [ones(g, 1, 3, 4), places], { axis: 2 });
    });
    await refuses('its input 5 is there once', (g, x) => {
      const turned = g.op('Transpose', [x], { perm: [1, 0, 2] });
      const weights = [ones(g, 1, 8, 4), ones(g, 1, 8, 2)];
      return g.op('LSTM', [turned, ...weights, undefined, undefined, ones(g, 1, 1, 2)], { hidden_size: 2 });
    });
    await refuses('its input 1 is there once', (g, x) =>
      g.op('GridSample', [g.op('Unsqueeze', [x, g.ints(1)]), ones(g, 1, 2, 2, 2)]),
    );
    await refuses('DynamicQuantizeLinear is not known to keep', (g, x) => g.op('DynamicQuantizeLinear', [x]));
    await refuses('no output depends on the batch', (g, x) => g.op('Shape', [x]));
    const line = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [1])])));
    await checkMiss(symbolicBatch(), { before: line, reason: 'no input of two dims' });
    const named = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [1, 'batch'])])));
    await checkMiss(symbolicBatch(), { before: named, reason: 'the inputs have a dim of the name batch already' });
  });

  it('is what --dim batch=N asks for, and an error where it is refused', async () => {
    await place.write(of((g, x) => g.op('Reshape', [x, g.ints(1, 12)])));
    const sound = await place.run(['model.onnx', '--dim', 'batch=N', '-o', 'out.onnx', '--no-speed']);
    expect([sound.status, sound.stdout]).toEqual([0, expect.stringContaining('sizes [1,12] are [0,12]')]);
    await place.write(
      of((g, x) => g.op('ReduceMean', [x], { axes: [0] })),
      'mixing.onnx',
    );
    const refused = await place.run(['mixing.onnx', '--dim', 'batch=N', '-o', 'none.onnx', '--no-speed']);
    expect([refused.status, place.files.includes('none.onnx')]).toEqual([5, false]);
    const open = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', ['rows', 4])])));
    await expect(optimize(open, [symbolicBatch({ name: 'N' })], { verify: 'none' })).rejects.toThrow(
      '--dim batch=N: expected a batch that the file fixes at 1; found "x" [rows, 4], which takes any batch',
    );
    const sized = await place.run(['model.onnx', '--dim', 'batch=4', '-o', 'out.onnx']);
    expect([sized.status, sized.stderr]).toEqual([1, expect.stringContaining('--dim batch=N makes it symbolic')]);
  });
});
