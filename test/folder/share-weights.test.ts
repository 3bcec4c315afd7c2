/** Weights that two models of a folder have are stored once: in the data file of the first. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFolder } from '../../fixtures/folders.js';
import { proveDecoder } from '../../src/folder/proof/decoding/prove.js';
import { folderText, numbersOf, optimizeFolder, readModel, tensorOf, writeModel } from '../../src/index.js';
import { gateOf } from '../../src/validate/judge/gates.js';

const root = mkdtempSync(join(tmpdir(), 'share-'));
const input = join(root, 'marian');
const [first, second] = ['decoder_model.onnx', 'decoder_with_past_model.onnx'] as const;
beforeAll(() => writeFolder('marian', input));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const made = (from: string, out: string, more: object = {}) =>
  optimizeFolder(from, 'half', { validate: false, out: join(root, out), target: 'cpu', ...more });
const sizeOf = (...path: string[]): number => statSync(join(root, ...path)).size;
const inodes = (out: string): Record<string, number> =>
  Object.fromEntries(readdirSync(join(root, out)).map((name) => [name, statSync(join(root, out, name)).ino]));

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
    expect((await proveDecoder(loop, sides, settings, () => {})).gates.every(({ passed }) => passed)).toBe(true);
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
