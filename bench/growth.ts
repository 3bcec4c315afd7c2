/**
 * Measures the growth of time and memory with a model's nodes: `npm run bench:growth -- --nodes 1000000 --shapes
 * chain,star`. Each shape is built, written, read, inferred, checked, printed, inspected, explained and run through
 * every preset and the passes that no preset has, without validation.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { explain } from '../src/explain.js';
import { inferTypes } from '../src/infer/index.js';
import type { Model } from '../src/ir/model.js';
import { checkModel } from '../src/ir/whole-model/check.js';
import { cloneModel } from '../src/ir/whole-model/clone.js';
import { printModel } from '../src/ir/whole-model/print.js';
import { readModel } from '../src/onnx/read.js';
import { writeModel } from '../src/onnx/write.js';
import { optimize } from '../src/optimize.js';
import { findBlocks } from '../src/region/blocks/index.js';
import { inspectModel } from '../src/report/inspect/inspection.js';
import { inspectionText } from '../src/report/text/inspection.js';
import { largeModels } from './growth-models.js';

const { values: given } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100000' },
    shapes: { type: 'string', default: Object.keys(largeModels).join() },
    steps: { type: 'string', default: '' },
  },
});
const nodes = Number(given.nodes);
const passes = ['exact', 'half', 'quarter', 'fp16', 'outline', 'inline', 'flatten-outputs', 'opset'];

const steps: Readonly<Record<string, (model: Model, folder: string) => unknown>> = {
  check: checkModel,
  clone: (model) => cloneModel(model),
  print: printModel,
  inspect: (model) =>
    inspectionText(inspectModel(model, inferTypes(model), { values: true, find: findBlocks }), { isColoured: false }),
  explain: (model) => explain(model),
  ...Object.fromEntries(passes.map((pass) => [pass, (model: Model) => optimize(model, pass, { verify: 'none' })])),
  write: (model, folder) => writeModel(model, join(folder, 'again.onnx')),
};

const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const seconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1e6;

async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const started = process.cpuUsage();
  let failure = '';
  try {
    return await work();
  } catch (error) {
    failure = String(error).slice(0, 150);
    return undefined as T;
  } finally {
    process.stdout.write(` ${name} ${seconds(process.cpuUsage(started)).toFixed(2)}${failure && ` FAILED ${failure}`}`);
  }
}

const chosen = given.steps ? given.steps.split(',') : Object.keys(steps);
for (const shape of given.shapes.split(',')) {
  const folder = await mkdtemp(join(tmpdir(), 'onnx-passes-growth-'));
  try {
    process.stdout.write(`${shape}:`);
    const path = join(folder, 'model.onnx');
    await timed('build', () => writeModel((largeModels[shape] as (typeof largeModels)[string])(nodes), path));
    const before = heap();
    const model = await timed('read', () => readModel(path));
    if (!model) continue;
    await timed('infer', () => inferTypes(model));
    const count = [...model.graphs()].reduce((sum, graph) => sum + graph.nodeSet.size, 0);
    process.stdout.write(` (${count} nodes, ${((heap() - before) / nodes).toFixed(0)} B each)`);
    for (const name of chosen) await timed(name, () => steps[name]?.(model, folder));
    process.stdout.write('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
