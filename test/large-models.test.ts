/** Models of many nodes: no list of them is on the stack, and no chain of them. How time grows with them `npm run bench:growth` measures. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { largeModels } from '../bench/growth-models.js';
import { explain } from '../src/explain.js';
import { inferTypes } from '../src/infer/index.js';
import { checkModel } from '../src/ir/whole-model/check.js';
import { cloneModel } from '../src/ir/whole-model/clone.js';
import { sweep } from '../src/ir/whole-model/sweep.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { optimize } from '../src/optimize.js';
import { findBlocks } from '../src/region/blocks/index.js';
import { inspectModel } from '../src/report/inspect/inspection.js';

it.each(['ports', 'star', 'unsorted'])('%s of 150,000 nodes end on no stack', (shape) => {
  const model = cloneModel(largeModels[shape]!(150_000));
  model.graph.setInputs([...model.graph.inputs]);
  sweep(model);
  checkModel(model);
  expect(model.graph.nodeSet.size).toBeGreaterThanOrEqual(150_000);
});

/** More than a stack holds of the smallest frames. */
const LONG = 10_000;

it.each([
  ['inserts', 'flatten-outputs'],
  ['joins', 'simplify'],
])('a chain of %s goes through the file, inspection, explanation and %s', async (shape, pass) => {
  const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-test-'));
  try {
    const path = join(folder, 'model.onnx');
    await writeModel(largeModels[shape]!(LONG), path);
    const model = await readModel(path);
    const facts = inferTypes(model);
    expect(inspectModel(model, facts, { values: true, find: findBlocks })).toBeDefined();
    await explain(model);
    const { model: result } = await optimize(model, pass, { verify: 'none' });
    checkModel(result);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
