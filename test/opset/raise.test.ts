import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import { checkModel } from '../../src/ir/whole-model/check.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { operators } from '../../src/onnx/schemas/schema-table.js';
import { writeModel } from '../../src/onnx/write.js';
import { changes } from '../../src/opset/changes.js';
import { NEWEST, OLDEST, raiseOpset } from '../../src/opset/raise.js';
import { isSame } from '../../src/opset/same.js';
import { compareTensors, opCounts, randomFeeds, randomWeights } from '../check-pass.js';
import { runModel } from '../run-model.js';
import { cases, image } from './opset-cases.js';

describe('raiseOpset', () => {
  it.each(cases)('keeps the meaning of %s', async (_, opset, op, newest = NEWEST) => {
    const before = buildModel({ '': opset }, (g) => g.output('y', op(g), 'float32'));
    inferTypes(before);
    const feeds = randomFeeds(before);
    const expected = await runModel(await writeModel(before), feeds);
    for (const version of [13, 18, 21, 23, 26].filter((one) => one > opset && one <= newest)) {
      const after = cloneModel(before);
      expect(raiseOpset(after, version)).toBeUndefined();
      checkModel(after);
      expect(after.opsets.get('')).toBe(version);
      compareTensors(await runModel(await writeModel(after), feeds), expected, 1e-6);
    }
  });

  it('knows every later version of every op', () => {
    const versions = new Map<string, number[]>();
    for (const [, op = '', since] of operators.matchAll(/^([A-Za-z0-9]+)!? (\d+)\|/gm))
      versions.set(op, [...(versions.get(op) ?? []), Number(since)]);
    expect(versions.get('Softmax')).toEqual([1, 11, 13]);
    const unknown = [...versions].flatMap(([op, [, ...later]]) =>
      later
        .filter((version) => version > OLDEST && version <= NEWEST)
        .filter((version) => !isSame(op, version) && !Object.hasOwn(changes[version] ?? {}, op))
        .map((version) => `${op} ${version}`),
    );
    expect(unknown).toEqual([]);
  });

  it('raises the IR version with it, but for a model whose constants are inputs', () => {
    const model = buildModel({ '': 13 }, (g) => g.output('y', g.op('Relu', [image(g)])), 7);
    raiseOpset(model, 21);
    expect(model.irVersion).toBe(10);
    const listed = buildModel(
      { '': 8 },
      (g) => {
        const w = g.input('w', 'float32', [6]);
        w.tensor = randomWeights([6]);
        g.output('y', g.op('Add', [image(g), w]));
      },
      3,
    );
    expect(raiseOpset(listed, 21)).toBeUndefined();
    expect(listed.irVersion).toBe(3);
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
    const unknown = buildModel({ '': 13 }, (g) => g.output('y', g.op('ATen', [image(g)])));
    expect(raiseOpset(unknown, 14)?.reason).toContain('no operator set of ai.onnx has this op');
    const window = buildModel({ '': 13 }, (g) =>
      g.output('y', g.op('MaxPool', [image(g)], { kernel_shape: [1, 1], strides: [3, 2], ceil_mode: 1 })),
    );
    expect(raiseOpset(window, 22)?.reason).toContain('last window');
    const training = buildModel({ '': 9 }, (g) => {
      const c = () => g.constant('float32', [1, 1, 1]);
      g.output('y', g.node('BatchNormalization', [image(g), c(), c(), c(), c()], {}, { outputs: 5 }).output);
    });
    expect(raiseOpset(training, 14)?.reason).toContain('statistics of training');
    const integers = buildModel({ '': 9 }, (g) => g.output('y', g.op('Erf', [g.input('x', 'int32', [2])])));
    expect(raiseOpset(integers, 13)?.reason).toContain('it takes no int32');
    const withdrawn = buildModel({ '': 11 }, (g) =>
      g.output(
        'y',
        g.op('Resize', [image(g), g.constant('float32', []), g.constant('float32', [1, 1, 2, 2])], {
          coordinate_transformation_mode: 'tf_half_pixel_for_nn',
        }),
      ),
    );
    expect(raiseOpset(withdrawn, 13)?.reason).toContain('withdrawn');
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
