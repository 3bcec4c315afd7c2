/** What rollouts start with and are fed: sets of data in order, caches that may be empty, flags of merged decoders. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { trainedModels } from '../../../bench/trained/models.js';
import { fp16 } from '../../../passes/fp16.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { readModel } from '../../../src/onnx/read.js';
import { optimize } from '../../../src/optimize.js';
import { closeRuntime } from '../../../src/runtime/evaluate.js';
import type { Tensors } from '../../../src/runtime/isolate.js';
import { toTensorData } from '../../../src/runtime/tensor-data.js';
import { validate } from '../../../src/validate/index.js';
import type { ValidateOptions } from '../../../src/validate/validation.js';
import { root } from '../../models.js';
import { writeSets } from '../../write-sets.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-rollout-'));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeRuntime();
});

const compared = (original: Model, result: Model, options: ValidateOptions = {}) =>
  validate(original, result, { provider: 'cpu', speed: false, ...options });

/** hn ← factor · h0 + x. */
const summing = (factor: number): Model =>
  buildModel({ '': 17 }, (g) => {
    const [x, h] = [g.input('x', 'float32', [1, 4]), g.input('h0', 'float32', [1, 4])];
    g.output('hn', g.op('Add', [g.op('Mul', [h, g.constant('float32', factor)]), x]), 'float32', [1, 4]);
  });

const floats = (...values: number[]) => toTensorData(tensorOf('float32', values, [1, values.length]));

describe('data that is given', () => {
  it('is a sequence, set after set, and over again', async () => {
    const sets: Tensors[] = [1, 10, 100].map((x) => ({ x: floats(x, x, x, x), h0: floats(2, 2, 2, 2) }));
    writeSets(folder, sets);
    // 1·2 + 1, then + 10, + 100, + 1; with a factor of 0.99: 2.98, 12.9502, 112.8207, 112.6925.
    const { rollout } = await compared(summing(1), summing(0.99), { inputs: folder, fidelity: 'lossy' });
    const found = [2.98, 12.9502, 112.820698, 112.692491];
    const expected = [3, 13, 113, 114].map((sum, i) => (sum - found[i]!) / sum);
    expect(rollout!.drift).toHaveLength(4);
    rollout!.drift.forEach((size, i) => {
      expect(size).toBeCloseTo(expected[i]!, 6);
    });
    expect(rollout!.inputs).toContain('3 sets in order, from test_data_set_0');
  });

  it('is the same at every step where there is one set', async () => {
    writeSets(folder, [{ x: floats(1, 2, 3, 4), h0: floats(0, 0, 0, 0) }]);
    const { rollout } = await compared(summing(1), summing(0.5), { inputs: folder, fidelity: 'lossy', rollout: 3 });
    // Sums of 1, 2, 3 and of 1, 1.5, 1.75 times x.
    [0, 0.25, 1.25 / 3].forEach((size, i) => {
      expect(rollout!.drift[i]).toBeCloseTo(size, 6);
    });
    expect(rollout!.failure).toBe('after 3 steps "hn" has drifted by 0.42 (limit 0.15)');
  });
});

const WIDTH = 24;
const waves = (count: number, step: number) => Array.from({ length: count }, (_, i) => Math.sin(step * i * i));

/** A decoder of tokens with a cache; `mix` makes of the tokens and the past what the head reads. */
const decoder = (mix: (g: GraphBuilder, tokens: Value, past: Value) => Value): Model =>
  buildModel({ '': 18 }, (g) => {
    const ids = g.input('input_ids', 'int64', ['batch', 'sequence']);
    const tokens = g.op('Gather', [g.constant('float32', waves(WIDTH * 8, 1), [WIDTH, 8]), ids]);
    const past = g.input('past_key_values.0.key', 'float32', ['batch', 1, 'past', 8]);
    const keys = g.op('Concat', [past, g.op('Unsqueeze', [tokens, g.ints(1)])], { axis: 2 });
    const head = g.constant('float32', waves(8 * WIDTH, 3), [8, WIDTH]);
    g.output('logits', g.op('MatMul', [mix(g, tokens, past), head]), 'float32', ['batch', 'sequence', WIDTH]);
    g.output('present.0.key', keys, 'float32', ['batch', 1, 'past + sequence', 8]);
  });

