import { describe, expect, it } from 'vitest';
import { buildModel } from '../../../src/ir/build.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { memoryTensor } from '../../../src/ir/tensors/tensor.js';
import type { DataType } from '../../../src/ir/types.js';
import type { TensorData } from '../../../src/runtime/isolate.js';
import { toTensorData } from '../../../src/runtime/tensor-data.js';
import { compareTensors, mismatchOf, worstOf } from '../../../src/validate/judge/accuracy.js';
import { attainable, gateOf, summaryOf, unproven, violations } from '../../../src/validate/judge/gates.js';

const data = (type: DataType, values: number[], shape?: number[]): TensorData =>
  toTensorData(tensorOf(type, values, shape));
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('accuracy', () => {
  it('measures what is computed by hand', () => {
    const found = compareTensors('y', data('float32', [3, 4, 0]), data('float32', [3, 3.5, 0.5]));
    expect(found).toMatchObject({ name: 'y', type: 'float32', maxAbs: 0.5, maxRel: 0.125 });
    // ‖(0, -0.5, 0.5)‖ = √0.5, ‖(3, 4, 0)‖ = 5, ‖(3, 3.5, 0.5)‖ = √21.5, dot = 23.
    expect(found.relativeL2).toBeCloseTo(Math.SQRT1_2 / 5, 12);
    expect(found.cosine).toBeCloseTo(23 / (5 * Math.sqrt(21.5)), 12);
    expect(found.snr).toBeCloseTo(20 * Math.log10(5 / Math.SQRT1_2), 9);
    expect(found.nonFinite).toEqual({ original: 0, result: 0 });
    expect(found).not.toHaveProperty('equal');
    expect(found).not.toHaveProperty('top1');
  });

  it('knows equal, zero and empty tensors', () => {
    const same = compareTensors('y', data('float16', [1, -2]), data('float16', [1, -2]));
    expect(same).toMatchObject({ maxAbs: 0, maxRel: 0, relativeL2: 0, cosine: 1, snr: inf });
    const zeros = compareTensors('y', data('float32', [0, 0]), data('float32', [0, 0]));
    expect(zeros).toMatchObject({ relativeL2: 0, cosine: 1 });
    expect(compareTensors('y', data('float32', [0]), data('float32', [1]))).toMatchObject({
      relativeL2: inf,
      maxRel: inf,
      cosine: 0,
    });
    expect(compareTensors('y', data('float32', [], [0, 4]), data('float32', [], [0, 4]))).toMatchObject({
      relativeL2: 0,
      cosine: 1,
    });
    expect(compareTensors('y', data('int64', [], [0]), data('int64', [], [0]))).toMatchObject({ equal: 1 });
  });

  it('takes NaN as equal to NaN and tells every other pair with one', () => {
    const a = data('float32', [nan, inf, -inf, 1, nan, 2]);
    const b = data('float32', [nan, inf, inf, nan, 3, 2]);
    const found = compareTensors('y', a, b);
    expect(found).toMatchObject({
      nonFinite: { original: 4, result: 4 },
      nonFiniteMismatches: 3,
      relativeL2: 0,
      maxAbs: 0,
    });
    // Whatever else stands in the bits of a NaN.
    const bits = (...words: number[]): TensorData => ({
      ...{ type: 'float32', shape: [words.length] },
      data: new Uint8Array(Uint32Array.from(words).buffer),
    });
    expect(compareTensors('y', bits(0x7fc00000), bits(0xffc00123)).nonFiniteMismatches).toBe(0);
    for (const type of ['float16', 'bfloat16', 'float64'] as const)
      expect(compareTensors('y', data(type, [nan, -inf, inf]), data(type, [nan, inf, nan]))).toMatchObject({
        nonFiniteMismatches: 2,
      });
    expect(violations(found, gateOf('lossy', 'cpu'))).toEqual([
      '3 elements are NaN or infinite in one of the two alone',
    ]);
  });

  it('counts equal integers, bools and texts, exactly', () => {
    expect(compareTensors('y', data('int32', [1, 2, 3, 4]), data('int32', [1, 2, 3, 5]))).toMatchObject({
      equal: 0.75,
      maxAbs: 1,
    });
    expect(compareTensors('y', data('bool', [1, 0]), data('bool', [1, 0])).equal).toBe(1);
    const wide = (value: bigint): TensorData =>
      toTensorData(memoryTensor('int64', [1], new Uint8Array(BigInt64Array.of(value).buffer)));
    expect(compareTensors('y', wide(2n ** 60n), wide(2n ** 60n + 1n)).equal).toBe(0);
    const text = (...list: string[]): TensorData => ({ type: 'string', shape: [list.length], data: list });
    expect(compareTensors('y', text('a', 'b'), text('a', 'c'))).toMatchObject({ type: 'string', equal: 0.5 });
    expect(compareTensors('y', text('ä'), text('ä'))).toMatchObject({ equal: 1, snr: inf });
  });

  it('sees other shapes and types', () => {
    expect(mismatchOf(data('float32', [1, 2]), data('float32', [1, 2], [1, 2]))).toBe(
      'expected float32[2]; found float32[1, 2]',
    );
    expect(mismatchOf(data('float32', [1]), data('float16', [1]))).toBe('expected float32[1]; found float16[1]');
    expect(mismatchOf(data('float32', [1]), data('float32', [2]))).toBeUndefined();
  });

  it('keeps the worst of each measure', () => {
    const a = compareTensors('y', data('float32', [1, 2]), data('float32', [1, 2.5]));
    const b = compareTensors('y', data('float32', [10, 0]), data('float32', [10, 1]));
    expect(worstOf(a, b)).toMatchObject({
      maxAbs: 1,
      maxRel: 0.25,
      relativeL2: a.relativeL2,
      cosine: Math.min(a.cosine, b.cosine),
    });
  });
});

