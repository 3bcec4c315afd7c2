import { describe, expect, it } from 'vitest';
import { fullGraph } from '../../../passes/full-graph.js';
import { float } from '../../../src/ir/attribute.js';
import { type Attributes, buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Accelerator } from '../../../src/ir/targets/targets.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { placementByTables } from '../../../src/validate/placement-by-tables.js';
import { checkMiss, checkPass } from '../../check-pass.js';

/** Numbers around the places where formulas have branches, with NaN and infinities where they are asked for. */
const ordinary = [-7, -3.5, -3, -1.25, -0.5, -0.1, 0, 0.05, 0.5, 1, 1.5, 3, 3.25, 40, -40, 8];
const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1];

interface Form {
  readonly opset?: number;
  readonly target?: Accelerator;
  readonly numbers?: readonly number[];
  readonly attributes?: Attributes;
  readonly elem?: 'bool' | 'float32';
}

const one = (opType: string, { opset = 22, attributes, numbers = ordinary, elem = 'float32' }: Form) =>
  buildModel({ '': opset }, (g) => {
    const x = g.input('x', 'float32', [1, 2, numbers.length / 2, 1]);
    g.output('y', g.op(opType, [x], attributes), elem);
  });

/** Formulas are the same algebra; exp and sqrt of two kernels differ in the last digits. */
const DIGITS = 1e-6;

const forms: readonly (readonly [opType: string, form: Form])[] = [
  ['IsNaN', { numbers: odd, elem: 'bool', opset: 20 }],
  ['IsInf', { numbers: odd, elem: 'bool', opset: 20 }],
  ['IsInf', { numbers: odd, elem: 'bool', attributes: { detect_negative: 0 } }],
  ['IsInf', { numbers: odd, elem: 'bool', attributes: { detect_positive: 0 } }],
  ['Sign', {}],
  ['Softsign', {}],
  ['Elu', { attributes: { alpha: float(0.7) } }],
  ['Elu', { target: 'cuda' }],
  ['Celu', { attributes: { alpha: float(2) } }],
  ['Selu', { target: 'cuda' }],
  ['HardSigmoid', { attributes: { alpha: float(0.3) } }],
  ['HardSwish', {}],
  ['ThresholdedRelu', {}],
  ['ThresholdedRelu', { target: 'cuda', attributes: { alpha: float(0.2) } }],
  ['GlobalAveragePool', {}],
  ['GlobalMaxPool', {}],
  ['LogSoftmax', { attributes: { axis: 1 } }],
];

describe('full-graph: an op without a kernel by its formula', () => {
  it.each(forms)('%s %o', async (opType, form) => {
    const { target = 'webgpu', numbers = ordinary } = form;
    const before = one(opType, form);
    expect(placementByTables(before, target).fallbacks).toEqual({ [opType]: 1 });
    const feeds = { x: tensorOf('float32', numbers, [1, 2, numbers.length / 2, 1]) };
    const { model } = await checkPass(fullGraph(), { before, target, feeds, within: DIGITS });
    expect(placementByTables(model, target).fallbacks).toEqual({});
  });

  it('adds what Sum and Mean are given', async () => {
    const before = buildModel({ '': 20 }, (g) => {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => g.input(name, 'float32', [2, 3]));
      g.output('y', g.op('Sum', [g.op('Mean', [a, b, c]), a, c]), 'float32');
    });
    const ops = { Add: 4, Div: 1 };
    await checkPass(fullGraph(), { before, target: 'webgpu', ops, within: DIGITS });
  });

  it('normalizes instances by means, on CUDA from opset 22 on', async () => {
    const norm = (opset: number) =>
      buildModel({ '': opset }, (g) => {
        const [x, scale] = [g.input('x', 'float32', [2, 3, 4, 5]), g.input('scale', 'float32', [3])];
        g.output('y', g.op('InstanceNormalization', [x, scale, g.constant('float32', [1, 2, 3])]), 'float32');
      });
    const { model } = await checkPass(fullGraph(), { before: norm(22), target: 'cuda', within: 1e-5 });
    expect(placementByTables(model, 'cuda').fallbacks).toEqual({});
    await checkPass(fullGraph(), { before: norm(21), target: 'cuda', ops: { InstanceNormalization: 1 }, within: 0 });
  });
});

/** A model whose one output is made of [batch, sequence] tokens. */
const ofTokens = (make: (g: GraphBuilder, x: Value, ids: Value) => Value, elem: 'float32' | 'bool' = 'float32') =>
  buildModel({ '': 20 }, (g) => {
    const [x, ids] = [
      g.input('x', 'float32', ['batch', 'sequence', 4]),
      g.input('ids', 'int64', ['batch', 'sequence']),
    ];
    g.output('y', make(g, x, ids), elem);
  });

