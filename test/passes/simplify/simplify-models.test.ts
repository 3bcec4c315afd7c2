import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { simplify } from '../../../passes/simplify.js';
import type { Model } from '../../../src/ir/model.js';
import { readModel } from '../../../src/onnx/read.js';
import { writeModel } from '../../../src/onnx/write.js';
import { applyPass, compareTensors } from '../../check-pass.js';
import { collection, modelFolders } from '../../models.js';
import { runModel } from '../../run-model.js';
import { dataSets, storedTensors } from '../../stored-data.js';

/** One of each kind of structure: exporters, control flow, functions, recurrence, convolution, classic models. */
const sample = [
  'bert/ts-sdpa',
  'convnext/dyn20',
  'detr/dyn20',
  'deberta-v2/ts-eager',
  'gpt2/ts-eager',
  'if-subgraph/helper',
  'legacy-gpt2-past/ts17',
  'llama-past/dyn20',
  'local-functions/helper',
  'loop-subgraph/helper',
  'lstm/ts-eager',
  'sd15-unet/ts-sdpa',
  'scan-subgraph/helper',
  'string-io/helper',
  'swin/dyn20',
  't5-decoder/dyn23',
  'vit/dyn20',
];

const zoo = collection('zoo');
const traps = collection('traps');
const peers: Record<string, { simplified: Record<string, number> }> = existsSync(join(zoo, 'peers.json'))
  ? JSON.parse(readFileSync(join(zoo, 'peers.json'), 'utf8'))
  : {};

const nodesOf = (model: Model): number => [...model.graphs()].reduce((sum, { nodeSet }) => sum + nodeSet.size, 0);

/** Simplifies, compares with the original on every data set the runtime takes, and gives the number of nodes written. */
async function check(folder: string, within: number): Promise<number> {
  const path = join(folder, 'model.onnx');
  const original = await readModel(path);
  const { model } = await applyPass(simplify(), original);
  const bytes = await writeModel(model);
  const written = await readModel(bytes);
  const again = await applyPass(simplify(), written);
  expect(again.passes[0]?.status, 'a second run finds nothing').toBe('unchanged');
  for (const set of dataSets(folder)) {
    const feeds = storedTensors(folder, 'input', set);
    const expected = await runModel(path, feeds).catch(() => undefined);
    if (expected) compareTensors(await runModel(bytes, feeds), expected, within);
  }
  return nodesOf(written);
}

describe.runIf(existsSync(zoo))('simplify: models of real exporters', () => {
  it.each(sample)('%s: equal outputs, and no more nodes than the best peer', async (name) => {
    const nodes = await check(join(zoo, name), 1e-5);
    const best = Math.min(...Object.values(peers[name]?.simplified ?? {}));
    expect(nodes).toBeLessThanOrEqual(best);
  });
});

describe.runIf(existsSync(traps))('simplify: traps', () => {
  it.each(modelFolders(traps).map((folder) => relative(traps, folder)))('%s', async (name) => {
    await check(join(traps, name), 1e-6);
  });

  it('keeps random nodes, and a small file small', async () => {
    const random = await applyPass(simplify(), await readModel(join(traps, 'random-constant-shape', 'model.onnx')));
    expect([...random.model.graph.nodeSet].filter((node) => node.is('RandomNormal')).length).toBe(2);
    const big = await applyPass(simplify(), await readModel(join(traps, 'expand-big-constant', 'model.onnx')));
    expect((await writeModel(big.model)).length).toBeLessThan(200_000);
  });
});