describe('gates', () => {
  const noisy = (noise: number) => {
    const values = Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    return compareTensors(
      'y',
      data('float32', values),
      data(
        'float32',
        values.map((v, i) => v + noise * Math.sin(i * 7.3)),
      ),
    );
  };

  it('let pass what a fidelity is meant to do, and no more', () => {
    const broken = (noise: number, fidelity: 'exact' | 'rounding' | 'lossy') =>
      violations(noisy(noise), gateOf(fidelity, 'cpu'));
    expect(broken(1e-6, 'exact')).toEqual([]);
    expect(broken(1e-3, 'exact').join()).toMatch(/relative L2 0\.0010 > 0\.0001/);
    expect(violations(noisy(1e-3), gateOf('exact', 'webgpu'))).toEqual([]);
    expect(broken(1e-2, 'rounding')).toEqual([]);
    expect(broken(0.13, 'rounding')).toHaveLength(2);
    expect(broken(0.08, 'lossy')).toEqual([]);
    expect(broken(0.3, 'lossy')).toHaveLength(2);
  });

  it('see one wrong element of many', () => {
    const values = Array.from({ length: 1e6 }, () => 1);
    const wrong = values.with(3, 1.05);
    expect(
      violations(compareTensors('y', data('float32', values), data('float32', wrong)), gateOf('exact', 'cpu')),
    ).toEqual(['largest error 0.050 of the scale > 0.001']);
  });

  it('do not take the last bits of nothing for an error', () => {
    const tiny = compareTensors('y', data('float32', [4e-7, 1e-7]), data('float32', [2e-7, 2e-7]));
    expect(tiny.relativeL2).toBeGreaterThan(0.5);
    expect(violations(tiny, gateOf('exact', 'cpu'))).toEqual([]);
    expect(unproven(tiny, gateOf('exact', 'cpu'))).toMatch(/^every value is below 0.000001/);
    const beside = compareTensors('y', data('float32', [0.5, 4e-7]), data('float32', [0.5, 2e-7]));
    expect(unproven(beside, gateOf('exact', 'cpu'))).toBeUndefined();
    expect(summaryOf([beside], gateOf('exact', 'cpu'))).toMatch(/^no difference is above 2\.\de-7$/);
  });

  it('prove nothing by outputs that hold nothing', () => {
    const gate = gateOf('exact', 'cpu');
    const reason = (a: TensorData, b: TensorData) => unproven(compareTensors('y', a, b), gate);
    const floats = (...values: number[]) => data('float32', values, [values.length]);
    expect(reason(floats(nan, inf), floats(nan, inf))).toBe('every element is NaN or infinite');
    expect(reason(floats(), floats())).toBe('it has no elements');
    expect(reason(data('int64', [], [0]), data('int64', [], [0]))).toBe('it has no elements');
    expect(reason(floats(1e-8), floats(2e-8))).toMatch(/^every value is below/);
    // What can be told is told: equal numbers however small, and what breaks the gate.
    for (const [a, b] of [
      [floats(1e-8), floats(1e-8)],
      [floats(0), floats(0)],
      [floats(1e-8), floats(1)],
      [floats(nan), floats(1)],
      [data('int32', [1]), data('int32', [1])],
    ] as const)
      expect(reason(a, b)).toBeUndefined();
  });

  it('are replaced by the limits that are given', () => {
    const output = noisy(0.08);
    expect(violations(output, gateOf('exact', 'cpu', { maxError: 0.1, minCosine: 0.99 }))).toEqual([]);
    expect(violations(output, gateOf('lossy', 'cpu', { maxError: 0.01 }))).toHaveLength(1);
    // Each alone leaves the other as it is.
    expect(violations(output, gateOf('exact', 'cpu', { maxError: 0.1 }))).toEqual([expect.stringMatching(/^cosine/)]);
    expect(violations(output, gateOf('exact', 'cpu', { minCosine: 0.99 }))).toEqual([
      expect.stringMatching(/^relative L2 .* > 0.0001$/),
      expect.stringMatching(/^largest error .* > 0.001$/),
    ]);
    expect(violations(output, gateOf('lossy', 'cpu', { minCosine: 0.9999 }))).toEqual([
      expect.stringMatching(/^cosine/),
    ]);
    expect(summaryOf([output], gateOf('lossy', 'cpu'))).toMatch(
      /^"y": relative L2 0\.080 \(limit 0\.15\), cosine 0\.99/,
    );
    expect(summaryOf([noisy(0)], gateOf('exact', 'cpu'))).toBe('all outputs are equal');
    expect(summaryOf([noisy(0)], gateOf('exact', 'cpu'), true)).toBe('all compared outputs are equal');
  });

  it('are not narrower than the original computes', () => {
    const plain = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [2])])));
    const half = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float16', [2])])));
    const int8 = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('DynamicQuantizeLinear', [g.input('x', 'float32', [2])])),
    );
    expect(attainable('exact', plain)).toBe('exact');
    expect(attainable('lossy', plain)).toBe('lossy');
    expect(attainable('exact', half)).toBe('rounding');
    expect(attainable('rounding', int8)).toBe('lossy');
    const inside = buildModel({ '': 17 }, (g) => {
      const narrow = g.op('Cast', [g.input('x', 'float32', [2])], { to: 10 });
      g.output('y', g.op('Cast', [g.op('Relu', [narrow])], { to: 1 }));
    });
    expect(attainable('exact', inside)).toBe('rounding');
  });

  it('are not wider for constants that are only kept in 16 bits', () => {
    const kept = buildModel({ '': 17 }, (g) => {
      const weights = g.op('Cast', [g.constant('bfloat16', [1, 2], [2])], { to: 1 });
      g.output('y', g.op('Mul', [g.input('x', 'float32', [2]), weights]), 'float32', [2]);
    });
    expect(attainable('exact', kept)).toBe('exact');
  });
});
