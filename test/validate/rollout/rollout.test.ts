/** Rollouts: an error that a single run hides, or does not have, grows where outputs are fed back. */
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { freezeInputs } from '../../../src/run/freeze.js';
import { closeRuntime } from '../../../src/runtime/evaluate.js';
import { validate } from '../../../src/validate/index.js';
import type { ValidateOptions } from '../../../src/validate/validation.js';

afterAll(closeRuntime);

const compared = (original: Model, result: Model, options: ValidateOptions = {}) =>
  validate(original, result, { provider: 'cpu', speed: false, ...options });

/** state ← keep · state + (1 − 0.95) · (1 + x / 10), and what it gives. */
const leaky = (keep: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 8]);
    const state = g.input('state', 'float32', ['batch', 8]);
    const drive = g.op('Add', [g.op('Mul', [x, g.constant('float32', 0.005)]), g.constant('float32', 0.05)]);
    const next = g.op('Add', [g.op('Mul', [state, g.constant('float32', keep)]), drive]);
    g.output('stateN', next, 'float32', ['batch', 8]);
    g.output('y', g.op('Tanh', [next]), 'float32', ['batch', 8]);
  });

/** A number between 0 and 1 that is nowhere twice: chaos. `spread` is the same by another sum. */
const logistic = (spread: boolean): Model =>
  buildModel({ '': 17 }, (g) => {
    const state = g.input('state', 'float32', [4]);
    const x = g.op('Add', [
      g.op('Mul', [state, g.constant('float32', 0.5)]),
      g.constant('float32', [0.1, 0.2, 0.3, 0.4]),
    ]);
    const rate = g.constant('float32', 3.9);
    const square = g.op('Mul', [x, x]);
    const next = spread
      ? g.op('Sub', [g.op('Mul', [x, rate]), g.op('Mul', [square, rate])])
      : g.op('Mul', [rate, g.op('Sub', [x, square])]);
    // Back to what the first line makes x of.
    const offset = g.op('Sub', [next, g.constant('float32', [0.1, 0.2, 0.3, 0.4])]);
    g.output('new_state', g.op('Mul', [offset, g.constant('float32', 2)]), 'float32', [4]);
  });

