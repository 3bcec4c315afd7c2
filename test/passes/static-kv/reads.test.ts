/** What reads the length of a growing cache, or its tokens, reads the filled part of the buffers alone, or is a reason to leave the model. */
import { describe, expect, it } from 'vitest';
import { staticKv } from '../../../passes/static-kv.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { applyPass, checkMiss, compareTensors, randomWeights } from '../../check-pass.js';
import { openModel } from '../../run-model.js';

const [PAST, LENGTH] = [3, 6];

interface Decoder {
  readonly g: GraphBuilder;
  readonly q: Value;
  /** [b, 2, past + s, 4]. */
  readonly keys: Value;
  readonly values: Value;
  /** int64[1]: past + s. */
  readonly total: Value;
  /** Weights·V of an attention. */
  attend(q: Value): Value;
}

/** One attention over a cache, and what else reads it. */
const decoder = (define: (decoder: Decoder) => Value): Model =>
  buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
    const q = g.input('q', 'float32', ['b', 2, 's', 4]);
    const [keys, values] = ['key', 'value'].map((name) => {
      const past = g.input(`past_${name}`, 'float32', ['b', 2, 'past', 4]);
      return g.op('Concat', [past, g.input(`new_${name}`, 'float32', ['b', 2, 's', 4])], { axis: 2 });
    }) as [Value, Value];
    const transposed = g.op('Transpose', [keys], { perm: [0, 1, 3, 2] });
    const attend = (q: Value): Value =>
      g.op('MatMul', [g.op('Softmax', [g.op('MatMul', [q, transposed])], { axis: 3 }), values]);
    const total = g.op('Gather', [g.op('Shape', [keys]), g.ints(2)]);
    const y = define({ g, q, keys, values, total, attend });
    g.output('present_key', keys);
    g.output('present_value', values);
    g.output('y', y);
  });

/** Output y of one step behind three tokens. */
async function step(model: Model, places: number, more: Record<string, Tensor>): Promise<Tensor> {
  const session = await openModel(await writeModel(model));
  const held = (seed: number): Tensor => {
    const filled = [...numbersOf(randomWeights([2, PAST, 4], 1, seed))];
    // What lies behind the filled part is noise.
    const rows = [0, 1].flatMap((head) => [
      ...filled.slice(head * PAST * 4, (head + 1) * PAST * 4),
      ...new Array<number>((places - PAST) * 4).fill(9),
    ]);
    return tensorOf('float32', rows, [1, 2, places, 4]);
  };
  const fresh = (seed: number): Tensor => randomWeights([1, 2, 1, 4], 1, seed);
  const { y } = await session.run({
    q: fresh(3),
    past_key: held(4),
    new_key: fresh(5),
    past_value: held(6),
    new_value: fresh(7),
    cache_position: tensorOf('int64', [PAST], [1]),
    ...more,
  });
  await session.release();
  return y as Tensor;
}

async function expectSame(before: Model, more: Record<string, Tensor> = {}): Promise<void> {
  const { model, passes } = await applyPass(staticKv({ length: LENGTH }), before);
  expect(passes[0]).toMatchObject({ status: 'applied' });
  // Masked places add zeros to sums, in another order.
  compareTensors({ y: await step(model, LENGTH, more) }, { y: await step(before, PAST, more) }, 1e-5);
}

describe('numbers that are read from the length of a cache', () => {
  it('are the position and the new tokens, not the length of the buffers', async () => {
    const one = tensorOf('int64', [5], [1]);
    await expectSame(
      decoder(({ g, q, total, attend }) => {
        const n = g.input('n', 'int64', [1]);
        const isLess = g.op('Cast', [g.op('Less', [n, total])], { to: 1 });
        const scale = g.op('Where', [g.op('Greater', [total, g.ints(4)]), g.constant('float32', [3]), isLess]);
        const log = g.op('Log', [g.op('Cast', [total], { to: 1 })]);
        const left = g.op('Cast', [g.op('Sub', [total, n])], { to: 1 });
        const sum = g.op('Add', [g.op('Add', [scale, log]), left]);
        return attend(g.op('Mul', [q, sum]));
      }),
      { n: one },
    );
  });
  it('are not also a size', () =>
    checkMiss(staticKv(), {
      before: decoder(({ g, q, total, attend }) => {
        const n = g.input('n', 'int64', [1]);
        const both = g.op('Mul', [total, n]);
        const tiled = g.op('ConstantOfShape', [both]);
        const sum = g.op('ReduceSum', [tiled]);
        return attend(g.op('Mul', [g.op('Mul', [q, sum]), g.op('Cast', [both], { to: 1 })]));
      }),
      reason: 'for a size and for a number at once',
    }));
});

describe('what reads the tokens of a cache', () => {
  const reduced = (op: string, axis: number) => (g: GraphBuilder, value: Value) =>
    g.op(op, [value], { axes: [axis], keepdims: 1 });
  it('is refused at its node, where nothing hides what is not written yet', async () => {
    const refuses = (reason: string, extra: (decoder: Decoder) => Value) =>
      checkMiss(staticKv(), {
        before: decoder((one) => one.g.op('Add', [one.attend(one.q), extra(one)])),
        reason,
      });
    const reads = 'it reads the tokens of a cache';
    const sums = 'it sums over all places of a cache';
    await refuses(reads, ({ g, keys }) => reduced('ReduceMean', 2)(g, keys));
    await refuses(reads, ({ g, keys }) => g.op('Gather', [keys, g.ints(-1)], { axis: 2 }));
    await refuses(reads, ({ g, keys }) =>
      reduced('ReduceMax', 2)(g, g.op('Slice', [keys, g.ints(-2), g.ints(9999), g.ints(2)])),
    );
    await refuses(reads, ({ g, q, keys, values }) => {
      const flat = (value: Value) =>
        g.op('Reshape', [g.op('Transpose', [value], { perm: [0, 2, 1, 3] }), g.ints(0, 0, 8)]);
      const options = { domain: 'com.microsoft' };
      const fused = g.node('MultiHeadAttention', [q, keys, values].map(flat), { num_heads: 2 }, options).output;
      return g.op('Transpose', [g.op('Reshape', [fused, g.ints(0, 0, 2, 4)])], { perm: [0, 2, 1, 3] });
    });
    await refuses(sums, ({ g, q, keys, values }) => {
      const scores = g.op('MatMul', [q, g.op('Transpose', [keys], { perm: [0, 1, 3, 2] })]);
      return g.op('MatMul', [g.op('Sigmoid', [scores]), values]);
    });
    await refuses('tokens that are not its last axis', ({ g, values }) =>
      reduced('ReduceMax', 2)(g, g.op('Softmax', [values], { axis: 2 })),
    );
    await refuses('one result of all places', ({ g, total }) => {
      const places = g.op(
        'Range',
        [0, total, 1].map((end) => (typeof end === 'number' ? g.constant('int64', end) : g.squeeze(end, [0]))),
      );
      return g.op('Cast', [reduced('ReduceMax', 0)(g, places)], { to: 1 });
    });
  });

  it('are verified on positions that short buffers have', async () => {
    const { report } = await optimize(
      decoder(({ q, attend }) => attend(q)),
      [staticKv({ length: 4 })],
    );
    expect(report.passes.map(({ status, verdict }) => [status, verdict?.outcome])).toEqual([['applied', 'accepted']]);
  });
});
