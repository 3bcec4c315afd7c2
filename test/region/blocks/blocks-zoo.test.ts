import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../../src/infer/index.js';
import { readModel } from '../../../src/onnx/read.js';
import { findBlocks } from '../../../src/region/blocks/index.js';
import { collection, modelFolders } from '../../models.js';
import { checkContract } from './blocks-contract.js';

const zoo = modelFolders(collection('zoo')).filter((folder) => existsSync(join(folder, 'case.json')));

describe.runIf(zoo.length > 0)('blocks of models as exporters write them', () => {
  it('are as many as the model has layers: the largest block is a layer', async () => {
    const missed: string[] = [];
    for (const folder of zoo) {
      const { repeated_blocks: count } = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'));
      const model = await readModel(join(folder, 'model.onnx'));
      inferTypes(model);
      const counts = [...model.graphs()].flatMap((graph) => {
        const blocks = findBlocks(graph);
        checkContract(graph, blocks);
        return blocks.map(({ instances }) => instances.length);
      });
      if (count > 1 && counts[0] !== count) missed.push(folder);
    }
    expect(missed).toEqual([]);
  }, 120_000);
});
