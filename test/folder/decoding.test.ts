/** Decoders as a whole, original against result: what is right passes, and an injected fault is named by its part. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FolderName, writeFolder } from '../../fixtures/folders.js';
import { proveDecoder } from '../../src/folder/proof/decoding/prove.js';
import type { DecoderLoop } from '../../src/folder/proof/decoding/run.js';
import { type Model, numbersOf, tensorOf } from '../../src/index.js';
import { gateOf } from '../../src/validate/judge/gates.js';
import { sidesOf } from './sides.js';

const root = mkdtempSync(join(tmpdir(), 'decoding-'));
const loops = {
  llama: { first: 'model.onnx', next: 'model.onnx' },
  marian: { encoder: 'encoder_model.onnx', first: 'decoder_model.onnx', next: 'decoder_with_past_model.onnx' },
  'marian merged': {
    ...{ encoder: 'onnx/encoder_model.onnx' },
    ...{ first: 'onnx/decoder_model_merged.onnx', next: 'onnx/decoder_model_merged.onnx' },
  },
} satisfies Partial<Record<FolderName, DecoderLoop>>;
type Name = keyof typeof loops;
beforeAll(() => Promise.all(Object.keys(loops).map((name) => writeFolder(name as Name, join(root, name)))));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The proof of a folder against itself, one part of it replaced by a changed copy. */
async function proofOf(name: Name, changed?: string, change?: (model: Model) => void) {
  const folder = join(root, name);
  const sides = await sidesOf(folder, join(root, 'changed.onnx'), changed, change);
  const settings = { provider: 'cpu', gate: gateOf('rounding', 'cpu'), fidelity: 'rounding', steps: 6 } as const;
  return proveDecoder(loops[name], sides, settings, () => {});
}

/** Multiplies the weights of products whose name has `part` in it, in every scope. */
const scale = (part: string, factor: number) => (model: Model) => {
  const nodes = [...model.graphs()].flatMap((graph) => graph.nodes());
  const weights = nodes.flatMap(({ name, inputs }) => (name.includes(part) && inputs[1]?.tensor ? [inputs[1]] : []));
  if (weights.length === 0) throw new Error(`no layer ${part}`);
  for (const weight of weights) {
    const { type, shape } = weight.tensor as NonNullable<typeof weight.tensor>;
    const values = numbersOf(weight.tensor as NonNullable<typeof weight.tensor>).map((value) => value * factor);
    weight.tensor = tensorOf(type, values, shape);
  }
};

test.each(Object.keys(loops) as Name[])('%s is itself', async (name) => {
  const { gates, decoding } = await proofOf(name);
  expect(gates.filter(({ passed }) => !passed)).toEqual([]);
  expect(decoding).toMatchObject([{ rows: 2, steps: 6, equal: 12, of: 12, drift: [0, 0, 0, 0, 0, 0] }]);
});

describe('a wrong scale in one block is named', () => {
  test.each<[Name, string, string, boolean]>([
    ['llama', 'model.onnx', 'layers.1/self_attn/v_proj', true],
    ['marian', 'encoder_model.onnx', 'encoder.layers.1/fc2', false],
    ['marian', 'decoder_model.onnx', 'decoder.layers.0/encoder_attn/v_proj', false],
    ['marian', 'decoder_with_past_model.onnx', 'decoder.layers.1/self_attn/out_proj', true],
    ['marian merged', 'onnx/decoder_model_merged.onnx', 'decoder.layers.1/fc1', true],
  ])('%s: %s, %s', async (name, part, block, isRepeated) => {
    const { gates, parts } = await proofOf(name, part, scale(block, 4));
    const failed = gates.filter(({ passed }) => !passed).map((gate) => gate.name);
    expect(failed.filter((one) => !one.startsWith('text of'))).toEqual([part]);
    // Which of its runs is furthest off is said of a part that runs several times.
    expect(parts.find((one) => one.part === part)?.step !== undefined).toBe(isRepeated);
  });
});

test('a decoder that does not run is a failure of its part', async () => {
  const { gates } = await proofOf('marian', 'decoder_with_past_model.onnx', (model) => {
    const weight = [...model.graph.nodes()].find(({ opType, inputs }) => opType === 'MatMul' && inputs[1]?.tensor)
      ?.inputs[1];
    if (weight) weight.tensor = tensorOf('float32', [1, 1, 1], [3, 1]);
  });
  expect(gates).toMatchObject([{ name: 'decoder_with_past_model.onnx', passed: false }]);
});
