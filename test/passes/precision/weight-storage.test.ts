/** Storage forms against onnxruntime: each role of a weight in each form, tables that stay narrow, and what is refused. */
import { describe, expect, it } from 'vitest';
import { fp16 } from '../../../passes/fp16.js';
import { priceOf, type StorageForm } from '../../../passes/precision/weights/forms.js';
import { roundedTo } from '../../../passes/precision/weights/half-floats.js';
import { channelErrors, halfErrors } from '../../../passes/precision/weights/rounding.js';
import { type WeightSite, weightSites } from '../../../passes/precision/weights/sites.js';
import { putStored } from '../../../passes/precision/weights/store.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { writeModel } from '../../../src/onnx/write.js';
import { runBytes } from '../../../src/testing/run-bytes.js';
import { applyPass, checkMiss, checkPass, opCounts, randomWeights } from '../../check-pass.js';
import { editing, errorsOf, roles, storing } from './weight-models.js';

const forms: readonly (readonly [string, StorageForm])[] = [
  ['float16', { type: 'float16' }],
  ['bfloat16', { type: 'bfloat16' }],
  ['int8 by channel', { type: 'int8', block: 'channel' }],
  ['int8 by block', { type: 'int8', block: 8 }],
  ['int4 by block', { type: 'int4', block: 8 }],
];

describe.each(forms)('weights stored as %s', (_name, form) => {
  it.each(roles)('of %s', async (_op, _role, _channels, _contracted, model) => {
    const before = model();
    // A sum of products changes as its weights do, relative to its largest value: five times that, for cancellation in small sums.
    const { model: after } = await checkPass(storing(form), {
      before,
      within: 5 * Math.max(...errorsOf(before, form)),
    });
    expect([...after.graph.constants].find(({ name }) => name === 'w')?.tensor?.type).toBe(form.type);
  });
});

