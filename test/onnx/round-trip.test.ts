import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { collection, fixtures, modelFolders, recognizer, root } from '../models.js';

/** What an independent decoder sees: every field it knows, defaults filled in. */
const seen = (bytes: Uint8Array): object =>
  onnx.ModelProto.toObject(onnx.ModelProto.decode(bytes), { longs: String, bytes: String, defaults: true });

const paths = [
  recognizer,
  ...[fixtures, collection('zoo'), collection('traps')].flatMap(modelFolders).map((folder) => `${folder}/model.onnx`),
];

describe('round trip', () => {
  it.each(paths.map((path) => [relative(root, path), path]))(
    '%s: an independent decoder sees the same messages',
    async (_, path) => {
      const original = new Uint8Array(readFileSync(path));
      const written = await writeModel(await readModel(path));
      expect(seen(written)).toEqual(seen(original));
    },
  );
});