describe('a recurrent state', () => {
  it('drifts by nothing where both are the same', async () => {
    const { rollout, gates } = await compared(leaky(0.95), leaky(0.95));
    expect(rollout).toMatchObject({ kind: 'state', asked: 4, drift: [0, 0, 0, 0], limit: 1e-4, notes: [] });
    expect(rollout!.fedBack).toEqual([{ output: 'stateN', input: 'state' }]);
    expect(rollout!.inputs).toContain('from a state of zeros');
    expect(gates).toMatchObject([{ name: 'accuracy', passed: true }]);
  });

  it('fails the gate where single runs hold and the drift grows', async () => {
    const lossy = { fidelity: 'lossy' } as const;
    const few = await compared(leaky(0.95), leaky(0.93), lossy);
    expect(few.gates).toMatchObject([{ passed: true }]);
    expect(few.rollout!.drift).toHaveLength(4);
    const many = await compared(leaky(0.95), leaky(0.93), { ...lossy, rollout: 32 });
    const { drift } = many.rollout!;
    expect(drift).toHaveLength(32);
    expect(drift[0]).toBe(0);
    expect(drift.every((size, i) => i === 0 || size > drift[i - 1]!)).toBe(true);
    expect(many.accuracy.outputs.every(({ relativeL2 }) => relativeL2 < 0.15)).toBe(true);
    expect(many.gates).toMatchObject([{ name: 'accuracy', passed: false }]);
    expect(many.gates[0]!.detail).toMatch(
      /^after 32 steps "stateN" has drifted by 0\.2\d \(limit 0\.15\) \(made-up inputs; cpu/,
    );
    expect(many.accuracy.verdict.outcome).toBe('rejected');
  });

  it('is not held against a result where the original by itself drifts as far', async () => {
    const { rollout, gates, accuracy } = await compared(logistic(false), logistic(true), { rollout: 60 });
    expect(accuracy.outputs[0]!.relativeL2).toBeLessThan(1e-5);
    expect(rollout!.drift.at(-1)).toBeGreaterThan(1e-2);
    expect(rollout!.failure).toBeUndefined();
    expect(rollout!.notes.join()).toContain('it proves nothing');
    expect(gates).toMatchObject([{ passed: true }]);
  });

  it('is not rolled out where nobody wants it, or nothing is fed back', async () => {
    expect((await compared(leaky(0.95), leaky(0.95), { rollout: 0 })).rollout).toBeUndefined();
    const plain = buildModel({ '': 17 }, (g) => g.output('y', g.op('Tanh', [g.input('x', 'float32', ['n', 4])])));
    expect((await compared(plain, plain)).rollout).toBeUndefined();
  });

  it('ends where time is short, and says so', async () => {
    const { rollout, cuts } = await compared(leaky(0.95), leaky(0.95), { rollout: 1_000_000, timeBudget: 2 });
    expect(rollout!.drift.length).toBeLessThan(1_000_000);
    expect(rollout!.notes[0]).toMatch(/^\d+ of 1000000 steps: one takes /);
    expect(cuts!.join()).toMatch(/of 1000000 steps of the rollout/);
  });
});

const WIDTH = 24;
const table = Array.from({ length: WIDTH * 8 }, (_, i) => Math.sin(i * i));
const head = Array.from({ length: 8 * WIDTH }, (_, i) => Math.cos(3 * i + i * i));

/** The mean of a sequence that the ids and a cache make: what any later token changes. */
function decoder(g: GraphBuilder, sum: (tokens: ReturnType<GraphBuilder['op']>) => ReturnType<GraphBuilder['op']>) {
  const ids = g.input('input_ids', 'int64', ['batch', 'sequence']);
  const tokens = g.op('Gather', [g.constant('float32', table, [WIDTH, 8]), ids]);
  g.output('logits', g.op('MatMul', [sum(tokens), g.constant('float32', head, [8, WIDTH])]), 'float32', [
    'batch',
    'sequence',
    WIDTH,
  ]);
}

/** Every token is read beside the sum of all before it, which the cache holds. `weight` is that of the past. */
const cached = (weight = 0.5): Model =>
  buildModel({ '': 17 }, (g) => {
    decoder(g, (tokens) => {
      const past = g.input('past_key_values.0.key', 'float32', ['batch', 1, 'past', 8]);
      const keys = g.op('Concat', [past, g.op('Unsqueeze', [tokens, g.ints(1)])], { axis: 2 });
      g.output('present.0.key', keys, 'float32', ['batch', 1, 'past + sequence', 8]);
      const before = g.op('ReduceSum', [past, g.ints(1, 2)], { keepdims: 0 });
      const spread = g.op('Unsqueeze', [g.op('Mul', [before, g.constant('float32', weight)]), g.ints(1)]);
      return g.op('Add', [tokens, spread]);
    });
  });

/** Without a cache; `looksAhead` tells each token of all others. */
const whole = (looksAhead: boolean, weight = 0.5): Model =>
  buildModel({ '': 17 }, (g) => {
    decoder(g, (tokens) => {
      const others = looksAhead
        ? g.op('ReduceSum', [tokens, g.ints(1)], { keepdims: 1 })
        : g.op('CumSum', [tokens, g.constant('int64', 1)]);
      return g.op('Add', [tokens, g.op('Mul', [others, g.constant('float32', weight)])]);
    });
  });

describe('the text of a decoder', () => {
  it.each([
    ['with a cache', cached()],
    ['without one', whole(false)],
  ])('is the same for both where they are, %s', async (_, model) => {
    const { rollout, gates } = await compared(model, model, { rollout: 6 });
    const tokens = { prefix: 6, equal: 12, of: 12 };
    expect(rollout).toMatchObject({ kind: 'tokens', of: 'logits', tokens, drift: [0, 0, 0, 0, 0, 0] });
    expect(rollout!.fedBack[0]).toEqual({ output: 'logits', input: 'input_ids' });
    expect(gates).toMatchObject([{ passed: true }]);
  });

  it('begins with an empty cache', async () => {
    const { rollout } = await compared(cached(), cached());
    expect(rollout!.inputs).toContain('past_key_values.0.key[2,1,0,8]');
  });

  it('ends where a frozen result does not take the sizes of a step, which is no fault of the result', async () => {
    const dims = { batch: 2, sequence: 1, past: 3 };
    const frozen = cached();
    freezeInputs(frozen, { dims });
    const { rollout, gates } = await compared(cached(), frozen, { dims });
    const note =
      'the result fixes "past_key_values.0.key" at [2, 1, 3, 8], where the rollout has [2, 1, 0, 8], at step 1';
    expect(rollout).toMatchObject({ drift: [], notes: [note] });
    expect(gates).toMatchObject([{ passed: true }]);
  });

  it('differs where the past counts otherwise', async () => {
    const { rollout, gates } = await compared(cached(), cached(-0.5), { rollout: 8, maxError: 10, minCosine: -1 });
    const { prefix, equal, of, divergence } = rollout!.tokens!;
    expect({ prefix, of }).toEqual({ prefix: 1, of: 16 });
    expect(equal).toBeLessThan(16);
    expect(equal).toBeGreaterThanOrEqual(2);
    expect(divergence[0]).toBe(0);
    expect(divergence.slice(1).every((value) => value > 0.01)).toBe(true);
    expect(rollout!.drift[0]).toBe(0);
    expect(rollout!.drift[7]).toBeGreaterThan(0.1);
    // The limits that were asked for allow it.
    expect(gates).toMatchObject([{ passed: true }]);
  });

  it('fails an exact gate where tokens differ by more than noise', async () => {
    const { rollout, gates } = await compared(whole(false), whole(false, -0.5), { rollout: 8 });
    expect(rollout!.failure).toMatch(/^\d+ of 16 tokens differ, the first after \d equal ones, by more than noise$/);
    expect(gates[0]!.detail).toContain('tokens differ');
  });

  it('is none where earlier logits change with later tokens', async () => {
    expect((await compared(whole(true), whole(true))).rollout).toBeUndefined();
  });
});

/** A denoiser: the output is the latent times the time, plus what the neighbours hold. `doubled` gives a variance behind it. */
const denoiser = (scale: number, doubled = false): Model =>
  buildModel({ '': 17 }, (g) => {
    const sample = g.input('sample', 'float32', ['batch', 2, 8, 8]);
    const time = g.op('Mul', [g.input('timestep', 'float32', [1]), g.constant('float32', scale / 1000)]);
    const weights = Array.from({ length: (doubled ? 4 : 2) * 2 * 9 }, (_, i) => Math.sin(i) / 4);
    const kernel = g.constant('float32', weights, [doubled ? 4 : 2, 2, 3, 3]);
    const moved = g.op('Conv', [sample, kernel], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] });
    g.output('out_sample', g.op('Mul', [moved, time]), 'float32', ['batch', doubled ? 4 : 2, 8, 8]);
  });

