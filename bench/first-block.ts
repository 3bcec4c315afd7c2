/**
 * What skipping steps of a denoiser saves and costs: CPU time of a seeded run of 20 steps as probe and rest, against the whole model, by threshold:
 * `npm run bench:first-block`. Both take turns step by step on one thread. Writes bench/results/<date>-first-block.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import ort from 'onnxruntime-node';
import { feedsOf } from '../fixtures/feeds.js';
import { generate, type KindName } from '../fixtures/kinds.js';
import { probeAndRest } from '../src/cut/probe-rest.js';
import { bytesText, numberText, ratioRangeText, ratioText } from '../src/ir/text/quantities.js';
import { summarize } from '../src/ir/whole-model/summary.js';
import { writeModel } from '../src/onnx/write.js';
import type { TensorData, Tensors } from '../src/runtime/isolate.js';
import { stepCache } from '../src/step-cache.js';
import { denoiseSteps } from '../src/validate/rollout/denoise.js';
import { type DenoisePlan, planOf } from '../src/validate/rollout/plan.js';
import { estimateOf, median } from '../src/validate/speed/statistics.js';
import { machineState } from './machine.js';
import { root } from './usage.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '20' },
    thresholds: { type: 'string', default: '0.1,0.2,0.3,1' },
  },
});
const [rounds, steps] = [Number(values.rounds), Number(values.steps)];
const thresholds = values.thresholds.split(',').map(Number);

/** The miniatures of the tests, made as deep as real ones: the share of the first block decides what can be saved. */
const sizes: readonly (readonly [KindName, Readonly<Record<string, unknown>>])[] = [
  ['dit', { layers: 12, hidden: 256, heads: 4 }],
  ['unet', { levels: [64, 128, 192], blocks: 2 }],
];

/** CPU milliseconds that a call takes, added to a sum. */
async function timed<T>(sum: { ms: number }, call: () => Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const found = await call();
  const { user, system } = process.cpuUsage(before);
  sum.ms += (user + system) / 1000;
  return found;
}

/** Both denoisers take and give float32 and int64 alone. */
const asFeeds = (tensors: Tensors): Record<string, ort.Tensor> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { type, shape, data }]) => {
      const bytes = (data as Uint8Array).slice().buffer;
      const tensor =
        type === 'int64'
          ? new ort.Tensor('int64', new BigInt64Array(bytes), shape)
          : new ort.Tensor('float32', new Float32Array(bytes), shape);
      return [name, tensor];
    }),
  );
const asTensors = (found: Readonly<Record<string, ort.Tensor>>): Record<string, TensorData> =>
  Object.fromEntries(
    Object.entries(found).map(([name, { dims, data }]) => {
      const { buffer, byteOffset, byteLength } = data as Float32Array;
      return [name, { type: 'float32', shape: dims, data: new Uint8Array(buffer, byteOffset, byteLength) }];
    }),
  );

const open = async (file: Uint8Array) =>
  ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });

const rows = [];
for (const [kind, size] of sizes) {
  const { model, dims } = generate(kind, 'base', 1, { ...size, context: 64, channels: 4 });
  const { probe, rest } = probeAndRest(model);
  const [whole, first, second] = await Promise.all(
    [model, probe, rest].map(async (one) => open(await writeModel(one))),
  );
  if (!whole || !first || !second) throw new Error('expected three sessions');
  const plan = planOf(model) as DenoisePlan;
  const inputs = feedsOf(model, dims, 0);
  for (const threshold of thresholds) {
    const pairs: [number, number][] = [];
    const cache = stepCache<ort.Tensor>(first, second, { threshold });
    const last = { psnr: Number.POSITIVE_INFINITY };
    let drift = 0;
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      cache.reset();
      const [a, b] = [{ ms: 0 }, { ms: 0 }];
      const run = denoiseSteps(
        async (feeds) => asTensors(await timed(a, () => whole.run(asFeeds(feeds)))),
        async (feeds) => asTensors(await timed(b, () => cache.run(asFeeds(feeds)))),
        ...([plan, inputs, steps, last] as const),
      );
      for await (const { size: error } of run) drift = error;
      if (round > 0) pairs.push([a.ms, b.ms]);
    }
    const { ratio, interval, significant } = estimateOf(pairs);
    const skipped = [...cache.skipped];
    rows.push({
      kind,
      dims,
      size,
      bytes: summarize(model).bytes,
      threshold,
      skipped,
      drift,
      psnr: last.psnr,
      pairs,
      ratio,
      interval,
      significant,
    });
    process.stderr.write(`${kind} ${threshold}: ${skipped.length} skipped, ${ratioText(ratio)}\n`);
  }
}

const machine = await machineState();
const date = new Date().toISOString();
const lines = [
  '# Steps of a denoiser that are skipped',
  '',
  `${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${machine.load.toFixed(1)} · onnxruntime-node ${machine.versions['onnxruntime-node'] ?? ''}`,
  '',
  `Random weights, seed 1; ${steps} Euler steps from seeded noise, ${rounds} runs of each in turns step by step, one thread, CPU time. Ratio of the whole model's time to that of probe and rest, with its 99.8 % interval; error of the last latent against the whole model.`,
  '',
  '| model | weights | threshold | steps skipped | error | PSNR | whole model | probe and rest | ratio |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ...rows.map(({ kind, bytes, threshold, skipped, drift, psnr, pairs, ratio, interval, significant }) => {
    const [a, b] = [0, 1].map((side) => `${numberText(median(pairs.map((pair) => pair[side] as number)))} ms`);
    const told = `${ratioText(ratio)} ${ratioRangeText(interval)}${significant ? '' : ', not significant'}`;
    return `| ${[kind, bytesText(bytes), threshold, `${skipped.length} of ${steps}`, numberText(drift), Number.isFinite(psnr) ? `${numberText(psnr)} dB` : '∞', a, b, told].join(' | ')} |`;
  }),
  '',
];
const path = join(root, 'bench/results', `${date.slice(0, 10)}-first-block`);
await mkdir(join(root, 'bench/results'), { recursive: true });
await writeFile(`${path}.json`, `${JSON.stringify({ date, machine, steps, models: rows }, undefined, 1)}\n`);
await writeFile(`${path}.md`, lines.join('\n'));
process.stdout.write(lines.join('\n'));