/** The tokens, beside the sum of the past by `weight`. */
const beside = (g: GraphBuilder, tokens: Value, past: Value, weight: number): Value => {
  const sum = g.op('ReduceSum', [past, g.ints(1, 2)], { keepdims: 0 });
  return g.op('Add', [tokens, g.op('Unsqueeze', [g.op('Mul', [sum, g.constant('float32', weight)]), g.ints(1)])]);
};

/** Nothing, but only where the past holds something. */
const refusal = (g: GraphBuilder, past: Value): Value => {
  const first = g.op('Squeeze', [g.op('Gather', [past, g.ints(0)], { axis: 2 }), g.ints(1)]);
  return g.op('Mul', [first, g.constant('float32', 0)]);
};

const plain = decoder((g, tokens, past) => beside(g, tokens, past, 0.5));
const needsPast = decoder((g, tokens, past) => g.op('Add', [beside(g, tokens, past, 0.5), refusal(g, past)]));

describe('the cache of a decoder', () => {
  it('holds something at the beginning where the original needs that', async () => {
    const { rollout } = await compared(needsPast, needsPast);
    expect(rollout!.inputs).toContain('past_key_values.0.key[2,1,3,8]');
    expect(rollout).toMatchObject({ drift: [0, 0, 0, 0], tokens: { prefix: 4, equal: 8, of: 8 } });
  });

  it('is empty else, and a result that cannot take that is wrong', async () => {
    const { rollout, gates, accuracy } = await compared(plain, needsPast);
    expect(accuracy.failures).toEqual([]);
    expect(rollout!.failure).toMatch(/^the result does not run: .*at step 1$/s);
    expect(gates).toMatchObject([{ name: 'accuracy', passed: false }]);
  });

  it('begins with the flag of a merged decoder off, and goes on with it on', async () => {
    const merged = (weight: number, without: number): Model =>
      decoder((g, tokens, past) => {
        const flag = g.input('use_cache_branch', 'bool', [1]);
        const then = g.body('with', (b) => b.output('a', beside(b, tokens, past, weight)));
        const other = g.body('without', (b) => b.output('b', b.op('Mul', [tokens, b.constant('float32', without)])));
        return g.op('If', [flag], { then_branch: then, else_branch: other });
      });
    const same = await compared(merged(0.5, 1), merged(0.5, 1));
    expect(same.rollout).toMatchObject({ drift: [0, 0, 0, 0], tokens: { prefix: 4, equal: 8, of: 8 } });
    const free = { maxError: 100, minCosine: -1 };
    const late = await compared(merged(0.5, 1), merged(-0.5, 1), free);
    expect(late.rollout!.drift.map((size) => size > 0)).toEqual([false, true, true, true]);
    const early = await compared(merged(0.5, 1), merged(0.5, -1), free);
    expect(early.rollout!.drift.map((size) => size > 0)).toEqual([true, false, false, false]);
  });
});

const trained = join(root, '../shared/trained');
const speech = (existsSync(trained) ? trainedModels(trained).found : []).filter((model) => model.state);

describe.runIf(speech.length > 0)('a trained model of speech', () => {
  it.each(speech)('$folder: its state drifts no further than a step does', async ({ folder: name, file }) => {
    const { model } = await optimize(await readModel(file), [fp16({ compute: true })], {
      target: 'cpu',
      verify: 'none',
    });
    const inputs = join(trained, name);
    const { rollout, gates } = await validate(file, model, {
      ...{ provider: 'cpu', speed: false, fidelity: 'rounding', inputs, rollout: 60 },
    });
    expect(rollout).toMatchObject({ kind: 'state', fedBack: [{ output: 'stateN', input: 'state' }], of: 'stateN' });
    expect(rollout!.inputs).toContain('60 sets in order');
    expect(rollout!.drift).toHaveLength(60);
    expect(Math.max(...rollout!.drift)).toBeLessThan(0.02);
    expect(rollout!.drift.at(-1)).toBeGreaterThan(1e-4);
    expect(gates).toMatchObject([{ name: 'accuracy', passed: true }]);
  });
});
