/** Originals in float16 that overflow: results with numbers there are held against the same model in float32. */
import { describe, expect, it } from 'vitest';
import { fp32 } from '../../../passes/fp32.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { optimize } from '../../../src/optimize.js';
import { validate } from '../../../src/validate/index.js';

/** The logarithm of a power spectrum, far beyond 65504; `shift` is added to it, in two halves. */
const spectrum = (elem: 'float16' | 'float32', shift = 0, mask = false): Model =>
  buildModel({ '': 17 }, (g) => {
    const number = (x: number) => g.constant(tensorOf(elem, [x], [1]));
    const x = g.cast(g.input('x', 'float32', [1, 512]), elem);
    const power = g.op('Mul', [g.op('Mul', [x, number(4000)]), g.op('Mul', [x, number(4000)])]);
    // The CPU computes float16 in float32 up to here, where it moves numbers as they are stored.
    const moved = g.op('Transpose', [g.op('Transpose', [power], { perm: [1, 0] })], { perm: [1, 0] });
    const log = g.op('Log', [g.op('Add', [moved, number(1)])]);
    const y = g.op('Add', [log, number(shift)]);
    // A mask of −∞ is no overflow.
    const masked = g.op('Where', [g.op('Less', [x, number(0)]), number(Number.NEGATIVE_INFINITY), y]);
    g.output('y', g.cast(mask ? masked : y, 'float32'), 'float32', [1, 512]);
  });

const compared = async (original: Model, result: Model) => {
  const { accuracy } = await validate(original, result, { provider: 'cpu', fidelity: 'rounding', speed: false });
  return accuracy;
};

describe('an original that overflows float16', () => {
  it('is held against itself in float32 where a result has numbers, and says so', async () => {
    const { report } = await optimize(spectrum('float16'), [fp32()], { target: 'cpu' });
    expect(report.passes.map(({ status }) => status)).toEqual(['applied']);
    const { verdict, notes } = await compared(spectrum('float16'), spectrum('float32'));
    expect(verdict?.outcome).toBe('accepted');
    expect(notes.join()).toContain('the original gives NaN or infinity as it overflows float16');
  });

  it('is still what results without numbers there are held against', async () => {
    const { verdict } = await compared(spectrum('float16'), spectrum('float16'));
    expect(verdict?.outcome).toBe('accepted');
  });

  it('does not excuse other numbers', async () => {
    const { verdict } = await compared(spectrum('float16'), spectrum('float32', 5));
    expect(verdict?.outcome).toBe('rejected');
  });

  it('has an infinity in float32 too, where that is meant', async () => {
    const { verdict } = await compared(spectrum('float16', 0, true), spectrum('float32'));
    expect(verdict).toMatchObject({ outcome: 'rejected', detail: expect.stringContaining('NaN or infinite') });
  });
});
