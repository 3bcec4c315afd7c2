import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import type { TensorData } from '../../../src/runtime/isolate.js';
import { fromTensorData, toTensorData } from '../../../src/runtime/tensor-data.js';
import { Random } from '../../../src/validate/inputs/random.js';
import { compareTensors, worstOf } from '../../../src/validate/judge/accuracy.js';
import { gateOf, meaningViolation, violations } from '../../../src/validate/judge/gates.js';
import { type Meaning, meaningsOf } from '../../../src/validate/meaning/meaning.js';
import { measureMeanings, pooled } from '../../../src/validate/meaning/measures.js';
import { runModel } from '../../run-model.js';

const data = (type: DataType, values: ArrayLike<number>, shape: number[]): TensorData =>
  toTensorData(tensorOf(type, values, shape));
const floats = (values: ArrayLike<number>, shape: number[]) => data('float32', values, shape);
const random = new Random(11);
const normal = (count: number, scale = 1): number[] => Array.from({ length: count }, () => scale * random.normal());

/** What a model of one output means: it is run once, on normal numbers. */
async function meaningOf(
  define: (g: GraphBuilder, x: Value) => Value,
  shape: number[],
  name = 'y',
): Promise<Meaning | undefined> {
  const model = buildModel({ '': 17 }, (g) => g.output(name, define(g, g.input('x', 'float32', shape))));
  return (await meaningsIn(model, { x: floats(normal(shape.reduce((a, b) => a * b)), shape) })).get(name);
}

async function meaningsIn(model: Model, feeds: Record<string, TensorData>) {
  const given = Object.fromEntries(Object.entries(feeds).map(([key, tensor]) => [key, fromTensorData(tensor)]));
  const outputs = await runModel(await writeModel(model), given);
  return meaningsOf(model, Object.fromEntries(Object.entries(outputs).map(([key, one]) => [key, toTensorData(one)])));
}

const weights = (g: GraphBuilder, shape: number[], name?: string) =>
  g.constant(
    'float32',
    normal(
      shape.reduce((a, b) => a * b),
      0.1,
    ),
    shape,
    name,
  );
const product = (g: GraphBuilder, x: Value, width: number, name?: string) =>
  g.op('MatMul', [x, weights(g, [x.shape!.at(-1) as number, width], name)]);