describe('rounding to 16 bits', () => {
  const [last, largest] = [3.4028234663852886e38, 3.3895313892515355e38];

  it.each<['float16' | 'bfloat16', number, number]>([
    ['float16', 65519, 65504],
    ['float16', 65535, 65504],
    ['bfloat16', last, largest],
    ['bfloat16', -last, -largest],
  ])('as %s gives %d the largest number, and measures that', (type, number, rounded) => {
    const matrix = tensorOf('float32', [number], [1, 1]);
    const one = { block: 1, step: 0 };
    const error = channelErrors({
      ...{ tensor: matrix, rows: 1, columns: 1, groups: 1 },
      ...{ rowGroups: one, columnGroups: one },
    })[type];
    expect(roundedTo(type, number)).toBe(rounded);
    // The numbers are stored exactly: only the division and the root round.
    expect(error).toBeCloseTo(Math.abs((number - rounded) / number), 14);
  });

  it('as float16 measures a number a step beyond the range as infinitely wrong', () => {
    const one = { block: 1, step: 0 };
    const matrix = tensorOf('float32', [65536], [1, 1]);
    expect(
      channelErrors({ tensor: matrix, rows: 1, columns: 1, groups: 1, rowGroups: one, columnGroups: one }).float16,
    ).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the choice of 16 bits for a large weight', () => {
  const shape = [512, 1024];
  const numbers = numbersOf(randomWeights(shape, 1, 3));
  const matrixWith = (factorOf: (at: number) => number) => ({
    tensor: tensorOf(
      'float32',
      numbers.map((one, at) => one * factorOf(at)),
      shape,
    ),
    ...{ rows: 512, columns: 1024, groups: 1024 },
    ...{ rowGroups: { block: 1, step: 0 }, columnGroups: { block: 1, step: 1 } },
  });

  it.each<[string, (at: number) => number]>([
    ['ordinary numbers', () => 1],
    ['numbers below the range of float16', () => 1e-7],
    ['numbers at which both are about as far off', () => 2 ** -16],
    ['one number beyond the range, in a row that is not among those looked at', (at) => (at === 1024 ? 1e6 : 1)],
  ])('is that of all numbers: %s', (_name, factorOf) => {
    const matrix = matrixWith(factorOf);
    const { float16: narrow, bfloat16: wide } = channelErrors(matrix);
    const found = halfErrors(matrix);
    expect(found.float16 <= found.bfloat16).toBe(narrow <= wide);
    expect(Number.isFinite(found.float16)).toBe(Number.isFinite(narrow));
  });
});

describe('16 bits for a weight some of whose channels are small', () => {
  const sized = (shape: readonly [number, number], factorOf: (row: number, column: number) => number) => {
    const numbers = numbersOf(randomWeights(shape, 0.05, 3));
    const [, columns] = shape;
    return tensorOf(
      'float32',
      numbers.map((one, at) => one * factorOf(Math.floor(at / columns), at % columns)),
      shape,
    );
  };
  // The sample is one row in four of these.
  const smallRows = (row: number) => (row % 4 === 3 ? 6e-6 : 1);
  const rows = (g: GraphBuilder) => g.constant(sized([4096, 32], smallRows), 'w');
  const some = (g: GraphBuilder) => g.constant(tensorOf('int64', [7, 11, 39], [3]));
  const product = (factorOf: (row: number, column: number) => number) =>
    buildModel({ '': 21 }, (g) => {
      const weight = g.constant(sized([512, 256], factorOf), 'w');
      const y = g.op('MatMul', [g.input('x', 'float32', [3, 512]), weight]);
      g.output('y', g.op('Gather', [y, some(g)], { axis: 1 }));
    });

  it.each<[string, 'float16' | 'bfloat16', () => Model]>([
    [
      'rows of a table',
      'bfloat16',
      () => buildModel({ '': 21 }, (g) => g.output('y', g.op('Gather', [rows(g), some(g)]))),
    ],
    [
      'rows of Gemm',
      'bfloat16',
      () =>
        buildModel({ '': 21 }, (g) => {
          const y = g.op('Gemm', [g.input('x', 'float32', [3, 32]), rows(g)], { transB: 1 });
          g.output('y', g.op('Gather', [y, some(g)], { axis: 1 }));
        }),
    ],
    [
      'columns that are zero where they are looked at',
      'bfloat16',
      () => product((row, column) => ([7, 11, 39].includes(column) ? (row % 4 === 0 ? 0 : 6e-6) : 1)),
    ],
    ['columns that are small only where they are looked at', 'float16', () => product((row) => (row % 4 ? 1 : 6e-6))],
  ])('fits %s: %s', async (_name, type, model) => {
    // A number of bfloat16 is at most 2^-9 off, one of float16 2^-11: three and four times that, for cancellation in sums.
    const { model: after } = await checkPass(fp16(), { before: model(), within: type === 'float16' ? 2e-3 : 6e-3 });
    expect([...after.graph.constants].find(({ name }) => name === 'w')?.tensor?.type).toBe(type);
  });
});

describe('storage', () => {
  it('prices what it stores', async () => {
    const before = buildModel({ '': 21 }, (g) =>
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [3, 64]), g.constant(randomWeights([64, 32]), 'w')])),
    );
    for (const [, form] of forms) {
      const price = priceOf(weightSites(before)[0] as never, form) as { bytes: number; error: number };
      const { result } = await checkPass(storing(form), { before, within: 1 });
      const shape = 'block' in form && form.block !== 'channel' ? 16 : 0;
      expect(result.bytes.after).toBe(price.bytes + shape);
      expect(price.error).toBeGreaterThan(0);
    }
    const errors = forms.map(([, form]) => errorsOf(before, form)[0] as number);
    expect(errors).toEqual(errors.toSorted((a, b) => (a === errors[3] || b === errors[3] ? 0 : a - b)));
  });

  it('looks rows up in a table that stays narrow, and decodes it for the head alone', async () => {
    const before = buildModel({ '': 21 }, (g) => {
      const table = g.constant(randomWeights([40, 32], 0.3), 'table');
      const rows = g.op('Gather', [table, g.input('ids', 'int64', [2, 'length'])]);
      g.output('y', g.op('MatMul', [rows, g.op('Transpose', [table], { perm: [1, 0] })]));
    });
    const { model } = await checkPass(storing({ type: 'int8', block: 'channel' }), { before, within: 0.03 });
    expect(opCounts(model)).toEqual({ Cast: 2, Gather: 2, MatMul: 1, Mul: 2, Transpose: 1 });
    expect([...model.graph.constants].map(({ tensor }) => tensor?.type)).toEqual(['int8', 'float32']);
  });

  it('puts what another quantizer made in the place of a weight: blocks with zero points', async () => {
    const before = buildModel({ '': 21 }, (g) =>
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [3, 8]), g.constant(randomWeights([8, 4]), 'w')])),
    );
    const ramp = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at);
    const numbers = tensorOf(
      'uint4',
      ramp(32).map((one) => one % 16),
      [2, 4, 4],
    );
    const zeros = tensorOf('uint4', ramp(8), [2, 1, 4]);
    const scales = tensorOf(
      'float16',
      ramp(8, 1).map((one) => one / 8),
      [2, 1, 4],
    );
    const { model } = await applyPass(
      editing((one) =>
        putStored(weightSites(one)[0] as WeightSite, { kind: 'quantized', numbers, zeros, scales }, 'cpu'),
      ),
      before,
    );
    const x = numbersOf(tensorOf('float32', ramp(24)));
    const expected = ramp(12).map((at) => {
      const [row, column] = [Math.floor(at / 4), at % 4];
      const weight = (k: number) => {
        const group = Math.floor(k / 4) * 4 + column;
        return (((k * 4 + column) % 16) - group) * ((group + 1) / 8);
      };
      return ramp(8).reduce((sum, k) => sum + (x[row * 8 + k] as number) * weight(k), 0);
    });
    const { y } = await runBytes(await writeModel(model), { x: tensorOf('float32', x, [3, 8]) });
    expect([...numbersOf(y as Tensor)]).toEqual(expected);
  });

  it('needs an opset whose Cast takes the type', async () => {
    const before = buildModel({ '': 20 }, (g) =>
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [3, 64]), g.constant(randomWeights([64, 32]), 'w')])),
    );
    const reason = 'Cast takes int4 from opset 21 on';
    await checkMiss(storing({ type: 'int4', block: 'channel' }), { before, reason });
  });

  it('is exact where nothing is lost', async () => {
    const exact = tensorOf(
      'float32',
      numbersOf(randomWeights([64, 32])).map((one) => Math.round(one * 16) / 16),
      [64, 32],
    );
    const before = buildModel({ '': 21 }, (g) =>
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [3, 64]), g.constant(exact, 'w')])),
    );
    expect(errorsOf(before, { type: 'float16' })).toEqual([0]);
    await checkPass(storing({ type: 'float16' }), { before, within: 0 });
  });

  it('measures what leaves the range, and refuses what is not finite', async () => {
    const starting = (number: number) =>
      buildModel({ '': 21 }, (g) => {
        const w = tensorOf(
          'float32',
          numbersOf(randomWeights([64, 32])).map((one, at) => (at ? one : number)),
          [64, 32],
        );
        g.output('y', g.op('MatMul', [g.input('x', 'float32', [3, 64]), g.constant(w, 'w')]));
      });
    expect(errorsOf(starting(7e4), { type: 'float16' })[0]).toBeGreaterThan(0.06);
    expect(errorsOf(starting(7e4), { type: 'bfloat16' })[0]).toBeLessThan(4e-3);
    const form = { type: 'int8', block: 'channel' } as const;
    await checkMiss(storing(form), { before: starting(Number.NaN), reason: 'NaN or infinity' });
  });
});
