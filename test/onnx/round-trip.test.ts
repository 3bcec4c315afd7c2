/**
 * A model is written as it was read, byte for byte, after inference and an edit: over the collections and the node tests of ONNX. Each is read once
 * for all that holds of every model: exporters violate no operator's demand, and of the layers that they repeat all are found.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import type { Model } from '../../src/ir/model.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { findBlocks } from '../../src/region/blocks/index.js';
import { readCases } from '../infer/backend-cases.js';
import { collection, fixtures, modelFolders, recognizer, root } from '../models.js';
import { checkContract } from '../region/blocks/blocks-contract.js';
import { runModel } from '../run-model.js';
import { storedTensors } from '../stored-data.js';
import { edit } from './edit.js';
import { withoutNumbers } from './seen.js';

const paths = [
  recognizer,
  ...[fixtures, collection('zoo'), collection('traps'), collection('cases')]
    .flatMap(modelFolders)
    .map((folder) => `${folder}/model.onnx`),
];

/** Outputs on the stored inputs as text: the same bits give the same text. Or the runtime's refusal, which must then be the same too. */
async function outcome(model: string | Uint8Array, folder: string): Promise<object> {
  try {
    const outputs = await runModel(model, storedTensors(folder, 'input'));
    return Object.entries(outputs).map(([name, tensor]) => {
      const { type, shape, strings } = tensor;
      return [name, type, shape, strings ?? Buffer.from(tensor.bytes()).toString('base64')];
    });
  } catch (error) {
    return { refused: (error as Error).message.replace(/^Load model from .* failed:/, '') };
  }
}

/** Demands that the largest block of a model is a layer, where its exporter repeats layers. */
function checkBlocks(model: Model, folder: string): void {
  const { repeated_blocks: layers } = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'));
  const counts = [...model.graphs()].flatMap((graph) => {
    const blocks = findBlocks(graph);
    checkContract(graph, blocks);
    return blocks.map(({ instances }) => instances.length);
  });
  if (layers > 1) expect(counts[0]).toBe(layers);
}

const isIn = (name: 'zoo' | 'traps', path: string): boolean => path.startsWith(join(collection(name), '/'));

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe('round trip', () => {
  it.each(paths.map((path) => [relative(root, path), path]))('%s', async (_, path) => {
    const original = new Uint8Array(readFileSync(path));
    const folder = dirname(path);
    const model = await readModel(path);
    const { violations } = inferTypes(model);
    if (isIn('zoo', path) || isIn('traps', path)) expect(violations).toEqual([]);
    if (isIn('zoo', path) && existsSync(join(folder, 'case.json'))) checkBlocks(model, folder);
    edit(model);
    const written = await writeModel(model);
    if (!Buffer.from(original).includes('location')) return expect(isSame(written, original)).toBe(true);
    // Numbers of another file are in this one now: an independent decoder sees the same besides, and the runtime computes the same.
    expect(withoutNumbers(written)).toEqual(withoutNumbers(original));
    expect(await outcome(written, folder)).toEqual(await outcome(path, folder));
  });

  it('the node tests of ONNX', async () => {
    const changed: string[] = [];
    for (const { name, model: bytes } of readCases()) {
      const model = cloneModel(await readModel(bytes));
      inferTypes(model);
      edit(model);
      if (!isSame(await writeModel(model), bytes)) changed.push(name);
    }
    expect(changed).toEqual([]);
  });
});
