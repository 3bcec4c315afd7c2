/** Two decoders in one file: the same text, and each weight once. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFolder } from '../../fixtures/folders.js';
import { seq2seqDecoder } from '../../fixtures/seq2seq.js';
import {
  buildModel,
  mergeDecoderFiles,
  mergeDecoders,
  numbersOf,
  optimizeFile,
  readModel,
  type Tensor,
  tensorOf,
  writeModel,
} from '../../src/index.js';
import { runModel } from '../run-model.js';

const root = mkdtempSync(join(tmpdir(), 'merge-'));
const [marian, merged] = [join(root, 'marian'), join(root, 'merged')];
const [decoder, withPast] = ['decoder_model.onnx', 'decoder_with_past_model.onnx'].map((name) =>
  join(marian, name),
) as [string, string];
beforeAll(() => Promise.all([writeFolder('marian', marian), writeFolder('marian merged', merged)]));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const bytesOf = (...paths: string[]): number => paths.reduce((sum, path) => sum + statSync(path).size, 0);

describe('merge-decoders', () => {
  test('writes one file that chooses the same tokens, with the names that loaders expect', async () => {
    const out = join(root, 'one.onnx');
    const { output, proof } = await mergeDecoderFiles(decoder, withPast, { out });
    expect(output?.files).toEqual([out, join(root, 'one.onnx_data')]);
    expect(proof?.decoding).toMatchObject([{ equal: 64, of: 64, steps: 32 }]);
    expect(bytesOf(...(output?.files ?? []))).toBeLessThan(
      0.6 * bytesOf(decoder, withPast, `${decoder}_data`, `${withPast}_data`),
    );
    const { graph } = await readModel(out);
    const [branch] = graph.nodes();
    expect(graph.inputs.at(-1)).toMatchObject({ name: 'use_cache_branch' });
    expect([branch?.opType, branch?.name, graph.nodes().length]).toEqual(['If', 'optimum::if', 1]);
    expect(graph.outputs[0]?.name).toBe('logits');
  });

  test('reads texts of the tokens that there are, as the config above the files says', async () => {
    const size = { layers: 1, hidden: 16, heads: 2, intermediate: 16, vocabulary: 40, positions: 48, seed: 0 };
    const folder = join(root, 'few', 'onnx');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(root, 'few', 'config.json'), '{ "vocab_size": 40 }');
    const paths = ['decoder', 'decoder with past'].map((which) => join(folder, `${which}.onnx`)) as [string, string];
    await writeModel(seq2seqDecoder('decoder', size), paths[0]);
    await writeModel(seq2seqDecoder('decoder with past', size), paths[1]);
    const { proof } = await mergeDecoderFiles(...paths, {});
    expect(proof?.gates).toMatchObject([{ passed: true, detail: expect.stringContaining('64 of 64 tokens agree') }]);
  });

  test.each([
    ['operator sets that differ', { '': 18 }, /expected decoders of one operator set; found ai.onnx 17 and 18/],
    ['an output that the first has not', { '': 17 }, /"other" in the one with past alone/],
  ])('%s are refused', async (_, opsets, text) => {
    const other = buildModel(opsets, (g) => g.output('other', g.input('input_ids', 'int64', ['batch', 1])));
    const first = await readModel(decoder);
    expect(() => mergeDecoders(first, other)).toThrow(text);
  });
});

test('two files that are no two decoders are refused before anything is run', async () => {
  const out = join(root, 'none.onnx');
  await expect(mergeDecoderFiles(decoder, decoder, { out })).rejects.toThrow('the files of two decoders');
  await expect(mergeDecoderFiles(withPast, decoder, { out })).rejects.toThrow(
    'The first one is the decoder of the first step',
  );
  const again = join(marian, 'again.onnx');
  copyFileSync(decoder, again);
  await expect(mergeDecoderFiles(decoder, again, { out })).rejects.toThrow(
    'expected a decoder that reads a cache; found no inputs but those of',
  );
});

describe('what both files say', () => {
  /** y = d · x + w; d has a default. */
  const half = (d: number | undefined, w: number, note = '') => {
    const model = buildModel({ '': 17 }, (g) => {
      const [x, by, add] = [g.input('x', 'float32', [1]), g.input('d', 'float32', [1]), g.input('w', 'float32', [1])];
      if (d !== undefined) by.defaultTensor = tensorOf('float32', [d], [1]);
      // As the reader does it with a weight that a file of IR 3 lists among its inputs.
      add.tensor = tensorOf('float32', [w], [1]);
      g.output('y', g.op('Add', [g.op('Mul', [x, by]), add]), 'float32', [1]);
    });
    model.irVersion = 3;
    model.metadata = [{ key: 'author', value: String(w) }, ...(note ? [{ key: 'onnx-passes.dims', value: note }] : [])];
    return model;
  };

  test('defaults, weights among the inputs and metadata stay', async () => {
    const one = mergeDecoders(half(2, 5), half(2, 7, '{}'));
    expect(one.metadata).toEqual([
      { key: 'author', value: '5' },
      { key: 'onnx-passes.dims', value: '{}' },
    ]);
    expect(one.graph.inputs.map(({ name }) => name)).toEqual(['x', 'd', 'use_cache_branch']);
    const file = await writeModel(one);
    const run = async (branch: number) => {
      const feeds = { x: tensorOf('float32', [3], [1]), use_cache_branch: tensorOf('bool', [branch], [1]) };
      return numbersOf((await runModel(file, feeds)).y as Tensor);
    };
    expect([await run(0), await run(1)].map(([y]) => y)).toEqual([11, 13]);
  });

  test.each([
    [
      'defaults that differ',
      half(2, 0),
      half(3, 0),
      'input "d": expected one default in both decoders, or none; found two',
    ],
    ['a default in one alone', half(2, 0), half(undefined, 0), 'found one in the decoder of the first step alone'],
    ['notes of passes that differ', half(2, 0, '{}'), half(2, 0, '[]'), 'metadata onnx-passes.dims: expected the same'],
  ])('%s are refused', (_, first, second, text) => {
    expect(() => mergeDecoders(first, second)).toThrow(text);
  });
});

test('a merged decoder with everything twice halves', async () => {
  const path = join(merged, 'onnx/decoder_model_merged.onnx');
  const out = join(root, 'halved.onnx');
  const { output } = await optimizeFile(path, 'simplify', { out, validate: false });
  expect((output?.bytes ?? 0) / bytesOf(path, `${path}_data`)).toBeLessThan(0.55);
});
