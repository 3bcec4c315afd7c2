/** Weights that two models of a folder have are stored once: in the data file of the first. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFolder } from '../../fixtures/folders.js';
import { linkOrCopy } from '../../src/folder/place/staging.js';
import { proveDecoder } from '../../src/folder/proof/decoding/prove.js';
import { buildModel, folderText, numbersOf, optimizeFolder, readModel, tensorOf, writeModel } from '../../src/index.js';
import { gateOf } from '../../src/validate/judge/gates.js';
import { runModel } from '../run-model.js';

const root = mkdtempSync(join(tmpdir(), 'share-'));
const input = join(root, 'marian');
const [first, second] = ['decoder_model.onnx', 'decoder_with_past_model.onnx'] as const;
beforeAll(() => writeFolder('marian', input));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** In 16 bits, by the pass alone: that all of `half` leaves weights that are shared, the miniatures show. */
const made = (from: string, out: string, more: object = {}) =>
  optimizeFolder(from, 'bf16', { validate: false, out: join(root, out), target: 'cpu', ...more });
const sizeOf = (...path: string[]): number => statSync(join(root, ...path)).size;
const inodes = (out: string): Record<string, number> =>
  Object.fromEntries(readdirSync(join(root, out)).map((name) => [name, statSync(join(root, out, name)).ino]));

/** A folder of models that multiply an input by weights, each given by the number that makes it, with data files of their own. */
async function writeProducts(folder: string, models: Readonly<Record<string, readonly number[]>>): Promise<string> {
  const path = join(root, folder);
  mkdirSync(path);
  const size = 128;
  for (const [name, weights] of Object.entries(models)) {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [1, size]);
      for (const seed of weights) {
        const numbers = Array.from({ length: size * size }, (_, i) => Math.sin(seed * (i + 1)));
        const weight = g.constant('float32', numbers, [size, size], `w${seed}`);
        g.output(`y${seed}`, g.op('MatMul', [x, weight]), 'float32', [1, size]);
      }
    });
    await writeModel(model, join(path, name), { dataName: `${name}_data` });
  }
  return path;
}
const x = tensorOf(
  'float32',
  Array.from({ length: 128 }, (_, i) => Math.cos(i)),
  [1, 128],
);

/** What a model of products gives, by name. */
const outputsOf = async (path: string): Promise<Record<string, number[]>> =>
  Object.fromEntries(
    Object.entries(await runModel(path, { x })).map(([name, tensor]) => [name, [...numbersOf(tensor)]]),
  );

