/** Two decoders in one file: the same text, and each weight once. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFolder } from '../../fixtures/folders.js';
import { buildModel, mergeDecoderFiles, mergeDecoders, optimizeFile, readModel } from '../../src/index.js';

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

  test.each([
    ['operator sets that differ', { '': 18 }, /expected decoders of one operator set; found ai.onnx 17 and 18/],
    ['an output that the first has not', { '': 17 }, /"other" in the one with past alone/],
  ])('%s are refused', async (_, opsets, text) => {
    const other = buildModel(opsets, (g) => g.output('other', g.input('input_ids', 'int64', ['batch', 1])));
    const first = await readModel(decoder);
    expect(() => mergeDecoders(first, other)).toThrow(text);
  });
});

test('a merged decoder with everything twice halves', async () => {
  const path = join(merged, 'onnx/decoder_model_merged.onnx');
  const out = join(root, 'halved.onnx');
  const { output } = await optimizeFile(path, 'simplify', { out, validate: false });
  expect((output?.bytes ?? 0) / bytesOf(path, `${path}_data`)).toBeLessThan(0.55);
});
