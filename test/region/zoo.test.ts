import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lengthened } from '../../fixtures/lengthen.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { collection, modelFolders } from '../models.js';
import { compiledAlike } from './chains.js';

const zoo = collection('zoo');

/** One export of each architecture, of exporters in turn. */
const architectures = [...new Set(modelFolders(zoo).map((folder) => dirname(folder)))];
const folders = architectures.map((architecture, index) => {
  const variants = modelFolders(architecture);
  return variants[index % variants.length] as string;
});

const lists = ['half', 'quarter', 'flatten-outputs,exact', 'opset,exact,fp16'];

/** The most nodes of a model; larger ones take too long. */
const MOST = 700;

/** The least number of shortened models for each list of passes, of five models: the others have no layers, are too large or differ in scalars. */
const LEAST = 1;

describe.runIf(folders.length > 0)('models as exporters write them, with nine layers, compiled once as whole', () => {
  it.each(lists)('%s', async (list) => {
    let shortened = 0;
    for (const folder of folders.filter((_, index) => index % (3 * lists.length) === lists.indexOf(list))) {
      const longer = lengthened(await readModel(join(folder, 'model.onnx')), 9);
      if (!longer || longer.graph.nodeSet.size > MOST) continue;
      const before = await readModel(await writeModel(longer));
      const { repeats } = await compiledAlike(before, list, 'cpu', folder);
      if (repeats.some(({ once }) => once > 0)) shortened++;
    }
    expect(shortened).toBeGreaterThanOrEqual(LEAST);
  });
});
