/** Several results of one file: names, sizes on disk, and outputs held against the original. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoder } from '../fixtures/encoder.js';
import { buildModel } from '../src/ir/build.js';
import { variantsIn } from '../src/job/variant-sets.js';
import { optimizeVariants } from '../src/job/variants.js';
import { closeRuntime, validate } from '../src/on-demand.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { variantsText } from '../src/report/text/variants.js';
import type { VariantResult } from '../src/run/variants-schema.js';
import { Workplace } from './cli/run-cli.js';
import { linear, within } from './passes/integers/int8-models.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-variants-'));
const from = join(folder, 'model.onnx');
beforeAll(() =>
  writeModel(
    encoder({ hidden: 32, heads: 2, intermediate: 64, vocabulary: 64, seed: 0, layers: 1, positions: 8 }),
    from,
  ),
);
afterAll(async () => {
  await closeRuntime();
  rmSync(folder, { recursive: true, force: true });
});

const settings = { target: 'cpu', speed: false, verify: 'end' } as const;

describe('the variants of transformers.js', () => {
  it('have the names that its loader expects', () => {
    // The dtypes of its documentation, and the suffixes of files that are published for it.
    const suffixes = Object.fromEntries(variantsIn(['transformers-js']).map(({ name, suffix }) => [name, suffix]));
    expect(suffixes).toEqual({
      fp32: '',
      fp16: '_fp16',
      q8: '_quantized',
      int8: '_int8',
      uint8: '_uint8',
      q4: '_q4',
      q4f16: '_q4f16',
      bnb4: '_bnb4',
    });
  });

  it('are files that do what the original does', async () => {
    const out = join(folder, 'onnx');
    const made = await optimizeVariants(from, ['transformers-js'], { ...settings, out });
    const written = made.variants.flatMap(({ files = [] }) => files);
    expect(
      readdirSync(out)
        .map((name) => join(out, name))
        .sort(),
    ).toEqual([...written].sort());
    expect(written).toEqual(
      expect.arrayContaining(
        ['', '_fp16', '_quantized', '_int8', '_uint8'].map((suffix) => join(out, `model${suffix}.onnx`)),
      ),
    );
    for (const { files, bytes, share, reason } of made.variants) {
      // Random weights of 64 numbers bear 4 bits badly.
      if (!files) expect(reason).toMatch(/gate/);
      else {
        expect(bytes).toBe(statSync(files[0] as string).size);
        expect(share).toBeCloseTo((bytes as number) / statSync(from).size, 12);
      }
    }
    const unsigned = await readModel(join(out, 'model_uint8.onnx'));
    const types = [...unsigned.graph.nodeSet].flatMap((node) =>
      node.is('MatMulInteger') ? [node.inputs[1]?.elem] : [],
    );
    expect(new Set(types)).toEqual(new Set(['uint8']));
    const q8 = made.variants.find(({ name }) => name === 'q8') as VariantResult;
    const { accuracy } = await validate(from, q8.files?.[0] as string, { fidelity: 'lossy', speed: false });
    const error = Math.max(...accuracy.outputs.map(({ relativeL2 }) => relativeL2));
    // Made-up inputs of another count: the same errors, about.
    expect(q8.error as number).toBeGreaterThan(error / 2);
    expect(q8.error as number).toBeLessThan(error * 2);
    // The original ran once: all are held against the same runs.
    const inputs = made.variants.flatMap(({ report }) => (report?.accuracy ? [report.accuracy.inputs.join()] : []));
    expect(new Set(inputs).size).toBe(1);
    const text = variantsText(made);
    expect(text).toMatch(/✓ +q8 +[\d.]+ kB/);
    expect(text).toMatch(/✓ +uint8 +[\d.]+ kB/);
  });
});

describe('variants of one’s own', () => {
  it('are named by whoever asks', async () => {
    const out = join(folder, 'own');
    const made = await optimizeVariants(from, ['a=exact', 'b=half,fuse'], { ...settings, out });
    expect(made.variants.map(({ files }) => files)).toEqual([[join(out, 'model_a.onnx')], [join(out, 'model_b.onnx')]]);
    expect(made.variants[1]?.share as number).toBeLessThan(made.variants[0]?.share as number);
  });

  it('are not written where a pass that changes numbers is not in them', async () => {
    const out = join(folder, 'refused');
    const made = await optimizeVariants(from, ['a=exact', 'tiny=exact,int8'], { ...settings, out, maxError: 1e-5 });
    expect(made.variants[1]).toMatchObject({ name: 'tiny', reason: expect.stringMatching(/require gate: int8/) });
    expect(readdirSync(out)).toEqual(['model_a.onnx']);
  });

  it('are written where int8 of a preset takes every weight, and leaves its 16 bits nothing', async () => {
    const layers = buildModel({ '': 17 }, (g) => {
      const hidden = g.op('Relu', [linear(g, g.input('x', 'float32', [4, 64]), 64, 64, 1)]);
      g.output('y', linear(g, hidden, 64, 64, 2));
    });
    const path = join(folder, 'layers.onnx');
    await writeModel(layers, path);
    const made = await optimizeVariants(path, ['q=quarter', 'both=int8,fp16:compute=false'], settings);
    expect(made.variants[0]).toMatchObject({ name: 'q', files: [expect.stringMatching(/layers_q\.onnx$/)] });
    expect(made.variants[0]?.error as number).toBeLessThan(within);
    expect(made.variants[1]?.reason).toMatch(/require gate: fp16 found nothing to do/);
  });

  it.each([
    ['a', /variants: .*"a"/],
    ['a=', /expected name=passes/],
    ['../a=exact', /expected name=passes, a name of letters/],
    ['a=nopass', /nopass/],
  ])('%s is refused before anything is written', async (text, message) => {
    const out = join(folder, 'none');
    await expect(optimizeVariants(from, [text], { ...settings, out })).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });

  it('are refused as a whole where a gate has nothing to measure, or a file has the place of the folder', async () => {
    const asked = (options: object) => optimizeVariants(from, ['a=exact'], { ...settings, ...options });
    await expect(asked({ aot: true, validate: false })).rejects.toThrow('aot (--aot): expected validation to be on');
    await expect(asked({ out: join(from, 'none') })).rejects.toThrow('expected a folder; found a file at');
  });

  it('may not be two of one name', () => expect(() => variantsIn(['a=exact', 'a=half'])).toThrow(/"a" once/));

  it('are a flag of the command, several in one text, and none beside --passes', async () => {
    const place = new Workplace();
    writeFileSync(join(place.folder, 'model.onnx'), readFileSync(from));
    const words = ['model.onnx', '--target', 'cpu', '--no-speed'];
    const { status, stdout } = await place.run([...words, '--variants', 'a=exact b=bf16', '--json']);
    expect(status).toBe(0);
    const { variants } = JSON.parse(stdout) as { variants: VariantResult[] };
    expect(variants.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(readdirSync(join(place.folder, 'model.variants')).sort()).toEqual(['model_a.onnx', 'model_b.onnx']);
    const both = await place.run([...words, '--variants', 'a=exact', '--passes', 'half']);
    expect(both).toMatchObject({ status: 1, stderr: expect.stringContaining('expected it without --variants') });
    place.remove();
  });
});