describe('the meaning of an output', () => {
  it('is a class behind a softmax, unless something multiplies it', async () => {
    expect(await meaningOf((g, x) => g.op('Softmax', [x]), [4, 10])).toEqual({ kind: 'classes', axis: 1 });
    const moved = (g: GraphBuilder, x: Value) => g.op('Reshape', [g.op('Softmax', [x]), g.ints(2, 2, 10)]);
    expect(await meaningOf(moved, [4, 10])).toMatchObject({ kind: 'classes' });
    expect(await meaningOf((g, x) => g.op('LogSoftmax', [x], { axis: 1 }), [1, 5, 8, 8])).toEqual({
      ...{ kind: 'classes', axis: 1 },
    });
    const attention = (g: GraphBuilder, x: Value) => {
      const shares = g.op('Softmax', [x]);
      g.output('other', g.op('MatMul', [shares, x]));
      return shares;
    };
    expect(await meaningOf(attention, [1, 2, 4, 4])).toBeUndefined();
  });

  it('is a class where names say so, and not by the shape alone', async () => {
    const two = (g: GraphBuilder, x: Value, name?: string) => product(g, x, 10, name);
    expect(await meaningOf(two, [4, 16], 'logits')).toEqual({ kind: 'classes', axis: 1 });
    expect(await meaningOf((g, x) => two(g, x, 'classifier.weight'), [4, 16])).toEqual({ kind: 'classes', axis: 1 });
    expect(await meaningOf(two, [4, 16])).toBeUndefined();
    expect(await meaningOf((g, x) => product(g, x, 2), [4, 16], 'logits')).toBeUndefined();
  });

  it('is a token where ids go in and as many come out', async () => {
    const model = (rows: number, name: string) =>
      buildModel({ '': 17 }, (g) => {
        const table = weights(g, [100, 16]);
        const hidden = g.op('Gather', [table, g.input('ids', 'int64', [1, 'length'])]);
        g.output(name, g.op('MatMul', [hidden, weights(g, [16, rows])]));
      });
    const ids = { ids: data('int64', [1, 2, 3], [1, 3]) };
    expect((await meaningsIn(model(100, 'y'), ids)).get('y')).toEqual({ kind: 'tokens', axis: 2 });
    expect((await meaningsIn(model(300, 'logits'), ids)).get('logits')).toEqual({ kind: 'tokens', axis: 2 });
    expect((await meaningsIn(model(300, 'last_hidden_state'), ids)).size).toBe(0);
  });

  it('is a mask, a decision or a box behind a sigmoid', async () => {
    const sigmoid = (g: GraphBuilder, x: Value) => g.op('Sigmoid', [x]);
    expect(await meaningOf(sigmoid, [1, 1, 32, 32])).toEqual({ kind: 'mask' });
    expect(await meaningOf(sigmoid, [1, 1])).toEqual({ kind: 'decisions' });
    expect(await meaningOf(sigmoid, [1, 8, 4], 'pred_boxes')).toBeUndefined();
    expect(await meaningOf((g, x) => g.op('Relu', [x]), [1, 1, 32, 32])).toBeUndefined();
  });

  it('is a direction where rows are divided by their norm, or pooled', async () => {
    const byNorm = (g: GraphBuilder, x: Value) => {
      const norm = g.op('ReduceL2', [x], { axes: [-1], keepdims: 1 });
      return g.op('Div', [x, g.op('Clip', [norm, g.constant('float32', 1e-9)])]);
    };
    expect(await meaningOf(byNorm, [4, 16])).toEqual({ kind: 'embedding' });
    const bySum = (g: GraphBuilder, x: Value) => {
      const squares = g.op('ReduceSum', [g.op('Mul', [x, x]), g.ints(-1)], { keepdims: 1 });
      return g.op('Div', [x, g.op('Sqrt', [squares])]);
    };
    expect(await meaningOf(bySum, [4, 16])).toEqual({ kind: 'embedding' });
    const mean = (g: GraphBuilder, x: Value) => g.op('ReduceMean', [x], { axes: [1], keepdims: 0 });
    expect(await meaningOf(mean, [4, 8, 16], 'sentence_embedding')).toEqual({ kind: 'embedding' });
    expect(await meaningOf((g, x) => g.op('Div', [x, g.constant('float32', 3)]), [4, 16])).toBeUndefined();
  });

  it('is sound or a picture', async () => {
    const upsampled = (g: GraphBuilder, x: Value) => g.op('Tanh', [g.op('ConvTranspose', [x, weights(g, [2, 1, 4])])]);
    expect(await meaningOf(upsampled, [1, 2, 2000])).toEqual({ kind: 'waveform' });
    expect(await meaningOf(upsampled, [1, 2, 20])).toBeUndefined();
    const conv = (g: GraphBuilder, x: Value) => g.op('Conv', [x, weights(g, [3, 4, 1, 1])]);
    expect(await meaningOf(conv, [1, 4, 32, 32], 'sample')).toEqual({ kind: 'image' });
    expect(await meaningOf(conv, [1, 4, 32, 32], 'features')).toBeUndefined();
  });

  it('is a set of boxes behind a selection', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const scores = g.input('x', 'float32', [1, 50]);
      const { outputs } = g.node('TopK', [scores, g.ints(10)], {}, { outputs: 2 });
      const at = g.op('Unsqueeze', [outputs[1], g.ints(2)]);
      const boxes = g.input('b', 'float32', [1, 50, 4]);
      const chosen = g.op('GatherElements', [boxes, g.op('Tile', [at, g.ints(1, 1, 4)])], { axis: 1 });
      const classes = g.op('Mod', [outputs[1], g.ints(7)]);
      g.output('boxes', chosen);
      g.output('scores', outputs[0]!);
      g.output('labels', classes);
      const rows = [
        chosen,
        ...[outputs[0]!, g.op('Cast', [classes], { to: 1 })].map((one) => g.op('Unsqueeze', [one, g.ints(2)])),
      ];
      g.output('all', g.op('Concat', rows, { axis: 2 }));
    });
    const found = await meaningsIn(model, { x: floats(normal(50), [1, 50]), b: floats(normal(200), [1, 50, 4]) });
    const ports = { boxes: 'boxes', scores: 'scores', classes: 'labels' };
    for (const name of ['boxes', 'scores', 'labels']) expect(found.get(name)).toEqual({ kind: 'detections', ports });
    expect(found.get('all')).toEqual({ kind: 'detections', ports: { boxes: 'all' } });
    expect(await meaningOf((g, x) => g.op('Relu', [x]), [10, 6])).toBeUndefined();
  });
});

