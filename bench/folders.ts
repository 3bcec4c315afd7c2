/**
 * A pipeline of the size of Stable Diffusion XL, 13 GB of float32 (weights are computed as they are written): bytes, time and peak memory of
 * `optimize folder -o folder --no-validate`, and of a second run after one part has changed. Build first.
 * `npm run bench:folders -- --folder /path/with/40GB [--small] [--eighth]`
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encoder } from '../fixtures/encoder.js';
import { unet } from '../fixtures/unet.js';
import { vae } from '../fixtures/vae.js';
import type { Model } from '../src/ir/model.js';
import { writeModel } from '../src/onnx/write.js';
import { machineState } from './machine.js';
import { root, usageOfOptimize } from './usage.js';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: join(tmpdir(), 'onnx-passes-folders') },
    small: { type: 'boolean', default: false },
    eighth: { type: 'boolean', default: false },
  },
});
const { folder, small, eighth } = values;

const by = small ? 8 : 1;
const clip = (layers: number, hidden: number, seed: number): Model =>
  encoder({
    layers,
    hidden,
    heads: hidden / 64,
    intermediate: 4 * hidden,
    vocabulary: 49408 / by,
    positions: 77,
    seed,
  });

/** By part: about 0.5, 2.8, 9.6 and 0.3 GB. */
const parts: Readonly<Record<string, () => Model>> = {
  text_encoder: () => clip(12 / (small ? 4 : 1), 768, 1),
  text_encoder_2: () => clip(small ? 4 : 32, 1280 / (small ? 4 : 1), 2),
  unet: () =>
    unet({
      levels: [544, 1088, 2176, 2176].map((width) => width / by),
      blocks: 2,
      heads: 4,
      groups: 4,
      channels: 4,
      context: 2048,
      seed: 3,
    }),
  vae_decoder: () => vae({ levels: [128, 256, 512, 512].map((width) => width / by), groups: 4, channels: 4, seed: 4 }),
};

async function write(name: string, input: string, seed?: number): Promise<void> {
  await mkdir(join(input, name), { recursive: true });
  const model =
    seed === undefined ? (parts[name] as () => Model)() : vae({ levels: [64, 64], groups: 4, channels: 4, seed });
  await writeModel(model, join(input, name, 'model.onnx'), { externalData: true, dataName: 'model.onnx_data' });
}

const filesOf = (of: string): { readonly path: string; readonly bytes: number }[] =>
  readdirSync(of, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, bytes: statSync(path).size }));
const bytesOf = (of: string): number => filesOf(of).reduce((sum, { bytes }) => sum + bytes, 0);

const input = join(folder, 'in');
await rm(folder, { recursive: true, force: true });
await mkdir(input, { recursive: true });
await writeFile(join(input, 'model_index.json'), JSON.stringify({ _class_name: 'StableDiffusionXLPipeline' }));
for (const name of Object.keys(parts)) await write(name, input);
const before = bytesOf(input);
process.stdout.write(`${(before / 1e9).toFixed(2)} GB in ${Object.keys(parts).length} parts\n`);

interface Row {
  readonly run: string;
  readonly gigabytes: number;
  readonly share: number;
  readonly largestFile: number;
  readonly peakMegabytes: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
}
const rows: Row[] = [];
const measured = async (run: string, passes: string, out: string): Promise<void> => {
  const to = join(folder, out);
  const { cpuMs, wallMs, peakBytes } = await usageOfOptimize(input, to, passes);
  const files = filesOf(to).map(({ bytes }) => bytes);
  const bytes = bytesOf(to);
  rows.push({
    ...{ run, gigabytes: bytes / 1e9, share: bytes / before, largestFile: Math.max(...files) / 1e9 },
    ...{ peakMegabytes: peakBytes / 1e6, cpuSeconds: cpuMs / 1000, seconds: wallMs / 1000 },
  });
  process.stdout.write(`${JSON.stringify(rows.at(-1))}\n`);
};
await measured('half,fuse', 'half,fuse', 'half');
await write('vae_decoder', input, 9);
await measured('half,fuse again, one part changed', 'half,fuse', 'half');
await rm(join(folder, 'half'), { recursive: true });
// The search of 4-bit weights takes 370 s of CPU for a gigabyte in layers 1280 wide.
if (eighth) await measured('eighth', 'eighth', 'eighth');

const name = `${new Date().toISOString().slice(0, 10)}-folders`;
const path = join(root, 'bench/results', `${name}.json`);
const result = {
  version: 1,
  date: new Date().toISOString(),
  machine: await machineState(),
  input: { gigabytes: before / 1e9 },
  rows,
};
if (!small && existsSync(join(root, 'bench/results'))) await writeFile(path, `${JSON.stringify(result, null, 2)}\n`);
await rm(folder, { recursive: true, force: true });