const positions = (g: GraphBuilder, x: Value): Value => {
  const length = g.op('Squeeze', [g.op('Shape', [x], { start: 1, end: 2 })]);
  return g.op('Range', [g.constant('int64', 0), length, g.constant('int64', 1)]);
};

describe('full-graph: elements in another type', () => {
  it('counts positions in int32 where their length is that of a dim', async () => {
    const before = ofTokens((g, x) => {
      const row = g.op('Add', [g.unsqueeze(positions(g, x), [1]), g.constant('int64', 3)]);
      return g.op('Mul', [x, g.cast(row, 'float32')]);
    });
    const { model } = await checkPass(fullGraph(), { before, target: 'webgpu', within: 0 });
    expect(placementByTables(model, 'webgpu')).toMatchObject({ fallbacks: {}, copies: 0 });
  });

  it('fills int32 instead of int64, and negates by a difference', async () => {
    const before = ofTokens((g, x) => {
      const value = { type: 'tensor', value: tensorOf('int64', [5]) } as const;
      const fives = g.op('ConstantOfShape', [g.op('Shape', [x])], { value });
      const far = g.op('Sub', [g.op('Abs', [g.op('Neg', [fives])]), g.op('Neg', [fives])]);
      return g.op('Mul', [x, g.cast(far, 'float32')]);
    });
    const { model } = await checkPass(fullGraph(), { before, target: 'webgpu', within: 0 });
    expect(placementByTables(model, 'webgpu')).toMatchObject({ fallbacks: {}, copies: 0 });
  });

  it('compares positions in int32', async () => {
    const before = ofTokens((g, x) => {
      const at = positions(g, x);
      return g.op('LessOrEqual', [g.unsqueeze(at, [0]), g.unsqueeze(at, [1])]);
    }, 'bool');
    const ops = { Cast: 1, LessOrEqual: 1, Range: 1, Shape: 1, Squeeze: 1, Unsqueeze: 2 };
    await checkPass(fullGraph(), { before, target: 'webgpu', ops, within: 0 });
  });

  it('leaves int64 numbers of an input, and says so', async () => {
    const before = ofTokens((g, x, ids) => g.op('Mul', [x, g.unsqueeze(g.cast(ids, 'float32'), [2])]));
    const reason =
      'Cast to float32 has no kernel for int64 on webgpu, but for float32 and float16: it reads an int64 input';
    await checkMiss(fullGraph(), { before, target: 'webgpu', reason });
    await checkPass(fullGraph(), { before, target: 'cuda', ops: { Cast: 1, Mul: 1, Unsqueeze: 1 }, within: 0 });
  });

  it('leaves int64 numbers that may not fit int32', async () => {
    const before = ofTokens((g, x) => {
      const far = g.op('Mul', [positions(g, x), g.constant('int64', 2 ** 20)]);
      return g.op('Mul', [x, g.unsqueeze(g.cast(far, 'float32'), [1])]);
    });
    await checkMiss(fullGraph(), { before, target: 'webgpu', reason: 'not known to fit int32' });
  });

  it('moves bool as another type that holds it', async () => {
    const before = buildModel({ '': 20 }, (g) => {
      const [x, c] = [g.input('x', 'float32', [2, 70, 3]), g.input('c', 'float32', [2, 70, 3])];
      const near = g.op('Slice', [g.op('Less', [x, c]), g.ints(1), g.ints(2), g.ints(2)]);
      g.output('y', g.op('Where', [near, x, c]), 'float32');
    });
    const ops = { Cast: 2, Less: 1, Slice: 1, Where: 1 };
    await checkPass(fullGraph(), { before, target: 'webgpu', ops, within: 0 });
  });

  it('expands a number instead of ConstantOfShape', async () => {
    const before = ofTokens((g, x) => {
      const value = { type: 'tensor', value: tensorOf('float32', [7]) } as const;
      return g.op('Add', [x, g.op('ConstantOfShape', [g.op('Shape', [x])], { value })]);
    });
    await checkPass(fullGraph(), { before, target: 'webgpu', ops: { Add: 1, Expand: 1, Shape: 1 }, within: 0 });
  });
});

describe('full-graph', () => {
  it('has nothing to do on the CPU, and says so', () =>
    checkMiss(fullGraph(), { before: one('Elu', {}), reason: 'every node of a model runs on the CPU' }));

  it('tells the cause of what it cannot cure', async () => {
    const before = buildModel({ '': 22 }, (g) => {
      g.output('y', g.op('Det', [g.input('x', 'float32', [3, 3])]), 'float32');
    });
    await checkMiss(fullGraph(), { before, target: 'webgpu', reason: /Det has no kernel on webgpu: no form of it/ });
  });
});
