import { dirname, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { collection, fixtures, modelFolders, root } from '../models.js';
import { runModel, type Tensors } from '../run-model.js';
import { storedTensors } from '../stored-data.js';

const paths = [fixtures, collection('zoo'), collection('traps')]
  .flatMap(modelFolders)
  .map((folder) => `${folder}/model.onnx`);

/** Outputs as text: the same bits give the same text. Or what the runtime said, which must then be the same too. */
const outcome = async (model: string | Uint8Array, feeds: Tensors): Promise<object> => {
  try {
    const outputs = await runModel(model, feeds);
    return Object.entries(outputs).map(([name, tensor]) => {
      const { type, shape, strings } = tensor;
      return [name, type, shape, strings ?? Buffer.from(tensor.bytes()).toString('base64')];
    });
  } catch (error) {
    return { refused: (error as Error).message.replace(/^Load model from .* failed:/, '') };
  }
};

describe('a model that was read and written', () => {
  it.each(paths.map((path) => [relative(root, path), path]))(
    '%s gives the same outputs, bit for bit',
    async (_, path) => {
      const feeds = storedTensors(dirname(path), 'input');
      const written = await writeModel(await readModel(path));
      expect(await outcome(written, feeds)).toEqual(await outcome(path, feeds));
    },
  );
});
