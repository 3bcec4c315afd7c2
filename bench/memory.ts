/**
 * Peak memory of `optimize … --no-validate` on a generated BERT-base of 438 MB: `npm run bench:memory`.
 * Build first. The result also shows the memory of `--help` alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../fixtures/kinds.js';
import { writeModel } from '../src/onnx/write.js';
import { type BudgetRow, writeBudget } from './budget.js';
import { root, usageOf, usageOfOptimize } from './usage.js';

/** Megabytes that optimizing the model may take. */
const BUDGET = 300;
const pipelines = ['simplify', 'bf16', 'fuse-attn', 'int8', 'bf16,fuse-attn,int8'];

const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-memory-'));
try {
  const path = join(folder, 'model.onnx');
  const { bytes } = await writeModel(generate('encoder', 'base', 0).model, path);
  const help = await usageOf([join(root, 'dist/cli.js'), '--help']);
  const rows: BudgetRow[] = [{ name: 'optimize --help', value: help.peakBytes / 1e6, note: seconds(help.wallMs) }];
  for (const passes of pipelines) {
    const name = `--passes ${passes}`;
    try {
      const result = join(folder, 'result.onnx');
      const usage = await usageOfOptimize(path, result, passes);
      rows.push({ name, value: usage.peakBytes / 1e6, budget: BUDGET, note: seconds(usage.wallMs) });
      await rm(result);
    } catch (error) {
      rows.push({ name, value: Number.NaN, budget: BUDGET, note: (error as Error).message.slice(0, 300) });
    }
  }
  await writeBudget('memory', {
    unit: 'MB at the peak',
    rows,
    sample: `largest resident set of the process, one run each, on ${(bytes / 1e6).toFixed(0)} MB of float32`,
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
