import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { float } from '../../src/ir/attribute.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import { checkModel } from '../../src/ir/check.js';
import { cloneModel } from '../../src/ir/clone.js';
import type { Value } from '../../src/ir/value.js';
import { writeModel } from '../../src/onnx/write.js';
import { raiseOpset } from '../../src/run/raise-opset.js';
import { compareTensors, opCounts, randomFeeds } from '../check-pass.js';
import { runModel } from '../run-model.js';

const image = (g: GraphBuilder) => g.input('x', 'float32', ['batch', 3, 4, 6]);
const attribute = (value: number[]) => ({ type: 'floats' as const, value });

/** Each op in its old form, at the opset it comes from. */
const cases: [string, number, (g: GraphBuilder) => Value][] = [
  ['Slice by attributes', 9, (g) => g.op('Slice', [image(g)], { starts: [1, 0], ends: [3, 2], axes: [2, 1] })],
  [
    'Slice to the end',
    9,
    (g) =>
      g.op('Slice', [image(g)], {
        starts: { type: 'ints', value: [1n] },
        ends: { type: 'ints', value: [2n ** 63n - 1n] },
        axes: [3],
      }),
  ],
  ['TopK by attribute', 9, (g) => g.op('TopK', [image(g)], { k: 2, axis: 3 }, { outputs: 2 })],
  ['Clip by attributes', 9, (g) => g.op('Clip', [image(g)], { min: float(-0.5), max: float(0.5) })],
  ['Clip with a maximum alone', 9, (g) => g.op('Clip', [image(g)], { max: float(0.5) })],
  ['Pad by attributes', 9, (g) => g.op('Pad', [image(g)], { pads: [0, 0, 1, 2, 0, 0, 3, 0], value: float(1.5) })],
  ['Upsample', 9, (g) => g.op('Upsample', [image(g), g.constant('float32', [1, 1, 2, 3])], { mode: 'nearest' })],
  [
    'Upsample by attribute, linear',
    7,
    (g) => g.op('Upsample', [image(g)], { mode: 'linear', scales: attribute([1, 1, 2, 2]) }),
  ],
  [
    'Resize before 11',
    10,
    (g) => g.op('Resize', [image(g), g.constant('float32', [1, 1, 1.5, 0.5])], { mode: 'linear' }),
  ],
  [
    'Resize that shrinks, nearest',
    10,
    (g) => g.op('Resize', [image(g), g.constant('float32', [1, 1, 0.6, 0.6])], { mode: 'nearest' }),
  ],
  [
    'Resize that enlarges, nearest',
    10,
    (g) => g.op('Resize', [image(g), g.constant('float32', [1, 1, 1.7, 1])], { mode: 'nearest' }),
  ],
  ['Dropout', 9, (g) => g.op('Dropout', [image(g)], { ratio: float(0.3) })],
  ['Softmax over several axes', 9, (g) => g.op('Softmax', [image(g)], { axis: 2 })],
  ['Softmax by default', 11, (g) => g.op('Softmax', [image(g)])],
  ['LogSoftmax over the last axis', 12, (g) => g.op('LogSoftmax', [image(g)], { axis: 3 })],
  [
    'Squeeze and Unsqueeze',
    11,
    (g) => g.op('Squeeze', [g.op('Unsqueeze', [image(g)], { axes: [0, 3] })], { axes: [0] }),
  ],
  ['Split', 11, (g) => g.op('Split', [image(g)], { axis: 3, split: [2, 4] }, { outputs: 2 })],
  ['ReduceSum', 11, (g) => g.op('ReduceSum', [image(g)], { axes: [1, 3], keepdims: 0 })],
];

describe('raiseOpset', () => {
  it.each(cases)('keeps the meaning of %s', async (_, opset, op) => {
    const before = buildModel({ '': opset }, (g) => g.output('y', op(g), 'float32'));
    inferTypes(before);
    const after = cloneModel(before);
    expect(raiseOpset(after, 13)).toBeUndefined();
    checkModel(after);
    expect(after.opsets.get('')).toBe(13);
    const feeds = randomFeeds(before);
    compareTensors(
      await runModel(await writeModel(after), feeds),
      await runModel(await writeModel(before), feeds),
      1e-6,
    );
  });

  it('renames Scatter', () => {
    const model = buildModel({ '': 9 }, (g) => {
      const x = g.input('x', 'float32', [3, 3]);
      g.output(
        'y',
        g.op('Scatter', [x, g.constant('int64', [0, 1, 2], [1, 3]), g.constant('float32', [1, 2, 3], [1, 3])], {
          axis: 0,
        }),
      );
    });
    expect(raiseOpset(model, 11)).toBeUndefined();
    expect(opCounts(model)).toEqual({ ScatterElements: 1 });
  });

  it('reaches into bodies', async () => {
    const before = buildModel({ '': 11 }, (g) => {
      const x = image(g);
      const body = (name: string, axes: number[]) =>
        g.body(name, (b) => b.output('out', b.op('Unsqueeze', [x], { axes })));
      const taken = g.input('taken', 'bool', []);
      g.output('y', g.op('If', [taken], { then_branch: body('a', [0]), else_branch: body('b', [1]) }), 'float32');
    });
    inferTypes(before);
    const after = cloneModel(before);
    expect(raiseOpset(after, 13)).toBeUndefined();
    const feeds = randomFeeds(before);
    compareTensors(await runModel(await writeModel(after), feeds), await runModel(await writeModel(before), feeds), 0);
  });

  it('refuses what has no later form, and says where', () => {
    const spatial = buildModel({ '': 7 }, (g) => {
      const c = () => g.constant('float32', [1, 1, 1]);
      g.output('y', g.op('BatchNormalization', [image(g), c(), c(), c(), c()], { spatial: 0 }, { name: 'norm' }));
    });
    expect(raiseOpset(spatial, 13)).toMatchObject({
      reason: expect.stringContaining('spatial = 0'),
      at: { name: 'norm' },
    });
    const old = buildModel({ '': 6 }, (g) => g.output('y', g.op('Relu', [image(g)])));
    expect(raiseOpset(old, 13)?.reason).toBe('opset 6 cannot be raised to 13');
    const mask = buildModel({ '': 9 }, (g) => {
      const dropout = g.node('Dropout', [image(g)], {}, { outputs: 2 });
      g.output('y', g.op('Mul', [dropout.output, dropout.outputs[1]]));
    });
    expect(raiseOpset(mask, 11)?.reason).toContain('mask');
    const mixed = buildModel({ '': 10 }, (g) =>
      g.output('y', g.op('Resize', [image(g), g.constant('float32', [1, 1, 2, 0.5])], { mode: 'nearest' })),
    );
    expect(raiseOpset(mixed, 11)?.reason).toContain('enlarges one axis');
    const referred = buildModel({ '': 11 }, (g) => {
      const axes = { type: 'ref' as const, name: 'axes', of: 'ints' as const };
      g.output('y', g.op('Squeeze', [image(g)], { axes }));
    });
    expect(raiseOpset(referred, 13)?.reason).toContain("the function's to give");
    const ranked = buildModel({ '': 11 }, (g) => g.output('y', g.op('Softmax', [g.input('x', 'float32')])));
    expect(raiseOpset(ranked, 13)?.reason).toContain('rank');
  });

  it('leaves a model that is new enough as it is', () => {
    const model = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [image(g)])));
    const { revision } = model;
    expect(raiseOpset(model, 13)).toBeUndefined();
    expect(model.revision).toBe(revision);
  });
});
