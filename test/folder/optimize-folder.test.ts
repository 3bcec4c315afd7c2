/** A folder in, a folder out: parts by role, all else byte for byte, and a second run that does only what has changed. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFolder } from '../../fixtures/folders.js';
import { RECORD, readRecord } from '../../src/folder/parts/record.js';
import { stagingOf } from '../../src/folder/place/staging.js';
import { buildModel, numbersOf, optimizeFolder, readModel, UsageError, writeModel } from '../../src/index.js';

const root = mkdtempSync(join(tmpdir(), 'folder-'));
const input = join(root, 'sd15');
const llm = join(root, 'llm');
beforeAll(async () => {
  await writeFolder('sd15', input);
  await writeFolder('transformers.js', llm);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quick = { validate: false } as const;
const states = (report: Awaited<ReturnType<typeof optimizeFolder>>): Record<string, string> =>
  Object.fromEntries(report.parts.map(({ name, state }) => [name, state]));
const list = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
let count = 0;
const fresh = (): string => join(root, `out${count++}`);

test('a result is the same, byte for byte, however many parts are worked on at a time', async () => {
  const [text, one, several] = [join(root, 'text'), fresh(), fresh()];
  await writeFolder('marian', text);
  await optimizeFolder(text, 'simplify,fp16', { validate: false, verify: 'none', out: one, jobs: 1 });
  await optimizeFolder(text, 'simplify,fp16', { validate: false, verify: 'none', out: several, jobs: 3 });
  const files = list(one).filter((path) => path !== RECORD);
  expect(list(several).filter((path) => path !== RECORD)).toEqual(files);
  for (const path of files) expect(readFileSync(join(several, path)).equals(readFileSync(join(one, path)))).toBe(true);
  const keys = async (out: string) =>
    Object.fromEntries(Object.entries((await readRecord(out))?.parts ?? {}).map(([path, { key }]) => [path, key]));
  expect(Object.keys(await keys(one))).toHaveLength(3);
  expect(await keys(several)).toEqual(await keys(one));
});

describe('a diffusers pipeline', () => {
  test('keeps its files, and its weights are halved', async () => {
    const out = fresh();
    const report = await optimizeFolder(input, 'half', { ...quick, out });
    expect(states(report)).toEqual({ text_encoder: 'done', unet: 'done', vae_decoder: 'done' });
    expect(list(out)).toEqual([...list(input), '.onnx-passes.json'].sort());
    for (const path of list(input).filter((name) => name.endsWith('.json')))
      expect(readFileSync(join(out, path)), path).toEqual(readFileSync(join(input, path)));
    for (const { bytes = 0, inputBytes } of report.parts) expect(bytes / inputBytes).toBeLessThan(0.56);
    expect((await readModel(join(out, 'unet/model.onnx'))).graph.inputs.map(({ name }) => name)).toContain('timestep');
    expect(existsSync(stagingOf(out))).toBe(false);
  });

  test('is planned by role, and a plan writes nothing', async () => {
    const out = fresh();
    const report = await optimizeFolder(input, 'eighth', { ...quick, out, dryRun: true });
    expect(existsSync(out)).toBe(false);
    const reasons = Object.fromEntries(report.parts.map(({ name, reasons }) => [name, reasons.join()]));
    expect(reasons['unet']).toMatch(/conv_in.*conv_out.*keep their weights/);
    expect(reasons['vae_decoder']).toMatch(/8 bits instead of 4/);
    expect(reasons['text_encoder']).toBe('');
  });

  test('is one without its index too, by the names of its folders', async () => {
    const bare = join(root, 'bare');
    cpSync(input, bare, { recursive: true });
    rmSync(join(bare, 'model_index.json'));
    const report = await optimizeFolder(bare, 'half', { dryRun: true, out: fresh() });
    expect([report.layout, ...report.parts.map(({ role }) => role)]).toEqual([
      'diffusers',
      'text encoder',
      'denoiser',
      'VAE decoder',
    ]);
  });

  test('has passes by part', async () => {
    const out = fresh();
    const parts = { vae_decoder: { passes: 'exact' }, text_encoder: { passes: 'none' } };
    const report = await optimizeFolder(input, 'half', { ...quick, out, parts });
    expect(states(report)).toMatchObject({ text_encoder: 'copied', vae_decoder: 'done' });
    expect(readFileSync(join(out, 'text_encoder/model.onnx'))).toEqual(
      readFileSync(join(input, 'text_encoder/model.onnx')),
    );
    const vae = report.parts.find(({ name }) => name === 'vae_decoder');
    expect((vae?.bytes ?? 0) / (vae?.inputBytes ?? 1)).toBeGreaterThan(0.9);
    await expect(
      optimizeFolder(input, 'half', { ...quick, out: fresh(), parts: { vae: { passes: 'exact' } } }),
    ).rejects.toThrow(/--part: .*vae.*vae_decoder/s);
  });
});

describe('a second run', () => {
  test('touches the part alone that has changed', async () => {
    const [copy, out] = [fresh(), fresh()];
    cpSync(input, copy, { recursive: true });
    await optimizeFolder(copy, 'half', { ...quick, out });
    const before = new Map(list(out).map((path) => [path, statSync(join(out, path)).ino]));
    cpSync(join(input, 'vae_decoder/model.onnx'), join(copy, 'text_encoder/model.onnx'));
    writeFileSync(join(copy, 'tokenizer/added.json'), '{}');
    const report = await optimizeFolder(copy, 'half', { ...quick, out });
    expect(states(report)).toEqual({ text_encoder: 'done', unet: 'unchanged', vae_decoder: 'unchanged' });
    const now = new Map(list(out).map((path) => [path, statSync(join(out, path)).ino]));
    const touched = [...now].filter(([path, inode]) => before.get(path) !== inode).map(([path]) => path);
    expect(touched.sort()).toEqual(['.onnx-passes.json', 'text_encoder/model.onnx', 'tokenizer/added.json']);
  });

  test('does all of it again with other passes, and what is gone from the input is gone', async () => {
    const [copy, out] = [fresh(), fresh()];
    cpSync(input, copy, { recursive: true });
    await optimizeFolder(copy, 'half', { ...quick, out });
    rmSync(join(copy, 'vae_decoder'), { recursive: true });
    const report = await optimizeFolder(copy, 'exact', { ...quick, out });
    expect(states(report)).toEqual({ text_encoder: 'done', unet: 'done' });
    expect(existsSync(join(out, 'vae_decoder/model.onnx'))).toBe(false);
    expect((await readModel(join(out, 'unet/model.onnx'))).graph.name).toBeDefined();
  });
});

describe('what fails', () => {
  test('is named, and the folder stays as it was; the next run goes on from there', async () => {
    const [copy, out] = [fresh(), fresh()];
    cpSync(input, copy, { recursive: true });
    const whole = readFileSync(join(copy, 'vae_decoder/model.onnx'));
    writeFileSync(join(copy, 'vae_decoder/model.onnx'), whole.subarray(0, 1000));
    const broken = await optimizeFolder(copy, 'half', { ...quick, out });
    expect(states(broken)).toEqual({ text_encoder: 'done', unet: 'done', vae_decoder: 'failed' });
    expect(broken.parts[2]?.reason).toMatch(/vae_decoder\/model\.onnx/);
    expect([broken.isWritten, existsSync(out)]).toEqual([false, false]);
    writeFileSync(join(copy, 'vae_decoder/model.onnx'), whole);
    const mended = await optimizeFolder(copy, 'half', { ...quick, out });
    expect(states(mended)).toEqual({ text_encoder: 'unchanged', unet: 'unchanged', vae_decoder: 'done' });
    expect(existsSync(stagingOf(out))).toBe(false);
    expect(list(out)).toEqual([...list(copy), '.onnx-passes.json'].sort());
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a folder without models',
      () => optimizeFolder(join(input, 'tokenizer'), 'half', { out: fresh() }),
      /with models/,
    ],
    ['no folder', () => optimizeFolder(join(root, 'none'), 'half', { out: fresh() }), /expected a folder; found none/],
    ['a result inside', () => optimizeFolder(input, 'half', { out: join(input, 'out') }), /apart from/],
    ['a folder of other files', () => optimizeFolder(input, 'half', { out: llm }), /--force/],
  ])('%s is a mistake', async (_, run, text) => {
    const found = await run().catch((error: unknown) => error);
    expect(found).toBeInstanceOf(UsageError);
    expect((found as Error).message).toMatch(text);
  });
});

describe('files that are not what they seem', () => {
  const small = (value: number) =>
    buildModel({ '': 17 }, (g) => {
      const w = g.constant('float32', new Array(4096).fill(value), [64, 64], 'w');
      g.output('y', g.op('MatMul', [g.input('x', 'float32', [1, 64]), w]), 'float32', [1, 64]);
    });
  const weightIn = async (path: string): Promise<number | undefined> => {
    const [weight] = [...(await readModel(path)).graph.constants].filter(({ tensor }) => tensor?.shape.length === 2);
    return weight?.tensor && numbersOf(weight.tensor)[0];
  };
  const bytesOf = (path: string): number => statSync(path).size;

  test('links of a download cache lead to models, and nothing outside is touched', async () => {
    const [cache, out] = [fresh(), fresh()];
    mkdirSync(join(cache, 'blobs'), { recursive: true });
    mkdirSync(join(cache, 'snapshot'), { recursive: true });
    for (const [name, value] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      await writeModel(small(value), join(cache, 'blobs', name));
      symlinkSync(`../blobs/${name}`, join(cache, 'snapshot', `${name}.onnx`));
    }
    const from = join(cache, 'snapshot');
    await optimizeFolder(from, 'half', { ...quick, out, parts: { b: { passes: 'none' } } });
    expect(bytesOf(join(out, 'a.onnx'))).toBeLessThan(0.7 * bytesOf(join(from, 'a.onnx')));
    expect(list(out)).toEqual(['.onnx-passes.json', 'a.onnx', 'b.onnx']);
    await optimizeFolder(from, 'half', { ...quick, out });
    expect(list(cache)).toEqual(['blobs/a', 'blobs/b']);
    expect(await weightIn(join(from, 'b.onnx'))).toBe(2);
  });

  test('what a run with other settings has staged does not come into a result', async () => {
    const [copy, out] = [fresh(), fresh()];
    mkdirSync(copy);
    for (const [name, value] of [
      ['a', 1],
      ['b', 2],
    ] as const)
      await writeModel(small(value), join(copy, `${name}.onnx`));
    await optimizeFolder(copy, 'simplify', { ...quick, out });
    const made = readFileSync(join(out, 'a.onnx'));
    const whole = readFileSync(join(copy, 'b.onnx'));
    writeFileSync(join(copy, 'b.onnx'), whole.subarray(0, 50));
    expect(states(await optimizeFolder(copy, 'half', { ...quick, out }))).toEqual({ a: 'done', b: 'failed' });
    writeFileSync(join(copy, 'b.onnx'), whole);
    const last = await optimizeFolder(copy, 'simplify', { ...quick, out });
    expect(states(last)).toMatchObject({ a: 'unchanged' });
    expect(readFileSync(join(out, 'a.onnx'))).toEqual(made);
  });

  test('two models that share a file of weights, or have one of its name beside them, keep their own', async () => {
    const [copy, out] = [fresh(), fresh()];
    mkdirSync(copy);
    await writeModel(small(1), join(copy, 'a.onnx'), { dataName: 'a.onnx_data' });
    cpSync(join(copy, 'a.onnx'), join(copy, 'b.onnx'));
    await writeModel(small(3), join(copy, 'c.onnx'));
    writeFileSync(join(copy, 'c.onnx_data'), 'notes');
    const options = { ...quick, out, externalData: true, parts: { b: { passes: 'none' } } };
    await optimizeFolder(copy, 'half', options);
    expect(await Promise.all(['a', 'b', 'c'].map((name) => weightIn(join(out, `${name}.onnx`))))).toEqual([1, 1, 3]);
    expect(readFileSync(join(out, 'c.onnx_data'), 'utf8')).toBe('notes');
  });

  test('a result that is a link to the input is refused, and links in a circle are', async () => {
    const link = fresh();
    symlinkSync(input, link);
    await expect(optimizeFolder(input, 'half', { ...quick, out: link, force: true })).rejects.toThrow(/apart from/);
    const copy = fresh();
    cpSync(input, copy, { recursive: true });
    symlinkSync('..', join(copy, 'unet/up'));
    await expect(optimizeFolder(copy, 'half', { ...quick, out: fresh() })).rejects.toThrow(/a folder that it lies in/);
  });
});

describe('a folder of transformers.js', () => {
  test('says which models have data files, and variants stay', async () => {
    const out = fresh();
    const report = await optimizeFolder(llm, 'half', { ...quick, out });
    expect(states(report)).toEqual({ model: 'done', model_q4: 'copied' });
    const { 'transformers.js_config': section } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(section).toEqual({ dtype: 'fp32', use_external_data_format: { 'model.onnx': 1 } });
    expect(readFileSync(join(out, 'onnx/model_q4.onnx'))).toEqual(readFileSync(join(llm, 'onnx/model_q4.onnx')));
  });

  test('has data files of the size that is asked for', async () => {
    const out = fresh();
    await optimizeFolder(llm, 'exact', { ...quick, out, shard: 100_000 });
    const data = list(out).filter((path) => /onnx_data/.test(path));
    expect(data.slice(0, 3)).toEqual(['onnx/model.onnx_data', 'onnx/model.onnx_data_1', 'onnx/model.onnx_data_2']);
    for (const path of data) expect(statSync(join(out, path)).size).toBeLessThanOrEqual(100_000);
    const { 'transformers.js_config': section } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(section.use_external_data_format).toEqual({ 'model.onnx': data.length });
  });
});