describe('an output is measured by its meaning', () => {
  const measured = (meaning: Meaning, a: TensorData, b: TensorData) =>
    measureMeanings(new Map([['y', meaning]]), { y: a }, { y: b }).measures.get('y');
  const lossy = gateOf('lossy', 'cpu');
  const broken = (...given: Parameters<typeof measured>) => {
    const found = measured(...given);
    return found && meaningViolation(found, lossy);
  };

  it('classes: by the winner of each row that has a clear one', () => {
    const row = (best: number, second = -1): number[] =>
      Array.from({ length: 8 }, (_, i) => (i === best ? 4 : i === second ? 3.99 : Math.sin(i)));
    const a = floats([...row(1), ...row(2), ...row(3), ...row(4, 5)], [4, 8]);
    const b = floats([...row(1), ...row(2), ...row(0), ...row(5, 4)], [4, 8]);
    const classes: Meaning = { kind: 'classes', axis: 1 };
    expect(measured(classes, a, b)).toMatchObject({ kind: 'classes', value: expect.closeTo(2 / 3), samples: 3 });
    // Three rows are too few for a share, and nine are not.
    expect(broken(classes, a, b)).toBeUndefined();
    const list = (...bests: number[]) =>
      floats(
        bests.flatMap((best) => row(best)),
        [bests.length, 8],
      );
    const nine = list(0, 1, 2, 3, 4, 5, 6, 7, 0);
    expect(broken(classes, nine, list(0, 1, 2, 3, 4, 5, 6, 7, 1))).toBeUndefined();
    expect(broken(classes, nine, list(0, 1, 2, 3, 4, 0, 1, 2, 0))).toBe(
      'rows whose largest element is the same: 66.7 % of 9 < 80 %',
    );
    // Along another axis; and a narrow lead weighs less than a wide one.
    const planes = (values: number[]) => floats(values, [1, 2, 2, 2]);
    expect(
      measured({ kind: 'classes', axis: 1 }, planes([1, 0, 1, 0, 0, 1, 0, 1]), planes([1, 0, 1, 0, 0, 1, 2, 1])),
    ).toMatchObject({ value: 0.75, samples: 4 });
    const pair = (lead: number) => [1 + lead, 1, 0, 0, -2];
    const swapped = (lead: number) => [1, 1 + lead, 0, 0, -2];
    expect(
      measured(classes, floats([...pair(0.2), ...pair(2)], [2, 5]), floats([...swapped(0.2), ...pair(2)], [2, 5]))!
        .value,
    ).toBeGreaterThan(0.8);
  });

  it('tokens: by the likeliest, the five likeliest and the divergence', () => {
    const a = normal(20 * 64, 3);
    const tokens: Meaning = { kind: 'tokens', axis: 2 };
    const near = measured(
      tokens,
      floats(a, [1, 20, 64]),
      floats(
        a.map((x) => x + 0.01 * random.normal()),
        [1, 20, 64],
      ),
    )!;
    expect(near.value).toBe(1);
    expect(near.divergence).toBeGreaterThan(0);
    expect(near.divergence).toBeLessThan(1e-3);
    expect(near.top5).toBeGreaterThan(0.95);
    expect(broken(tokens, floats(a, [1, 20, 64]), floats(normal(20 * 64, 3), [1, 20, 64]))).toMatch(/likeliest token/);
    // KL of (1/2, 1/2) and (1/4, 3/4), by hand.
    const halves = floats([0, 0], [1, 1, 2]);
    const kl = measured({ kind: 'tokens', axis: 2 }, floats([Math.log(3), 0], [1, 1, 2]), halves)!.divergence;
    expect(kl).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 6);
  });

  it('embeddings: by the row that turned furthest', () => {
    const a = Array.from({ length: 9 }, () => [1, 0]).flat();
    const b = [...a.slice(0, 16), 0.6, 0.8];
    const found = measured({ kind: 'embedding' }, floats(a, [9, 2]), floats(b, [9, 2]));
    expect(found).toMatchObject({ value: expect.closeTo(0.6, 6), samples: 9 });
    expect(meaningViolation(found!, lossy)).toBe('least cosine of a row: 0.6000 of 9 < 0.97');
    expect(
      broken(
        { kind: 'embedding' },
        floats(a, [9, 2]),
        floats(
          a.map((x) => 3 * x),
          [9, 2],
        ),
      ),
    ).toBeUndefined();
  });

  it('masks: by the overlap of what is above one half, where there are both', () => {
    const square = (from: number, to: number) =>
      floats(
        Array.from({ length: 400 }, (_, i) => (i >= from && i < to ? 0.9 : 0.1)),
        [1, 1, 20, 20],
      );
    expect(measured({ kind: 'mask' }, square(0, 100), square(0, 100))!.value).toBe(1);
    expect(measured({ kind: 'mask' }, square(0, 100), square(50, 150))!.value).toBeCloseTo(1 / 3);
    expect(broken({ kind: 'mask' }, square(0, 100), square(50, 150))).toMatch(/^overlap of .*: 33.3 % of 150 < 90 %$/);
    expect(broken({ kind: 'mask' }, square(0, 100), square(0, 0))).toMatch(/: 0 % of 100 </);
    expect(measured({ kind: 'mask' }, square(0, 0), square(0, 100))).toBeUndefined();
  });

  it('decisions: by the side of one half, where that is clear', () => {
    const a = floats([0.9, 0.1, 0.51, 0.8, 0.2, 0.7, 0.3, 0.99, 0.01, 0.95], [10, 1]);
    const b = floats([0.8, 0.2, 0.49, 0.7, 0.3, 0.4, 0.3, 0.99, 0.01, 0.95], [10, 1]);
    expect(measured({ kind: 'decisions' }, a, b)).toMatchObject({ value: expect.closeTo(8 / 9), samples: 9 });
    expect(broken({ kind: 'decisions' }, a, b)).toMatch(/88.9 % of 9 < 95 %/);
    expect(broken({ kind: 'decisions' }, a, a)).toBeUndefined();
  });

  it('sound and pictures: in decibels', () => {
    const wave = Array.from({ length: 2000 }, (_, i) => Math.sin(i));
    const found = measured(
      { kind: 'waveform' },
      floats(wave, [1, 2000]),
      floats(
        wave.map((x) => 0.9 * x),
        [1, 2000],
      ),
    );
    expect(found!.value).toBeCloseTo(20, 3);
    const image = floats([0, 255, 100, 50], [1, 1, 2, 2]);
    const off = floats([1, 254, 101, 49], [1, 1, 2, 2]);
    expect(measured({ kind: 'image' }, image, off)!.value).toBeCloseTo(20 * Math.log10(255), 4);
    expect(measured({ kind: 'image' }, image, image)!.value).toBe(Number.POSITIVE_INFINITY);
  });

  it('detections: as a set', () => {
    const boxes = Array.from({ length: 10 }, (_, i) => [30 * i, 0, 30 * i + 20, 20, (10 - i) / 10, i % 3]);
    const meaning: Meaning = { kind: 'detections', ports: { boxes: 'y' } };
    const of = (rows: number[][]) => floats(rows.flat(), [1, rows.length, 6]);
    const compare = (rows: number[][]) => {
      const { outputs, measures } = measureMeanings(new Map([['y', meaning]]), { y: of(boxes) }, { y: of(rows) });
      return compareTensors('y', of(boxes), outputs.y!, measures.get('y'));
    };
    // In any order, equal and as many are the same set.
    const turned = compare(boxes.toReversed());
    expect(turned).toMatchObject({ relativeL2: 0, meaning: { value: 1, samples: 10 } });
    expect(violations(turned, gateOf('exact', 'cpu'))).toEqual([]);
    // Moved a little: found again. Another class, another place: not, each as heavy as its score.
    const moved = compare(boxes.map(([a, b, c, d, s, k]) => [a! + 2, b!, c! + 2, d!, s! - 0.01, k!]));
    expect(moved.meaning!.value).toBeCloseTo(5.4 / 5.5);
    expect(violations(moved, gateOf('exact', 'cpu')).length).toBeGreaterThan(0);
    // The same boxes at half their scores, or at twice, are half as much: a limit of the score finds others.
    const scaled = (by: number) => compare(boxes.map((row) => row.with(4, by * row[4]!)));
    for (const by of [0.5, 2]) {
      expect(scaled(by).meaning!.value).toBeCloseTo(0.5);
      expect(meaningViolation(scaled(by).meaning!, lossy)).toBeDefined();
    }
    const last = boxes.with(9, [0, 50, 20, 90, 0.1, 0]);
    expect(compare(last).meaning!.value).toBeCloseTo(5.4 / 5.5);
    expect(violations(compare(last), lossy)).toEqual([]);
    const first = compare(boxes.map((row, i) => (i < 3 ? row.with(5, 7) : row)));
    expect(first.meaning!.value).toBeCloseTo(2.8 / 5.5);
    expect(meaningViolation(first.meaning!, lossy)).toMatch(/^detections that are found again: 50.9 % of 10 < 80 %$/);
    // One fewer is one that is not found; one that was not there counts the same.
    expect(compare(boxes.slice(0, 9)).meaning!.value).toBeCloseTo(5.4 / 5.5);
    expect(compare([...boxes, [0, 90, 20, 99, 0.5, 1]]).meaning!.value).toBeCloseTo(5.5 / 6);
    expect(violations(compare(boxes.slice(0, 9)), gateOf('exact', 'cpu')).length).toBeGreaterThan(0);
  });

  it('detections: over ports of their own', () => {
    const ports = { boxes: 'b', scores: 's', classes: 'c' };
    const meanings = new Map(['b', 's', 'c'].map((name) => [name, { kind: 'detections', ports } as Meaning]));
    const set = (order: number[]) => ({
      // Centre, width and height.
      b: floats(
        order.flatMap((i) => [100 * i + 50, 50, 10, 10]),
        [1, order.length, 4],
      ),
      s: floats(
        order.map((i) => 1 / (i + 1)),
        [1, order.length],
      ),
      c: data('int64', order, [1, order.length]),
    });
    const { outputs, measures } = measureMeanings(meanings, set([0, 1, 2]), set([2, 0, 1]));
    expect(outputs).toEqual(set([0, 1, 2]));
    expect(measures.get('c')).toMatchObject({ value: 1, samples: 3 });
  });

  it('over several runs', () => {
    const classes = { kind: 'classes', measure: '', value: 1, samples: 6 } as const;
    expect(pooled(classes, { ...classes, value: 0, samples: 2 })).toMatchObject({ value: 0.75, samples: 8 });
    const cosine = { kind: 'embedding', measure: '', value: 0.9, samples: 1 } as const;
    expect(pooled(cosine, { ...cosine, value: 0.99 })).toMatchObject({ value: 0.9, samples: 2 });
    const output = compareTensors('y', floats([1], [1]), floats([1], [1]), classes);
    expect(output.top1).toBe(1);
    expect(worstOf(output, { ...output, meaning: { ...classes, value: 0, samples: 2 } })).toMatchObject({ top1: 0.75 });
  });
});
