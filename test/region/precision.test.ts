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

/** Each list on one of the two: both hold products, norms and a table. Attention with a cache is fused by the lists of decoders. */
const lists = {
  encoder: ['int8', 'int4', 'fp16', 'eighth'],
  decoder: ['bf16', 'quarter,fp16', 'exact,int4'],
};

const cases = Object.entries(lists).flatMap(([name, of]) => of.map((list) => [name, list] as const));

describe('each precision on nine layers', () => {
  it.each(cases)('of a %s, compiled once as whole: %s', async (name, list) => {
    const before = await readModel(await writeModel((models[name] as () => Model)()));
    const { repeats } = await compiledAlike(before, list);
    expect(repeats.some((one) => one.once > 0)).toBe(true);
  });
});