/** Multiplies one weight of a model by two. */
async function change(path: string): Promise<void> {
  const model = await readModel(path);
  const weight = [...model.graph.nodes()].find(({ name, inputs }) => /fc1/.test(name) && inputs[1]?.tensor)?.inputs[1];
  if (!weight?.tensor) throw new Error('no weight');
  weight.tensor = tensorOf(
    'float32',
    numbersOf(weight.tensor).map((x) => 2 * x),
    weight.tensor.shape,
  );
  const name = path.replace(/^.*\//, '');
  await writeModel(model, path, { dataName: `${name}_data` });
}

describe('a decoder with past', () => {
  test('reads the weights of the one without, in the runtime too', async () => {
    const report = await made(input, 'out');
    const part = report.parts.find(({ path }) => path === second);
    expect(part?.shared).toMatchObject({ of: [first], bytes: expect.any(Number) });
    expect(folderText(report)).toMatch(/reads .* of weights from the data of decoder_model.onnx/);
    // What is left is its graph, and what is smaller than a page.
    expect(sizeOf('out', second)).toBeLessThan(0.5 * sizeOf('out', `${first}_data`));
    const out = join(root, 'out');
    const sides = {
      original: { folder: input, modelOf: (path: string) => join(input, path) },
      result: { folder: input, modelOf: (path: string) => join(out, path) },
    };
    const loop = { encoder: 'encoder_model.onnx', first, next: second };
    const settings = { provider: 'cpu', gate: gateOf('rounding', 'cpu'), fidelity: 'rounding', steps: 4 } as const;
    const { gates } = await proveDecoder(loop, sides, settings, () => {});
    expect(gates.length).toBeGreaterThan(0);
    expect(gates.every(({ passed }) => passed)).toBe(true);
  });

  test('alone is made again where it alone has changed, and both where the other has', async () => {
    const copy = join(root, 'copy');
    cpSync(input, copy, { recursive: true });
    await made(copy, 'again');
    const before = inodes('again');
    expect((await made(copy, 'again')).parts.map(({ state }) => state)).toEqual([
      'unchanged',
      'unchanged',
      'unchanged',
    ]);
    expect(inodes('again')[second]).toBe(before[second]);
    await change(join(copy, second));
    const changed = await made(copy, 'again');
    expect(changed.parts.map(({ state }) => state)).toEqual(['unchanged', 'done', 'unchanged']);
    expect(inodes('again')[`${first}_data`]).toBe(before[`${first}_data`]);
    expect(changed.parts[1]?.shared?.of).toEqual([first]);
    await change(join(copy, first));
    const both = await made(copy, 'again');
    expect(both.parts.filter(({ state }) => state === 'done').map(({ path }) => path)).toEqual([first, second]);
    const model = await readModel(join(root, 'again', second));
    expect(
      [...model.graph.constants].every(({ tensor }) => tensor && tensor.bytes().length === tensor.byteLength),
    ).toBe(true);
    expect(existsSync(join(root, '.again.onnx-passes'))).toBe(false);
  });

  test('keeps its own where its loader would not find them, and where there are no data files', async () => {
    const js = join(root, 'js');
    mkdirSync(js);
    cpSync(input, join(js, 'onnx'), { recursive: true });
    cpSync(join(input, 'config.json'), join(js, 'config.json'));
    const report = await made(js, 'for-js');
    expect(report.parts.flatMap(({ reasons }) => reasons)).toEqual([
      expect.stringMatching(
        /those of onnx\/decoder_model.onnx too: transformers.js finds a data file by the name of its model/,
      ),
    ]);
    const inside = await made(input, 'inside', { externalData: false });
    expect(inside.parts.flatMap(({ reasons }) => reasons).join()).toMatch(/--no-external-data asks/);
    expect(readdirSync(join(root, 'inside')).filter((name) => name.endsWith('_data'))).toEqual([]);
  });
});

describe('models of a folder', () => {
  test.each([[[1, 3, 2]], [[2, 1, 3]]])('of which the second, of weights %j, borrows and lends', async (weights) => {
    const from = await writeProducts(`in${weights.join('')}`, { 'a.onnx': [1], 'b.onnx': weights, 'c.onnx': [3] });
    const out = `out${weights.join('')}`;
    const report = await optimizeFolder(from, 'simplify', { validate: false, out: join(root, out), target: 'cpu' });
    expect(report.parts.map(({ shared }) => shared?.of)).toEqual([undefined, ['a.onnx'], ['b.onnx']]);
    expect(sizeOf(out, 'b.onnx_data')).toBe(2 * 128 * 128 * 4);
    expect(readdirSync(join(root, out)).filter((name) => name.endsWith('_data'))).toEqual([
      'a.onnx_data',
      'b.onnx_data',
    ]);
    for (const name of ['a.onnx', 'b.onnx', 'c.onnx'])
      expect(await outputsOf(join(root, out, name)), name).toEqual(await outputsOf(join(from, name)));
  });

  test('keep what the runtime has saved ahead of time', async () => {
    const from = await writeProducts('ahead', { 'a.onnx': [1], 'b.onnx': [1, 2] });
    const report = await optimizeFolder(from, 'simplify', {
      ...{ out: join(root, 'ahead-out'), target: 'cpu', aot: true, speed: false },
    });
    const part = report.parts[1];
    expect(part?.shared?.of).toEqual(['a.onnx']);
    expect(part?.files).toContain('b.aot-cpu.onnx');
    expect(part?.bytes).toBe(sizeOf('ahead-out', 'b.onnx') + sizeOf('ahead-out', 'b.onnx_data'));
    expect(Object.keys(await outputsOf(join(root, 'ahead-out', 'b.aot-cpu.onnx')))).toEqual(['y1', 'y2']);
  });

  test('need the file of the one that lends', async () => {
    const [lender, there] = [join(root, 'lender'), join(root, 'there')];
    writeFileSync(lender, 'weights');
    expect(await linkOrCopy(lender, there)).toBe(false);
    expect(statSync(there).ino).toBe(statSync(lender).ino);
    expect(await linkOrCopy(lender, there)).toBe(false);
    await expect(linkOrCopy(join(root, 'gone'), join(root, 'nothing'))).rejects.toThrow(/ENOENT/);
  });
});