describe('the latent of a denoiser', () => {
  it.each([false, true])('is the same for both where they are; doubled channels: %s', async (doubled) => {
    const { rollout, gates } = await compared(denoiser(1, doubled), denoiser(1, doubled));
    const fedBack = [{ output: 'out_sample', input: 'sample' }];
    expect(rollout).toMatchObject({ kind: 'denoise', fedBack, drift: [0, 0, 0, 0], psnr: Number.POSITIVE_INFINITY });
    expect(gates).toMatchObject([{ passed: true }]);
  });

  it('moves away step by step, by what is left of the signal', async () => {
    const { rollout, gates } = await compared(denoiser(1), denoiser(1.05), { rollout: 8, fidelity: 'lossy' });
    const { drift, psnr } = rollout!;
    expect(drift).toHaveLength(8);
    expect(drift.slice(1).every((size, i) => size > drift[i]!)).toBe(true);
    expect(drift[7]).toBeLessThan(0.15);
    expect(psnr).toBeGreaterThan(20);
    expect(psnr).toBeLessThan(60);
    expect(gates).toMatchObject([{ passed: true }]);
    const far = await compared(denoiser(1), denoiser(1.05), { rollout: 8, maxError: drift[7]! / 2, minCosine: 0.9 });
    expect(far.rollout!.failure).toMatch(/^after 8 steps the latent has drifted by /);
    expect(far.gates).toMatchObject([{ passed: false }]);
  });
});
