/**
 * Compiles models by default and with `regional: false`, and prints differences of results, reports and files, and the CPU time of both.
 *
 *     node bench/run.mjs test/region/compare-zoo.ts --layers 18 --passes exact --most 3000 --every 3
 *
 * The models are one lengthened export of each architecture of the zoo; `--every n` takes every n-th.
 */
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { lengthened } from '../../fixtures/lengthen.js';
import type { Model } from '../../src/ir/model.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { parsePasses } from '../../src/run/parse.js';
import { runPipeline } from '../../src/run/pipeline/pipeline.js';
import type { PipelineResult } from '../../src/run/pipeline/pipeline-result.js';
import { kernelsOf } from '../../src/runtime/kernels-of.js';
import { builtIn } from '../../src/settings/plugins.js';
import { collection, modelFolders } from '../models.js';
import { contents, reported } from './contents.js';

const { values } = parseArgs({
  options: {
    zoo: { type: 'string', default: collection('zoo') },
    layers: { type: 'string', default: '18' },
    passes: { type: 'string', default: 'exact' },
    most: { type: 'string', default: '3000' },
    every: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    forced: { type: 'boolean', default: false },
  },
});

/** Gives the result of `run`, and the milliseconds of CPU time that it took. */
async function compiled(model: Model, regional: boolean | undefined): Promise<PipelineResult & { cpuMs: number }> {
  const before = process.cpuUsage();
  const result = await runPipeline(model, parsePasses(values.passes, builtIn), {
    ...(await kernelsOf('cpu')),
    evaluate: undefined,
    ...(regional !== undefined && { regional }),
  });
  const { user, system } = process.cpuUsage(before);
  return { ...result, cpuMs: (user + system) / 1000 };
}

/** Names the parts that differ. */
function differences(once: PipelineResult, whole: PipelineResult): string[] {
  const [a, b] = [once, whole].map(({ model, passes }) => ({ ...contents(model), report: reported(passes) }));
  return Object.keys(a as object).flatMap((key) => {
    const [x, y] = [a, b].map((one) => JSON.stringify(one?.[key as keyof typeof one]));
    return x === y ? [] : [key];
  });
}

const architectures = [...new Set(modelFolders(values.zoo).map((folder) => dirname(folder)))];
const [every, from] = [Number(values.every), Number(values.from)];
let [count, shortened, differing, sameBytes, onceMs, wholeMs] = [0, 0, 0, 0, 0, 0];
for (const [index, architecture] of architectures.entries()) {
  if (index % every !== from) continue;
  const folders = modelFolders(architecture);
  const folder = folders[index % folders.length] as string;
  const longer = lengthened(await readModel(join(folder, 'model.onnx')), Number(values.layers));
  if (!longer || longer.graph.nodeSet.size > Number(values.most)) continue;
  const before = await readModel(await writeModel(longer));
  const regional = values.forced ? true : undefined;
  // Each runs once before it is measured, because JavaScript compiles code as it runs.
  const [once, whole] = [await compiled(before, regional), await compiled(before, false)];
  const again = [await compiled(before, regional), await compiled(before, false)];
  count++;
  const isOnce = once.repeats.some((one) => one.once > 0 && one.reason === undefined);
  const differs = differences(once, whole);
  const isSame = Buffer.from(await writeModel(once.model)).equals(Buffer.from(await writeModel(whole.model)));
  if (isOnce) shortened++;
  if (differs.length > 0) differing++;
  if (isSame) sameBytes++;
  if (isOnce) [onceMs, wholeMs] = [onceMs + (again[0]?.cpuMs ?? 0), wholeMs + (again[1]?.cpuMs ?? 0)];
  const ratio = (again[0]?.cpuMs ?? 0) / (again[1]?.cpuMs ?? 1);
  const how = once.repeats.map((one) => `${one.count}/${one.once}${one.reason ? ` ${one.reason}` : ''}`).join('; ');
  process.stdout.write(
    `${folder.slice(values.zoo.length + 1)} ${before.graph.nodeSet.size} nodes, ${ratio.toFixed(2)} of the time, ${isSame ? 'same' : 'other'} bytes; ${how || 'not shortened'}${differs.length > 0 ? ` DIFFERS in ${differs.join(', ')}` : ''}\n`,
  );
}
process.stdout.write(
  `${values.layers} layers, ${values.passes}: ${count} models, ${shortened} compiled once, ${differing} differ, ${sameBytes} of the same bytes; those compiled once took ${(onceMs / wholeMs).toFixed(2)} of the CPU time\n`,
);
