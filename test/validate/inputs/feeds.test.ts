import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import { unknownDim } from '../../../src/ir/dims/dims.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import { writeModel } from '../../../src/onnx/write.js';
import { RuntimeProcess, type TensorData } from '../../../src/runtime/isolate.js';
import { fromTensorData } from '../../../src/runtime/tensor-data.js';
import { type FeedOptions, makeFeeds } from '../../../src/validate/inputs/feeds.js';
import { dataCount } from '../../../src/validate/inputs/run-sets.js';
import { sizeChoices } from '../../../src/validate/inputs/sizes.js';
import { referenceOf } from '../../../src/validate/reference.js';
import type { ReferenceOptions } from '../../../src/validate/reference-runs.js';

const model = (define: (g: GraphBuilder) => void, domain = ''): Model =>
  buildModel({ '': 17, ...(domain && { [domain]: 1 }) }, define);
const feed = (of: Model, name: string, options?: FeedOptions): TensorData => makeFeeds(of, options).tensors[name]!;
const numbers = (of: Model, name: string, options?: FeedOptions): number[] => [
  ...numbersOf(fromTensorData(feed(of, name, options))),
];
const table = (g: GraphBuilder, rows: number, ...shape: number[]) =>
  g.constant('float32', new Float32Array(rows * (shape.at(-1) ?? 2)), [rows, ...(shape.length ? shape : [2])]);

