/** The share of the file that a preset promises: kept, or its bytes are named. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildModel } from '../src/ir/build.js';
import { optimizeFile } from '../src/job/optimize-file.js';
import { writeModel } from '../src/onnx/write.js';
import { randomWeights } from './check-pass.js';

it('names the bytes of a result that is larger than its preset promises', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'promised-'));
  try {
    const said = async (count: number, size: number) => {
      const model = buildModel({ '': 17 }, (g) => {
        let x = g.input('x', 'float32', [1, size]);
        for (let layer = 0; layer < count; layer++)
          x = g.op('Add', [x, g.constant(randomWeights([size, size], 1, layer + 1), `a long name of layer ${layer}`)]);
        g.output('y', g.op('ReduceSum', [x]), 'float32');
      });
      const file = join(folder, 'model.onnx');
      await writeModel(model, file);
      const options = { out: join(folder, 'out.onnx'), validate: false, target: 'cpu', force: true } as const;
      const { passes } = await optimizeFile(file, 'half', options);
      return passes
        .flatMap(({ notes }) => notes.map(({ text }) => text))
        .filter((text) => text.includes('at most 52 %'));
    };
    expect(await said(2, 128)).toEqual([]);
    expect(await said(20, 8)).toEqual([
      expect.stringMatching(/^half is .*; here [\d.]+ %: [\d.]+ k?B of float32, .* of nodes, names and types$/),
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
