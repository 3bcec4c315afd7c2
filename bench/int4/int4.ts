/**
 * Measures weights of 4 bits against rounding to the nearest in the same form: `npm run bench:int4`. Of each model, block and way: the error at its
 * outputs, and that of each product.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { closeRuntime } from '../../src/on-demand.js';
import { readModel } from '../../src/onnx/read.js';
import { RuntimeProcess, type Tensors } from '../../src/runtime/isolate.js';
import { givenSets } from '../../src/validate/inputs/files/given.js';
import { machineState } from '../machine.js';
import { errorOf } from '../trained/error.js';
import { root } from '../usage.js';
import { layerErrors, layersOf } from './layers.js';
import { BLOCKS, type Measured, outputsOf, quantized, WAYS, withFloatActivations } from './measure.js';
import { measuredModels } from './models.js';
import { tableOf } from './table.js';

const { values } = parseArgs({
  options: {
    zoo: { type: 'string', default: join(root, '../shared/zoo') },
    data: { type: 'string', default: join(root, '../shared/trained') },
    more: { type: 'string', multiple: true, default: [] },
    models: { type: 'string' },
    output: { type: 'string', default: join(root, 'bench/results') },
  },
});
const wanted = values.models?.split(',');
const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-int4-'));
const runtime = await RuntimeProcess.start();
const measured: Measured[] = [];
try {
  for (const model of await measuredModels(values, folder)) {
    if (wanted && !wanted.includes(model.name)) continue;
    const original = await readModel(model.file);
    const sets = givenSets(model.judged).map((set) => set.read(original).tensors);
    const expected = await outputsOf(runtime, original, sets);
    const layers = await layersOf(original, model.judged);
    if (layers.length === 0) continue;
    const error = (found: readonly Tensors[]): number =>
      errorOf(found.map((result, at) => ({ original: expected[at] as Tensors, result }))).pooled;
    for (const block of BLOCKS) {
      const ways = [];
      for (const way of WAYS) {
        const made = await quantized(model, way, block);
        ways.push({
          way,
          layers: layerErrors(layers, made),
          asRun: error(await outputsOf(runtime, made, sets)),
          exact: error(await outputsOf(runtime, withFloatActivations(made), sets)),
        });
      }
      measured.push({ model: model.name, weights: model.weights, block, ways, names: layers.map(({ name }) => name) });
      process.stderr.write(`${model.name} ${block}: ${ways.map(({ exact }) => exact.toFixed(4)).join(' ')}\n`);
    }
  }
} finally {
  await runtime.close();
  await closeRuntime();
  rmSync(folder, { recursive: true, force: true });
}
const date = new Date().toISOString();
const result = { date, machine: await machineState(), measured };
mkdirSync(values.output, { recursive: true });
const file = join(values.output, `${date.slice(0, 10)}-int4`);
writeFileSync(`${file}.json`, `${JSON.stringify(result, undefined, 1)}\n`);
writeFileSync(`${file}.md`, tableOf(result));
process.stdout.write(tableOf(result));
