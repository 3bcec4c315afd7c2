/**
 * Tests verdicts on trained models with real inputs: `npm run bench:trained`. Each model goes through each list of
 * passes twice, with made-up inputs and with real ones; the reports are compared with the truth on real inputs.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readModel } from '../../src/onnx/read.js';
import { givenSets } from '../../src/validate/inputs/files/given.js';
import { machineState } from '../machine.js';
import { root } from '../usage.js';
import { trainedModels } from './models.js';
import { claimOf, faultOf, largestIn, type Outcome, truthOf, unverifiedResult } from './outcome.js';
import { tableOf } from './table.js';

const LISTS = ['simplify', 'exact', 'bf16', 'half', 'fp16', 'int8', 'quarter', 'eighth'];

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(root, '../shared/trained') },
    models: { type: 'string' },
    passes: { type: 'string' },
    inputs: { type: 'string' },
    output: { type: 'string', default: join(root, 'bench/results') },
  },
});
const wanted = values.models?.split(',');
const lists = values.passes?.split(';') ?? LISTS;
const kinds = (['made up', 'real'] as const).filter((kind) => !values.inputs || kind.startsWith(values.inputs));
const { found, missing } = trainedModels(values.data);
const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-trained-'));
const outcomes: Outcome[] = [];
try {
  for (const model of found) {
    if (wanted && !wanted.some((name) => model.folder.includes(name))) continue;
    const inputs = join(values.data, model.folder);
    const original = await readModel(model.file);
    const sets = givenSets(inputs).map((set) => set.read(original).tensors);
    const largest = largestIn(sets);
    for (const passes of lists) {
      const [out, bare] = [join(folder, 'out.onnx'), join(folder, 'bare.onnx')];
      const limit = await unverifiedResult(model.file, passes, bare);
      const unverified = await truthOf(model, bare, sets);
      for (const kind of kinds) {
        const claim = await claimOf(model.file, passes, out, kind === 'real' ? inputs : undefined);
        const isWritten = !['refused', 'failed'].includes(claim.verdict);
        const written = isWritten ? await truthOf(model, out, sets) : undefined;
        const wrong = faultOf(claim, largest, written, unverified, limit);
        outcomes.push({ model: model.folder, passes, inputs: kind, claim, written, unverified, limit, wrong });
        const said = `${claim.verdict} (${claim.seconds.toFixed(1)} s)`;
        process.stderr.write(`${model.folder} ${passes}, ${kind}: ${said}${wrong ? `, WRONG: ${wrong}` : ''}\n`);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const machine = await machineState();
const date = new Date().toISOString();
const table = tableOf(outcomes, machine, date, missing);
mkdirSync(values.output, { recursive: true });
const base = join(values.output, `${date.slice(0, 10)}-trained`);
writeFileSync(`${base}.json`, `${JSON.stringify({ version: 1, date, machine, missing, outcomes }, undefined, 2)}\n`);
writeFileSync(`${base}.md`, table);
process.stdout.write(table);
