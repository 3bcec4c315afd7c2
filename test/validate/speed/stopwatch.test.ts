import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Value } from '../../../src/ir/value.js';
import { encodeMessage } from '../../../src/onnx/codec/message.js';
import type { TensorMessage } from '../../../src/onnx/proto/messages.js';
import { createStopwatch, sizesInData } from '../../../src/validate/speed/stopwatch.js';

/** Where the outcome is no time. */
const stopwatch = createStopwatch({ provider: 'cpu', budgetMs: 50 });
afterAll(() => stopwatch.close());

const SIZE = 128;
const weights = Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i) / SIZE);

/** A hidden state through products: as many as asked for. */
const products = (count: number, define = (_: GraphBuilder, x: Value): Value => x): Model =>
  buildModel({ '': 17 }, (g) => {
    let x = g.input('hidden', 'float32', ['rows', 'columns', SIZE]);
    for (let i = 0; i < count; i++) x = g.op('MatMul', [x, g.constant('float32', weights, [SIZE, SIZE])]);
    g.output('y', define(g, x), 'float32', ['rows', 'columns', SIZE]);
  });
const unknownOp = (g: GraphBuilder, x: Value): Value => g.op('NoSuchOp', [x]);

/** What takes ids of these dims. */
const whole = (dims: readonly (string | number)[]) =>
  buildModel({ '': 17 }, (g) => g.output('y', g.op('Neg', [g.input('ids', 'int64', dims)]), 'int64', dims));

describe('a stopwatch', () => {
  it('tells forty products from one, either way round', async () => {
    const model = whole([1, 1]);
    const patient = createStopwatch({ provider: 'cpu', budgetMs: 300 });
    const slower = await patient.race(products(1), products(40), model);
    const faster = await patient.race(products(40), products(1), model);
    await patient.close();
    expect(slower).toMatchObject({ kind: 'timed', significant: true });
    expect(faster).toMatchObject({ kind: 'timed', significant: true });
    // Forty times the arithmetic: three is far from any noise.
    expect((slower as { ratio: number }).ratio).toBeLessThan(1 / 3);
    expect((faster as { ratio: number }).ratio).toBeGreaterThan(3);
  });

  it('takes sizes from the inputs of the whole model', async () => {
    const inputsAt = async (columns: string) => {
      const outcome = await stopwatch.race(products(1), products(1), whole(['rows', columns]));
      return outcome.kind === 'timed' ? outcome.inputs : outcome.reason;
    };
    expect(await inputsAt('columns')).toContain(`hidden[1,128,${SIZE}]`);
    // A size that the input of the whole stands for: images are 64 wide there.
    const image = buildModel({ '': 17 }, (g) => {
      const picture = g.input('picture', 'float32', [1, 4, 'rows', 'columns']);
      g.output('y', g.op('Neg', [picture]), 'float32', [1, 4, 'rows', 'columns']);
    });
    expect(await stopwatch.race(products(1), products(1), image)).toMatchObject({
      inputs: expect.stringContaining(`hidden[64,64,${SIZE}]`),
    });
  });

  it('takes those of test data where there is some', async () => {
    const model = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Neg', [g.input('x', 'float32', ['batch', 'seq', 8])]), 'float32', ['batch', 'seq', 8]),
    );
    const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-stopwatch-'));
    for (const [number, size] of [
      [0, 2],
      [1, 5],
    ] as const) {
      const set = join(folder, `test_data_set_${number}`);
      mkdirSync(set);
      const message: TensorMessage = {
        dims: [1, size, 8],
        dataType: 1,
        floatData: new Array<number>(size * 8).fill(0),
      };
      writeFileSync(join(set, 'input_0.pb'), encodeMessage('TensorProto', message));
    }
    const dims = sizesInData(folder, model);
    rmSync(folder, { recursive: true });
    expect(dims).toEqual({ batch: 1, seq: 5 });
    const own = createStopwatch({ provider: 'cpu', budgetMs: 50, dims: { rows: 2, columns: 5 } });
    const outcome = await own.race(products(1), products(1), whole(['rows', 'columns']));
    await own.close();
    expect(outcome).toMatchObject({ inputs: expect.stringContaining(`hidden[2,5,${SIZE}]`) });
  });

  it('goes on to other sizes where a part does not run at the first', async () => {
    const table = (g: GraphBuilder, x: Value): Value =>
      g.op('Add', [x, g.constant('float32', new Array(32 * SIZE).fill(1), [1, 32, SIZE])]);
    expect(await stopwatch.race(products(1, table), products(2, table), whole([1, 'columns']))).toMatchObject({
      kind: 'timed',
      inputs: expect.stringContaining(`[1,32,${SIZE}]`),
    });
  });

  it('says who does not run', async () => {
    const model = whole([1, 1]);
    expect(await stopwatch.race(products(1), products(1, unknownOp), model)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('NoSuchOp'),
    });
    expect(await stopwatch.race(products(1, unknownOp), products(1), model)).toMatchObject({
      kind: 'unknown',
      reason: expect.stringMatching(/^it does not run without the pass: .*NoSuchOp/),
    });
    expect(await stopwatch.race(products(1), products(1), model)).toMatchObject({ kind: 'timed' });
  });
});
