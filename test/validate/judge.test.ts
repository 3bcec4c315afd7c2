import { describe, expect, it } from 'vitest';
import { gateOf } from '../../src/validate/gates.js';
import { accuracyGate } from '../../src/validate/judge.js';

describe('a result for a provider that does not work here', () => {
  const judged = (failures: string[], isExplicit = false) =>
    accuracyGate(
      {
        ...{ provider: 'cpu', inputs: [], outputs: [], notCompared: [], notes: [] },
        ...{ failures, gate: gateOf('exact', 'cpu'), fidelity: 'exact' },
      },
      isExplicit,
      'cuda',
    );
  it('may lack kernels on the CPU, and nothing else', () => {
    const kernel = 'the result does not run: Could not find an implementation for MatMul(13)';
    const shape = 'output "y": expected float32[2, 64]; found float32[4, 64]';
    expect(judged([kernel])).toMatchObject({
      passed: true,
      detail: expect.stringMatching(/^not compared: cuda does not work here/),
    });
    expect(judged([kernel], true).passed).toBe(false);
    expect(judged([kernel, shape])).toMatchObject({ passed: false });
    expect(judged([shape])).toEqual({ name: 'accuracy', passed: false, detail: shape });
  });
});
