/** Models of real exporters: no claim is wrong at two sizes, and nearly everything is known. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { memoryTensor, stringTensor } from '../../src/ir/tensors/tensor.js';
import { readModel } from '../../src/onnx/read.js';
import type { TensorData } from '../../src/runtime/isolate.js';
import { givenSets } from '../../src/validate/inputs/files/given.js';
import { collection } from '../models.js';
import { checkClaims, coverage } from './claims.js';

const zoo = [
  'bert/ts-sdpa',
  'llama-past/dyn20',
  'legacy-llama/ts17',
  'sd15-unet/dyn20',
  'sam-mask-decoder/ts-sdpa',
  'swin/ts-eager',
  'whisper-decoder-past/dyn23',
  'local-functions/helper',
  'loop-subgraph/helper',
  'scan-subgraph/helper',
  'lstm/helper',
  'sklearn-forest-zipmap/skl2onnx',
].map((name) => [name, join(collection('zoo'), name)] as const);
const traps = [
  'loop-scan-output',
  'if-nested-outer-scope',
  'scan-body',
  'subgraph-same-names-in-branches',
  'zero-size-input',
].map((name) => [name, join(collection('traps'), name)] as const);

const toTensor = ({ type, shape, data }: TensorData): Tensor =>
  data instanceof Uint8Array
    ? memoryTensor(type, shape, data)
    : stringTensor(
        shape,
        data.map((text) => new TextEncoder().encode(text)),
      );

describe('models of real exporters', () => {
  it.each([...zoo, ...traps].filter(([, folder]) => existsSync(folder)))(
    '%s: every claim agrees with the runtime',
    async (_, folder) => {
      const model = await readModel(join(folder, 'model.onnx'));
      const feeds = givenSets(folder)
        .map((set) => set.read(model))
        .map(({ tensors }) =>
          Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toTensor(tensor)])),
        );
      const { wrong, checked } = await checkClaims(model, feeds);
      expect(wrong).toEqual([]);
      expect(checked).toBeGreaterThan(0);
      // An edit that says nothing of types: all is inferred again.
      model.docString += ' ';
      const { revision } = model;
      inferTypes(model);
      expect(model.revision).toBe(revision);
    },
  );

  it.runIf(existsSync(zoo[0]![1]))('knows all dims of at least 99 values in 100', async () => {
    const sum = { values: 0, elements: 0, ranks: 0, dims: 0 };
    for (const [, folder] of zoo.filter(([, folder]) => existsSync(folder))) {
      const model = await readModel(join(folder, 'model.onnx'));
      inferTypes(model);
      for (const [key, count] of Object.entries(coverage(model))) sum[key as keyof typeof sum] += count;
    }
    expect(sum.elements).toBe(sum.values);
    expect(sum.ranks).toBe(sum.values);
    expect(sum.dims / sum.values).toBeGreaterThan(0.99);
  });
});