describe('generated inputs', () => {
  it('index the table they feed, through casts, reshapes, sums, branches and functions', () => {
    const near = model((g) =>
      g.output('y', g.op('Gather', [table(g, 40), g.input('words', 'int64', ['batch', 'seq'])])),
    );
    const far = model((g) => {
      const flat = g.op('Reshape', [
        g.op('Cast', [g.input('words', 'int32', ['batch', 'seq'])], { to: 7 }),
        g.ints(-1),
      ]);
      const shifted = g.op('Add', [flat, g.constant('int64', 2)]);
      const branch = (name: string) =>
        g.body(name, (b) => b.output('o', b.op('Gather', [table(b, name === 'then' ? 20 : 10), shifted])));
      g.output(
        'y',
        g.op('If', [g.input('c', 'bool', [])], { then_branch: branch('then'), else_branch: branch('else') }),
      );
    });
    const seen = numbers(near, 'words');
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...seen)).toBeLessThan(40);
    expect(new Set(seen).size).toBeGreaterThan(5);
    // Two is added on the way to a table of ten rows.
    const options = { shapes: { words: [4, 50] } };
    expect(Math.max(...numbers(far, 'words', options))).toBe(7);
    expect(feed(far, 'words', options)).toMatchObject({ type: 'int32', shape: [4, 50] });
  });

  it('stay small where every dim is open, and are refused where the model wants more than memory holds', async () => {
    const summed = (shape: (string | number)[]) =>
      model((g) => g.output('y', g.op('ReduceSum', [g.input('x', 'float32', shape)], { keepdims: 0 }), 'float32', []));
    const open = summed(Array.from({ length: 10 }, (_, i) => `d${i}`));
    const runtime = await RuntimeProcess.start();
    const of = async (one: Model) => referenceOf(runtime, one, await writeModel(one), { provider: 'cpu' });
    expect((await of(open)).runs.length).toBeGreaterThan(0);
    await expect(of(summed([16, 32, 1280, 1280]))).rejects.toThrow(
      '838860800 elements are not run: beyond the budget input-elements of 16777216',
    );
    await runtime.close();
  });

  it('are refused by what they ask for, not by what others of their sizes asked for', () => {
    const made = model((g) => g.output('y', g.op('ConstantOfShape', [g.input('n', 'int64', [1])]), 'float32', ['n']));
    expect(feed(made, 'n', { values: { n: 4 } })).toMatchObject({ shape: [1] });
    expect(() => feed(made, 'n', { values: { n: 2 ** 30 } })).toThrow('beyond the budget run-elements');
    expect(feed(made, 'n', { values: { n: 5 } })).toMatchObject({ shape: [1] });
  });

  it('are ids, lengths and penalties for what generates text with the model in its body', () => {
    const decoder = (g: GraphBuilder) =>
      g.body('decoder', (b) =>
        b.output('logits', b.op('Gather', [table(b, 40), b.input('input_ids', 'int32', ['n', 's'])])),
      );
    const search = model((g) => {
      const inputs = [
        g.input('text', 'int32', ['batch', 'seq']),
        ...['a', 'b', 'c', 'd'].map((name) => g.input(name, 'int32', [1])),
        ...['e', 'f'].map((name) => g.input(name, 'float32', [1])),
      ];
      g.output('y', g.op('BeamSearch', inputs, { decoder: decoder(g) }, { domain: 'com.microsoft' }));
    }, 'com.microsoft');
    expect(Math.max(...numbers(search, 'text'))).toBeLessThan(40);
    const [longest, shortest, beams, returned] = ['a', 'b', 'c', 'd'].map((name) => numbers(search, name)[0]);
    expect(longest).toBeGreaterThan(feed(search, 'text').shape[1] as number);
    expect([shortest, returned, ...numbers(search, 'e'), ...numbers(search, 'f')]).toEqual([1, 1, 1, 1]);
    expect(beams).toBe(2);
  });

  it('have a mask for a long row', () => {
    const masked = model((g) => {
      g.output('y', g.op('Cast', [g.input('attention_mask', 'int64', [1, 480_000])], { to: 1 }));
    });
    expect(feed(masked, 'attention_mask').data.length).toBe(480_000 * 8);
  });

  it('have masks of 0 and 1: full, padded, with holes, or padded at the left', () => {
    const masked = model((g) => {
      const mask = g.input('attention_mask', 'int64', ['batch', 'seq']);
      g.output('y', g.op('Cast', [mask], { to: 1 }));
    });
    const rows = (variant: FeedOptions['variant']): number[][] => {
      const all = numbers(masked, 'attention_mask', { variant, shapes: { attention_mask: [2, 20] } });
      return [all.slice(0, 20), all.slice(20)];
    };
    expect(rows('full').flat()).toEqual(new Array(40).fill(1));
    for (const row of rows('padded')) expect(row.join('')).toMatch(/^1+0+$/);
    for (const row of rows('left')) expect(row.join('')).toMatch(/^0+1+$/);
    for (const row of rows('holes')) expect(row.join('')).toMatch(/^1+0+1/);
    expect(rows('holes')[0]).not.toEqual(rows('holes')[1]);
  });

  it('know masks by what is done with them, additive ones and paddings', () => {
    const used = model((g) => {
      const visible = g.input('visible', 'int64', ['batch', 'seq']);
      g.output(
        'a',
        g.op('Where', [g.op('Cast', [visible], { to: 9 }), g.constant('float32', 0), g.constant('float32', -1)]),
      );
      const bias = g.input('attn_mask', 'float32', ['batch', 1, 'seq', 'seq']);
      g.output('b', g.op('Add', [bias, g.constant('float32', 1)]));
      const inverted = g.input('mask', 'float32', ['batch', 'seq']);
      g.output('c', g.op('Sub', [g.constant('float32', 1), inverted]));
      g.output('d', g.op('Not', [g.input('key_padding', 'bool', ['batch', 'seq'])]));
    });
    expect(new Set(numbers(used, 'visible'))).toEqual(new Set([0, 1]));
    expect(new Set(numbers(used, 'attn_mask'))).toEqual(new Set([0, -10000]));
    expect(new Set(numbers(used, 'mask'))).toEqual(new Set([0, 1]));
    expect(numbers(used, 'key_padding', { variant: 'full' }).every((value) => value === 0)).toBe(true);
  });

  it('count positions on from the cache, within their table', () => {
    const decoder = model((g) => {
      const ids = g.input('input_ids', 'int64', ['batch', 'seq']);
      const mask = g.input('attention_mask', 'int64', ['batch', 'past_seq + seq']);
      const positions = g.input('position_ids', 'int64', ['batch', 'seq']);
      const past = g.input('past_key_values.0.key', 'float32', ['batch', 2, 'past_seq', 4]);
      g.output('a', g.op('Add', [g.op('Gather', [table(g, 30), ids]), g.op('Gather', [table(g, 6), positions])]));
      g.output('b', g.op('Cast', [mask], { to: 1 }));
      g.output('c', g.op('Neg', [past]));
    });
    const { tensors, about } = makeFeeds(decoder);
    const { batch, length, past } = sizeChoices[0]!;
    expect(tensors.attention_mask?.shape).toEqual([batch, past + length]);
    expect(tensors['past_key_values.0.key']?.shape).toEqual([batch, 2, past, 4]);
    expect(numbers(decoder, 'position_ids').slice(0, 4)).toEqual([3, 4, 5, 0]);
    expect(about).toBe(
      'generated (seed 0, masks holes): input_ids[2,7], attention_mask[2,10], position_ids[2,7], past_key_values.0.key[2,2,3,4]',
    );
  });

  it('give a recurrent state the batch, and an integer the number that it is compared with', () => {
    const detector = model((g) => {
      g.output('a', g.op('Relu', [g.input('input', 'float32', [unknownDim(), unknownDim()])]));
      g.output('b', g.op('Relu', [g.input('state', 'float32', [2, unknownDim(), 8])]));
      g.output('c', g.op('Equal', [g.input('rate', 'int64', []), g.constant('int64', 16000)]));
    });
    const { tensors } = makeFeeds(detector);
    const { batch, length } = sizeChoices[0]!;
    expect(tensors.input?.shape).toEqual([batch, length]);
    expect(tensors.state?.shape).toEqual([2, batch, 8]);
    expect(numbers(detector, 'rate')).toEqual([16000]);
  });

  it('follow given shapes and dims, and refuse impossible ones', () => {
    const open = model((g) => {
      g.output('y', g.op('Relu', [g.input('x', 'float32', ['n', 3])]));
      g.output('z', g.op('Relu', [g.input('w', 'float32', ['n', 'm'])]));
    });
    const shapes = (options: FeedOptions) => Object.values(makeFeeds(open, options).tensors).map(({ shape }) => shape);
    expect(shapes({ shapes: { x: [5, 3] }, dims: { m: 9 } })).toEqual([
      [5, 3],
      [5, 9],
    ]);
    expect(shapes({ dims: { n: 0 } })[0]).toEqual([0, 3]);
    expect(() => shapes({ shapes: { x: [5, 4] } })).toThrow(
      'shape of "x": expected 3 at axis 1, which the model fixes; found 4',
    );
    expect(() => shapes({ shapes: { x: [5] } })).toThrow('shape of "x": expected 2 dims; found [5]');
    expect(() => shapes({ shapes: { v: [5] } })).toThrow('shape of "v": expected an input of the model; found x, w');
  });

  it('are scalars, texts, flags, counts and half floats where the model wants them; defaults are left alone', () => {
    const mixed = model((g) => {
      for (const [name, type] of [
        ['scalar', 'float16'],
        ['text', 'string'],
        ['pixels', 'uint8'],
      ] as const)
        g.output(`${name}_out`, g.op('Identity', [g.input(name, type, name === 'scalar' ? [] : [3])]));
      g.input('unused', 'float32', [2]).defaultTensor = g.constant('float32', [1, 2]).tensor;
      const body = g.body('body', (b) => {
        b.input('i', 'int64', []);
        b.output('more', b.input('c', 'bool', []));
      });
      g.node('Loop', [g.input('times', 'int64', []), g.input('go', 'bool', [])], { body }, { outputs: 0 });
    });
    expect(feed(mixed, 'scalar')).toMatchObject({ type: 'float16', shape: [] });
    expect(feed(mixed, 'text').data).toHaveLength(3);
    expect(feed(mixed, 'unused')).toBeUndefined();
    expect(numbers(mixed, 'go', { seed: 0 })).toEqual([1]);
    expect(numbers(mixed, 'go', { seed: 1 })).toEqual([0]);
    expect(numbers(mixed, 'times')[0]).toBeLessThan(4);
    expect(Math.max(...numbers(mixed, 'pixels', { seed: 2 }))).toBeGreaterThan(7);
  });

  it('are the same for a seed, and normal', () => {
    const features = model((g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [1, 16, 16, 64])])));
    expect(feed(features, 'x', { seed: 3 })).toEqual(feed(features, 'x', { seed: 3 }));
    expect(feed(features, 'x', { seed: 3 })).not.toEqual(feed(features, 'x', { seed: 4 }));
    const values = numbers(features, 'x');
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
  });

  it.each([
    ['channels first', [1, 3, 48, 64], 1],
    ['channels last', [2, 48, 64, 3], 3],
  ])('are pictures where the shape is one: %s', (_, shape, step) => {
    const image = model((g) => g.output('y', g.op('Relu', [g.input('x', 'float32', shape)])));
    expect(feed(image, 'x', { seed: 3 })).toEqual(feed(image, 'x', { seed: 3 }));
    expect(feed(image, 'x', { seed: 3 })).not.toEqual(feed(image, 'x', { seed: 4 }));
    const values = numbers(image, 'x');
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(2);
    // Neighbours are alike, as they are in no noise: there the ratio is 2.
    let [change, square] = [0, 0];
    for (let i = step; i < values.length; i++) {
      change += ((values[i] as number) - (values[i - step] as number)) ** 2;
      square += (values[i] as number) ** 2;
    }
    expect(change / square).toBeLessThan(1);
    const bytes = numbers(image, 'x', { kind: '0–255' });
    expect(bytes.every((one) => Number.isInteger(one) && one >= 0 && one <= 255)).toBe(true);
    expect(Math.max(...bytes) - Math.min(...bytes)).toBeGreaterThan(100);
  });

  it('have the channels and features that the weights want', () => {
    const conv = model((g) => {
      const x = g.input(
        'x',
        'float32',
        ['?', '?', '?', '?'].map((_, i) => `u${i}`),
      );
      g.output('y', g.op('Conv', [x, g.constant('float32', new Float32Array(5 * 4 * 9), [5, 4, 3, 3])]));
      g.output(
        'z',
        g.op('MatMul', [g.input('w', 'float32', ['u9', 'u10']), g.constant('float32', new Float32Array(12), [6, 2])]),
      );
    });
    const { tensors } = makeFeeds(conv);
    expect(tensors.x?.shape).toEqual([2, 4, 32, 32]);
    expect(tensors.w?.shape[1]).toBe(6);
  });
});

