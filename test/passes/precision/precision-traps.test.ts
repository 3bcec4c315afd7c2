/** The precision passes, alone and one after another, on models that break other converters; where the collection is there. */
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bf16 } from '../../../passes/bf16.js';
import { fp16 } from '../../../passes/fp16.js';
import { int8 } from '../../../passes/int8.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { applyPasses, relativeError } from '../../check-pass.js';
import { collection, modelFolders } from '../../models.js';
import { runModel } from '../../run-model.js';
import { storedTensors } from '../../stored-data.js';

/** Largest difference relative to the output's largest magnitude; 8 bits give 0.015 on these, a wrong scale 0.1 and more. */
const within = 0.04;

const pipelines = {
  bf16: [bf16({ minElements: 64 })],
  fp16: [fp16({ compute: true })],
  int8: [int8()],
  'bf16, int8': [bf16({ minElements: 64 }), int8()],
  'int8, fp16': [int8(), fp16({ compute: true })],
  'fp16, int8': [fp16({ compute: true }), int8()],
};

const folders = modelFolders(collection('traps')).filter((folder) => /^(fp16|q8|cast)-/.test(basename(folder)));

describe.runIf(folders.length > 0)('traps of types and quantization', () => {
  // Its output is a sequence, which onnxruntime-node cannot give: the model must still load.
  const runs = folders.filter((folder) => !folder.endsWith('fp16-sequence-output'));

  it.each(runs.map((folder) => [basename(folder), folder]))('%s', async (_name, folder) => {
    const model = await readModel(join(folder, 'model.onnx'));
    const feeds = storedTensors(folder, 'input');
    const expected = storedTensors(folder, 'output');
    for (const [name, passes] of Object.entries(pipelines)) {
      const { model: result } = await applyPasses(passes, model);
      const outputs = await runModel(await writeModel(result), feeds);
      for (const [output, tensor] of Object.entries(expected)) {
        expect(outputs[output]?.type, `${name}: type of ${output}`).toBe(tensor.type);
        expect(relativeError(outputs[output] as typeof tensor, tensor), `${name}: ${output}`).toBeLessThan(within);
      }
    }
  });
});
