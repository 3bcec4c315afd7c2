import { afterAll, expect, it } from 'vitest';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
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

/** A small number beside a large one in float16: rounded to an eighth of itself or so. `after` goes on with it. */
const beside = (after: (steps: { op: Op; x: Value; number(value: number): Value }) => Value): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.op('Cast', [g.op('Sin', [g.input('x', 'float32', ['n', 64])])], { to: 10 });
    const number = (value: number) => g.constant('float16', value);
    const y = after({ op: (type, a, b) => g.op(type, [a, b]), x, number });
    g.output('y', g.op('Cast', [y], { to: 1 }), 'float32', ['n', 64]);
  });
type Op = (type: string, a: Value, b: Value) => Value;

it('what rounding does to the original excuses as much in the result, and not NaN', async () => {
  const verifier = createVerifier();
  const sum = ({ op, x, number }: Parameters<Parameters<typeof beside>[0]>[0]) => op('Add', x, number(1000));
  const before = beside((steps) => steps.op('Sub', sum(steps), steps.number(1000)));
  const turned = beside((steps) => steps.op('Add', sum(steps), steps.number(-1000)));
  // The same in exact arithmetic; a hundred times the sum is beyond float16.
  const large = beside(({ op, x, number }) => {
    const product = op('Mul', sum({ op, x, number }), number(100));
    return op('Sub', op('Div', product, number(100)), number(1000));
  });
  const accepted = await verifier.compare(before, turned, 'exact');
  expect(accepted).toMatchObject({ outcome: 'accepted' });
  // All that was emulated is left out: the sentence does not claim it.
  expect(accepted.detail).not.toMatch(/emulated/);
  expect(await verifier.compare(before, large, 'exact')).toMatchObject({
    outcome: 'rejected',
    detail: expect.stringMatching(/NaN or infinite/),
  });
});
