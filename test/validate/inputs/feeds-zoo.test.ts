import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numbersOf } from '../../../src/ir/tensors/numbers.js';
import { readModel } from '../../../src/onnx/read.js';
import { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { fromTensorData } from '../../../src/runtime/tensor-data.js';
import { referenceOf } from '../../../src/validate/reference.js';
import { collection, modelFolders } from '../../models.js';

/** A few of each kind: text, cache, image, diffusion, control flow, text input, baked-in sizes. */
const sample = modelFolders(collection('zoo')).filter((folder) =>
  /(bert\/ts-sdpa|gpt2-past\/dyn20|llama-past\/ts-eager|whisper-decoder-past\/dyn20|segformer\/dyn20|sd15-unet\/dyn20|flux-transformer\/dyn20|loop-subgraph\/helper|string-io\/helper|t5-decoder\/dyn20|torch-mha\/ts17|qwen3\/dyn23)$/.test(
    folder,
  ),
);

describe.runIf(sample.length > 0)('generated inputs for models of real exporters', () => {
  let runtime: RuntimeProcess;
  beforeAll(async () => {
    runtime = await RuntimeProcess.start();
  });
  afterAll(() => runtime.close());

  it.each(sample.map((folder) => [folder.split('/').slice(-2).join('/'), folder]))('%s', async (_, folder) => {
    const path = `${folder}/model.onnx`;
    const read = await readModel(path);
    const { runs, notes } = await referenceOf(runtime, read, path, { provider: 'cpu', seed: 1 });
    // A size that a model does not run at is passed over, and said.
    expect(runs.length, notes.join('\n')).toBe(2);
    for (const note of notes) expect(note).toMatch(/^the original does not run on .*\[[1-9]\d*,/);
    for (const { outputs } of runs)
      for (const { data, type } of Object.values(outputs))
        if (type === 'float32')
          expect(
            numbersOf(fromTensorData({ data, type, shape: [(data as Uint8Array).length / 4] })).every(Number.isFinite),
          ).toBe(true);
  });
});
