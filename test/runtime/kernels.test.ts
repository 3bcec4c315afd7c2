/** Which provider has which kernel: lines of the table that passes decide by. */
import { describe, expect, it } from 'vitest';
import { kernelTable } from '../../src/runtime/kernels/table.js';
import { hasKernel } from '../../src/runtime/kernels.js';

describe('hasKernel', () => {
  it.each([
    ['cpu', 'MatMul', '', 17, 'float32', true],
    ['cpu', 'MatMul', '', 17, 'float16', true],
    ['cpu', 'MatMul', '', 17, 'bfloat16', false],
    ['cpu', 'LayerNormalization', '', 17, 'bfloat16', true],
    ['cpu', 'IsInf', '', 10, 'float16', false],
    ['cpu', 'NonMaxSuppression', '', 11, 'float16', false],
    ['cpu', 'SkipLayerNormalization', 'com.microsoft', 1, 'bfloat16', true],
    ['cpu', 'Attention', '', 23, 'float32', true],
    ['cpu', 'RandomNormal', '', 21, 'float32', true],
    ['cpu', 'RandomNormal', '', 22, 'float32', false],
    ['cpu', 'IsNaN', '', 13, 'bfloat16', false],
    ['cpu', 'IsNaN', '', 20, 'bfloat16', true],
    ['cuda', 'Attention', '', 23, 'bfloat16', true],
    ['cuda', 'Conv', '', 20, 'bfloat16', false],
    ['cuda', 'Conv', '', 22, 'bfloat16', true],
    ['cuda', 'ReduceMean', '', 18, 'bfloat16', false],
    ['cuda', 'DynamicQuantizeLinear', '', 11, 'float32', false],
    ['cuda', 'MatMulInteger', '', 10, 'int8', true],
    ['cuda', 'MatMulInteger', '', 10, 'uint8', false],
    ['webgpu', 'Cast', '', 17, 'bfloat16', false],
    ['webgpu', 'Max', '', 13, 'float32', true],
    ['webgpu', 'IsNaN', '', 13, 'float32', false],
    ['webgpu', 'FusedMatMul', 'com.microsoft', 1, 'float32', false],
    ['webgpu', 'Attention', '', 23, 'float32', false],
    ['webgpu', 'MultiHeadAttention', 'com.microsoft', 1, 'float16', true],
    ['webgpu', 'Transpose', '', 24, 'float32', true],
    ['webgpu', 'Transpose', '', 25, 'float32', false],
    ['cpu', 'NoSuchOp', '', 17, 'float32', false],
    ['cpu', 'Relu', 'com.example', 1, 'float32', false],
  ] as const)('%s %s (%s %i) in %s: %s', (target, opType, domain, opset, elem, expected) => {
    expect(hasKernel(target, opType, domain, opset, elem)).toBe(expected);
  });
});

describe('a table written by hand', () => {
  it.each([
    ['com.microsoft.Gelu 1 f32', 'expected an operator (ms. before those of com.microsoft)'],
    ['Gelu f32', 'expected an operator'],
    ['Gelu 20 float32', 'expected one of f32'],
  ])('refuses %s', (line, reason) => {
    expect(() => kernelTable.parse(line)).toThrow(reason);
  });
});
