import { afterAll, expect, it } from 'vitest';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { closeRuntime } from '../../../src/runtime/evaluate.js';
import { createVerifier } from '../../../src/validate/verifier.js';

/** Two products in float16, of which one is scaled. */
const narrow = (scale: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.op('Cast', [g.input('x', 'float32', ['n', 16])], { to: 10 });
    const weights = (phase: number) =>
      g.constant(
        'float16',
        Array.from({ length: 256 }, (_, i) => Math.sin(i + phase) / 4),
        [16, 16],
      );
    const first = g.op('MatMul', [x, weights(0)]);
    const second = g.op('Mul', [g.op('MatMul', [first, weights(1)]), g.constant('float16', scale)]);
    g.output('y', g.op('Cast', [g.op('Add', [first, second])], { to: 1 }), 'float32', ['n', 16]);
  });

afterAll(closeRuntime);

it('a model of float16 is held against its own rounding where nothing was to change', async () => {
  const verifier = createVerifier();
  const before = narrow(1);
  expect(await verifier.compare(before, narrow(1), 'exact')).toMatchObject({ outcome: 'accepted' });
  // Far inside what a pass that rounds may do, and far outside what this model's rounding does.
  expect(await verifier.compare(before, narrow(1.03), 'exact')).toMatchObject({
    outcome: 'rejected',
    detail: expect.stringMatching(/4 times the original's own rounding/),
  });
  expect(await verifier.compare(before, narrow(1.03), 'rounding')).toMatchObject({ outcome: 'accepted' });
});