describe('sets of inputs', () => {
  const reference = async (of: Model, options: Partial<ReferenceOptions>) => {
    const runtime = await RuntimeProcess.start();
    return referenceOf(runtime, of, await writeModel(of), { provider: 'cpu', ...options }).finally(() =>
      runtime.close(),
    );
  };
  const doubled = (shape: (string | number)[]) =>
    model((g) => g.output('y', g.op('Mul', [g.input('x', 'float32', shape), g.constant('float32', 2)])));

  it('are the base alone without a budget, and more of other kinds and seeds with one', async () => {
    const fixed = doubled([2, 8]);
    expect((await reference(fixed, {})).runs.map(({ feeds }) => feeds.kind?.name)).toEqual(['normal']);
    const { runs, base } = await reference(fixed, { setsBudgetMs: 60_000, mostSets: 6 });
    expect(base).toBe(1);
    expect(runs.map(({ feeds }) => [feeds.source, feeds.kind?.name, feeds.kind?.largest])).toEqual([
      ['made', 'normal', 6],
      ['made', '0–1', 1],
      ['made', '0–255', 255],
      ['made', '±32768', 32768],
      ['made', 'normal', 6],
      ['made', 'normal', 6],
    ]);
    const starts = runs.map(({ feeds }) => [...numbersOf(fromTensorData(feeds.tensors['x']!))]);
    expect(new Set(starts.map(String)).size).toBe(6);
    expect(Math.min(...starts[1]!)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...starts[2]!)).toBeGreaterThan(128);
    expect(starts[3]!.every(Number.isInteger)).toBe(true);
  });

  it('swell along an axis of samples, for a second where its length is open', async () => {
    const fixed = await reference(doubled(['batch', 1600]), { setsBudgetMs: 60_000, mostSets: 5 });
    expect(fixed.base).toBe(2);
    expect(fixed.runs.map(({ feeds }) => feeds.kind?.name)).toEqual([
      'normal',
      'normal',
      'swelling',
      'swelling to 32768',
      '0–1',
    ]);
    expect(fixed.notes).toEqual([]);
    const row = numbersOf(fromTensorData(fixed.runs[2]!.feeds.tensors['x']!)).subarray(0, 1600);
    const loudest = (from: number) => Math.max(...row.subarray(from, from + 100).map(Math.abs));
    expect(loudest(0)).toBeLessThan(1e-3);
    expect(loudest(750)).toBeGreaterThan(0.1);
    // Frames of 300 samples: shorter inputs do not run.
    const framed = model((g) => {
      const frames = g.op('Conv', [g.input('x', 'float32', ['b', 1, 'samples']), table(g, 75, 1, 300)], {
        strides: [150],
      });
      g.output('y', frames);
    });
    const { runs, notes } = await reference(framed, { setsBudgetMs: 60_000, mostSets: 4 });
    expect(runs.map(({ feeds }) => feeds.tensors['x']!.shape.at(-1))).toEqual([512, 1280, 16000, 16000]);
    expect(notes).toEqual([
      expect.stringMatching(/^the original does not run on x\[2,1,7\]: /),
      'the original does not run on x[1,1,12], nor at 9 other sizes',
    ]);
  });

  it('are named where there was no time for a kind', async () => {
    const { runs, notes } = await reference(doubled(['batch', 1600]), { setsBudgetMs: 1e-6 });
    expect(runs.slice(2).map(({ feeds }) => feeds.kind?.name)).toEqual(['swelling', 'swelling to 32768', '0–1']);
    expect(notes).toEqual([
      expect.stringMatching(/^not tried for lack of time, as one run takes .* ms: inputs 0–255, ±32768$/),
    ]);
  });

  it('are of both sides of what a single number decides, at a size that runs', async () => {
    const rates = model((g) => {
      const x = g.input('x', 'float32', ['b', 'seq']);
      const [rate, loud] = [g.input('rate', 'int64', []), g.input('loud', 'float32', [1])];
      const branch = (name: string, size: number) =>
        g.body(name, (b) => b.output('o', b.op('Reshape', [x, b.ints(-1, size)])));
      const y = g.op('If', [g.op('Equal', [rate, g.constant('int64', 16000)])], {
        then_branch: branch('a', 7),
        else_branch: branch('b', 11),
      });
      g.output('y', y);
      g.output('z', g.op('Greater', [loud, g.constant('float32', 0.5)]));
    });
    const { runs, base } = await reference(rates, { setsBudgetMs: 60_000, mostSets: 8 });
    const first = (name: string) => runs.map(({ feeds }) => numbersOf(fromTensorData(feeds.tensors[name]!))[0]);
    expect(first('rate').slice(0, base)).toEqual(Array(base).fill(16000));
    const other = runs.find(({ feeds }) => numbersOf(fromTensorData(feeds.tensors['rate']!))[0] === 8000)!;
    expect(other.feeds.about).toContain('rate 8000');
    expect(other.outputs['y']!.shape[1]).toBe(11);
    const loud = first('loud') as number[];
    expect([loud.some((v) => v > 0.5), loud.some((v) => v < 0.5), loud.includes(0.5)]).toEqual([true, true, true]);
    // Data of one side: the other is run at sizes of its own.
    const folder = mkdtempSync(join(tmpdir(), 'sets-'));
    writeFileSync(join(folder, 'one.json'), `{"x": [[${Array(7).fill(0.5)}]], "rate": 16000, "loud": 1}`);
    const given = await reference(rates, { setsBudgetMs: 60_000, inputs: join(folder, 'one.json') });
    rmSync(folder, { recursive: true });
    expect(given.runs.map(({ feeds }) => feeds.source)).toEqual(['data', 'made', 'made', 'made', 'made']);
    expect(given.runs.some(({ outputs }) => outputs['y']!.shape[1] === 11)).toBe(true);
  });

  it('of data are as many as time and memory allow, the first and the last always', () => {
    expect(dataCount({ ms: 1, bytes: 1000 }, 1000)).toBe(64);
    expect(dataCount({ ms: 200, bytes: 1000 }, 1000)).toBe(40);
    // Masks of a large picture: outputs of 100 MiB each would fill the memory long before time is over.
    expect(dataCount({ ms: 200, bytes: 100 * 2 ** 20 }, 1000)).toBe(5);
    expect(dataCount({ ms: 60_000, bytes: 2 ** 30 }, 1000)).toBe(2);
    expect(dataCount({ ms: 1, bytes: 0 })).toBe(64);
  });

  it('are the data that is given, spread where there are too many, and a few at its shapes behind it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sets-'));
    for (let i = 0; i < 130; i++) writeFileSync(join(folder, `${i}.json`), `{"x": [[${i}, 0, 0]]}`);
    const one = doubled(['batch', 3]);
    const { runs, base, notes } = await reference(one, { inputs: folder, setsBudgetMs: 60_000 });
    rmSync(folder, { recursive: true });
    expect(base).toBe(64);
    expect(notes).toEqual(['64 of 130 sets of inputs were run, spread over all of them']);
    const firsts = runs.map(({ feeds }) => numbersOf(fromTensorData(feeds.tensors['x']!))[0]);
    expect([firsts[0], firsts[1], firsts[32], firsts[63]]).toEqual([0, 3, 66, 129]);
    expect(runs.slice(62).map(({ feeds }) => [feeds.source, feeds.tensors['x']!.shape])).toEqual(
      ['data', 'data', 'made', 'made', 'made', 'made'].map((source) => [source, [1, 3]]),
    );
  });
});
