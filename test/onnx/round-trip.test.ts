/**
 * A model is written as it was read, byte for byte, after inference and an edit: over the collections and the node
 * tests of ONNX.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { readCases } from '../infer/backend-cases.js';
import { collection, fixtures, modelFolders, recognizer, root } from '../models.js';
import { edit } from './edit.js';
import { withoutNumbers } from './seen.js';

const paths = [
  recognizer,
  ...[fixtures, collection('zoo'), collection('traps'), collection('cases')]
    .flatMap(modelFolders)
    .map((folder) => `${folder}/model.onnx`),
];

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe('round trip', () => {
  it.each(paths.map((path) => [relative(root, path), path]))('%s', async (_, path) => {
    const original = new Uint8Array(readFileSync(path));
    const model = await readModel(path);
    inferTypes(model);
    edit(model);
    const written = await writeModel(model);
    // Numbers of another file are in this one now: of such a model an independent decoder sees the same besides.
    if (Buffer.from(original).includes('location')) expect(withoutNumbers(written)).toEqual(withoutNumbers(original));
    else expect(isSame(written, original)).toBe(true);
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
