import { describe, expect, it } from 'vitest';
import { checkModel } from '../../src/ir/whole-model/check.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { printModel } from '../../src/ir/whole-model/print.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { collection, fixtures, modelFolders, recognizer } from '../models.js';

const paths = [
  recognizer,
  ...[fixtures, collection('traps')].flatMap(modelFolders).map((folder) => `${folder}/model.onnx`),
];

describe('cloneModel', () => {
  it('gives the same text and the same bytes, and a model that holds the invariants', async () => {
    for (const path of paths) {
      const model = await readModel(path);
      checkModel(model);
      const copy = cloneModel(model);
      checkModel(copy);
      expect(printModel(copy), path).toBe(printModel(model));
      expect(Buffer.from(await writeModel(copy)).equals(await writeModel(model)), path).toBe(true);
    }
  });

  it('shares no graph with the original: an edit of the copy leaves it as it was', async () => {
    const model = await readModel(recognizer);
    const before = printModel(model);
    const copy = cloneModel(model);
    for (const node of [...copy.graph.nodes()].slice(0, 20)) copy.graph.setAttribute(node, 'edited', 1);
    copy.graph.replaceUses(copy.graph.nodes()[0]!.output, copy.graph.inputs[0]!);
    expect(printModel(model)).toBe(before);
    expect(printModel(copy)).not.toBe(before);
  });
});
