import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { numbers, opsOf, pathOf, relativeError, removeResults, run, wordsOf } from './cases.js';
import { collection } from './models.js';

afterAll(removeResults);

/** Limits of relative L2: float32 in another order; float16 by value; 8 bits. */
const [EXACT, HALF, BYTES] = [1e-4, 1e-2, 0.15];

describe.runIf(existsSync(collection('cases')))('models of public bug reports', () => {
  it('batch-one-to-n: a baked batch becomes another, or is refused in words', async () => {
    const shapes = { input: [8, 1, 8, 8] };
    const found = await run('batch-one-to-n', { shapes }).catch((error: Error) => error);
    if (found instanceof Error) expect(found.message).toMatch(/input.*(1|8)/);
    else expect((await found.model()).graph.outputs[0]?.shape?.[0]).toBe(8);
  });

  it('carried-lazy: what the IR does not know is written back byte for byte', async () => {
    const before = readFileSync(pathOf('carried-lazy'));
    const written = await readModel(pathOf('carried-lazy')).then(
      (model) => writeModel(model),
      (error: Error) => error,
    );
    if (written instanceof Error) expect(written.message).toMatch(/expected/);
    else expect(Buffer.from(written).equals(before)).toBe(true);
  });

  it('causal-mask-lessorequal: the mask is one constant', async () => {
    const model = await (await run('causal-mask-lessorequal', { dims: { s: 8 } })).model();
    expect(opsOf(model).sort()).toEqual(['Add', 'Softmax']);
  });

  it('convtranspose-bn-groups: norms are folded where that is right', async () => {
    const done = await run('convtranspose-bn-groups');
    expect(opsOf(await done.model()).filter((op) => op === 'BatchNormalization').length).toBeLessThan(4);
    expect(relativeError((await done.original()).y, (await done.result('plain')).y)).toBeLessThan(EXACT);
  });

  it('embedding-gather-int8: the table in 8 bits, or its bytes in the report', async () => {
    const { report } = await run('embedding-gather-int8');
    const { before, after } = report.model;
    if (after.bytes > 0.3 * before.bytes)
      expect(wordsOf(report)).toMatch(/Gather[\s\S]*\d (kB|MB)|\d (kB|MB)[\s\S]*Gather/);
  });

  it('embedding-pool-normalize: no NaN and no zero vector in real float16', async () => {
    const done = await run('embedding-pool-normalize');
    const [a, b] = [(await done.original()).sentence_embedding, (await done.result('emulated')).sentence_embedding];
    expect(relativeError(a, b)).toBeLessThan(HALF);
    const width = a?.shape[1] as number;
    const isZero = (all: number[]) => all.every((x) => x === 0);
    for (let row = 0; row < (a?.shape[0] ?? 0); row++) {
      const [own, its] = [a, b].map((one) => numbers(one).slice(row * width, (row + 1) * width)) as [
        number[],
        number[],
      ];
      expect(isZero(its)).toBe(isZero(own));
    }
  });

  it('external-attribute: both weights are found and converted', async () => {
    const done = await run('external-attribute');
    expect(done.report.model.after.bytesByType).toEqual({ float16: 2 * (64 * 96 + 96 * 64) });
    expect(relativeError((await done.original()).y, (await done.result('plain')).y)).toBeLessThan(HALF);
  });

  for (const [name, output] of [
    ['finfo-min-where', 'y'],
    ['opt-max-clamp', 'logits'],
  ] as const)
    it(`${name}: no NaN in real float16`, async () => {
      const done = await run(name);
      expect(relativeError((await done.original())[output], (await done.result('emulated'))[output])).toBeLessThan(
        HALF,
      );
    });

  it('fp16-qdq: loads, and gives what it gave', async () => {
    const done = await run('fp16-qdq');
    expect(relativeError((await done.original()).y, (await done.result('emulated')).y)).toBeLessThan(BYTES);
  });

  it('gelu-opset17: the report names the op and both opsets', async () => {
    const { report } = await run('gelu-opset17');
    const said = wordsOf(report);
    for (const word of ['Gelu', '17', '20']) expect(said).toContain(word);
  });

  it('gridsample-deformable: sampling points stay float32', async () => {
    const done = await run('gridsample-deformable');
    const sample = [...(await done.model()).graph.nodeSet].find(({ opType }) => opType === 'GridSample');
    expect(sample?.inputs[1]?.elem).toBe('float32');
    expect(relativeError((await done.original()).y, (await done.result('emulated')).y)).toBeLessThan(HALF);
  });

  it('if-squeeze-axes: the same numbers, quantized behind the If', async () => {
    const done = await run('if-squeeze-axes');
    expect(relativeError((await done.original()).y, (await done.result('plain')).y)).toBeLessThan(BYTES);
    expect((await done.original()).y?.shape).toEqual((await done.result('plain')).y?.shape);
  });

  it('inputs-per-pass-bad: int8 breaks on the given inputs alone, and what does is taken back', async () => {
    const done = await run('inputs-per-pass-bad');
    expect(relativeError((await done.original()).y, (await done.result('emulated')).y)).toBeLessThan(BYTES);
  });

  it('inputs-per-pass-good: int8 holds on the given inputs, whatever made-up ones say', async () => {
    const { report } = await run('inputs-per-pass-good');
    expect(report.passes.map(({ status }) => status)).toEqual(['applied']);
    expect(report.output).toBeDefined();
  });

  it('instancenorm-fp16: statistics are float32', async () => {
    const done = await run('instancenorm-fp16');
    const norm = [...(await done.model()).graph.nodeSet].find(({ opType }) => opType === 'InstanceNormalization');
    expect(norm?.inputs[0]?.elem).toBe('float32');
    expect(relativeError((await done.original()).y, (await done.result('emulated')).y)).toBeLessThan(HALF);
  });

  it('int8-nan-row: the report says what one row does to the others, and an option helps', async () => {
    const { report } = await run('int8-nan-row', { passes: 'int8:minElements=1' });
    expect(wordsOf(report)).toMatch(/one scale for all rows/);
    const byRow = await run('int8-nan-row', { passes: 'int8:minElements=1:activations=row' });
    expect(wordsOf(byRow.report)).not.toMatch(/one scale for all rows/);
  });

  it('int8-saturates: sums are right on every CPU', async () => {
    const { report } = await run('int8-saturates');
    expect(report.output).toBeDefined();
    expect(report.cpus?.exact).toBe(true);
  });

  it('layernorm-fp16-outliers: the variance does not overflow, or nothing is written', async () => {
    const done = await run('layernorm-fp16-outliers');
    if (!done.report.output) return expect(done.report.gates.some(({ passed }) => !passed)).toBe(true);
    const [a, b] = [await done.original(), await done.result('emulated')];
    for (const name of ['y', 'ln']) expect(relativeError(a[name], b[name])).toBeLessThan(HALF);
  });

  it('lstm-gru-int8: quantized, or named with their bytes', async () => {
    const { report } = await run('lstm-gru-int8');
    if (report.model.after.bytes > 0.4 * report.model.before.bytes)
      expect(wordsOf(report)).toMatch(/(LSTM|GRU)[\s\S]*\d (kB|MB|B)/);
  });

  it('matmul-add-broadcast-up: the same numbers and shapes', async () => {
    const done = await run('matmul-add-broadcast-up');
    const [a, b] = [await done.original(), await done.result('plain')];
    for (const name of ['y', 'z']) {
      expect(b[name]?.shape).toEqual(a[name]?.shape);
      expect(relativeError(a[name], b[name])).toBeLessThan(BYTES);
    }
  });

  it('resize-sizes-tf: loads, and gives what it gave', async () => {
    const done = await run('resize-sizes-tf');
    expect(relativeError((await done.original()).y, (await done.result('emulated')).y)).toBeLessThan(HALF);
  });

  it('vits-decoder-fp16: the path is exact, the sound within rounding', async () => {
    const done = await run('vits-decoder-fp16');
    const [a, b] = [await done.original(), await done.result('emulated')];
    expect(numbers(b.path)).toEqual(numbers(a.path));
    expect(relativeError(a.wav, b.wav)).toBeLessThan(HALF);
  });

  it('yolo-end2end-topk: fp16 is kept, and the detections are the same', async () => {
    const done = await run('yolo-end2end-topk');
    expect(done.report.passes.map(({ status }) => status)).toEqual(['applied']);
    const [a, b] = [(await done.original()).output0, (await done.result('emulated')).output0];
    expect(b?.type).toBe('float32');
    // The same class, and a box within two float16 steps of it; equal scores may change places.
    const rows = (all: number[]) => Array.from({ length: all.length / 6 }, (_, row) => all.slice(row * 6, row * 6 + 6));
    const largest = Math.max(...numbers(a).map(Math.abs));
    const isSame = (x: number[], y: number[]) =>
      x[5] === y[5] && x.every((one, i) => Math.abs(one - (y[i] as number)) <= largest / 512);
    const own = rows(numbers(a));
    for (const row of rows(numbers(b)))
      expect(
        own.some((one) => isSame(row, one)),
        row.join(' '),
      ).toBe(true);
  });
});
