import { describe, expect, it } from 'vitest';
import { readPlacement } from '../../src/validate/placement.js';

describe('placement', () => {
  const run = (opType: string, provider: string, type = 'float', shape = [2, 8]) => ({
    name: opType.toLowerCase(),
    opType,
    provider,
    ms: 1,
    inputs: [{ type, shape }],
    outputs: [{ type, shape }],
  });

  it('counts what fell off the provider, shape arithmetic and copies apart', () => {
    const gpu = 'CUDAExecutionProvider';
    const cpu = 'CPUExecutionProvider';
    const runs = [
      run('MatMul', gpu),
      run('MatMul', gpu),
      run('CumSum', cpu),
      run('Concat', cpu, 'int64', [4]),
      { ...run('Shape', cpu, 'int64', [2]), inputs: [{ type: 'float', shape: [64, 64] }] },
      run('Equal', cpu, 'bool', [100]),
      { ...run('IsNaN', cpu, 'bool', [2]), inputs: [{ type: 'float', shape: [2] }] },
      run('MemcpyToHost', gpu),
    ];
    expect(readPlacement('cuda', runs)).toEqual({
      provider: 'cuda',
      nodes: { [gpu]: 1, [cpu]: 5 },
      fallbacks: { CumSum: 1, Equal: 1, IsNaN: 1 },
      names: ['cumsum', 'equal', 'isnan'],
      shapeArithmetic: 2,
      copies: 1,
    });
  });
});
