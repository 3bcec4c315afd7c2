/** Every precision makes the same file, and so the same choices, whether repeats are compiled once or each by itself. `fit` asks for all repeats. */
import { describe, expect, it } from 'vitest';
import { decoder } from '../../fixtures/decoder.js';
import { encoder } from '../../fixtures/encoder.js';
import type { Model } from '../../src/ir/model.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { compiledAlike } from './chains.js';

const size = { layers: 9, hidden: 32, heads: 2, intermediate: 64, vocabulary: 100, seed: 1 };

const models: Readonly<Record<string, () => Model>> = {
  encoder: () => encoder({ ...size, positions: 16 }),
  decoder: () => decoder({ ...size, kvHeads: 1 }),
};

const lists = ['int8', 'int4', 'bf16', 'fp16', 'eighth', 'quarter,fp16', 'exact,int4'];

const cases = Object.keys(models).flatMap((name) => lists.map((list) => [name, list] as const));

describe('each precision on nine layers', () => {
  it.each(cases)('of a %s, compiled once as whole: %s', async (name, list) => {
    const before = await readModel(await writeModel((models[name] as () => Model)()));
    const { repeats } = await compiledAlike(before, list);
    expect(repeats.some((one) => one.once > 0)).toBe(true);
  });
});
