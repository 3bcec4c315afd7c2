/** The budgets that the command keeps, on a model as large as people's: needs the build. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usageOf } from '../../bench/usage.js';
import { generate } from '../../fixtures/kinds.js';
import { writeModel } from '../../src/onnx/write.js';
import { root } from '../models.js';

const cli = join(root, 'dist/cli.js');

describe('budgets', () => {
  it('optimizing 438 MB without validation takes less than 300 MB of memory', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'budget-'));
    try {
      const [model, result] = [join(folder, 'model.onnx'), join(folder, 'result.onnx')];
      const { bytes } = await writeModel(generate('encoder', 'base', 0).model, model);
      expect(bytes).toBeGreaterThan(430e6);
      const passes = ['--passes', 'bf16,fuse-attn', '--target', 'cpu', '--no-validate', '--quiet'];
      const { peakBytes } = await usageOf([cli, model, '-o', result, ...passes]);
      expect(peakBytes).toBeLessThan(300e6);
      expect((await stat(result)).size).toBeLessThan(0.51 * bytes);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
