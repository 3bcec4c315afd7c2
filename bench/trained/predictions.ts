/** Holds the predictions of `plan` against what its mixes come out at, on trained models with their real inputs: `npm run bench:predictions`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bytesText, numberText, percentText } from '../../src/ir/text/quantities.js';
import { plan } from '../../src/plan/plan.js';
import { machineState } from '../machine.js';
import { root } from '../usage.js';
import { trainedModels } from './models.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(root, '../shared/trained') },
    models: { type: 'string' },
    output: { type: 'string', default: join(root, 'bench/results') },
  },
});
/** Below it sums of float32 in another order are as much. */
const NOISE = 1e-6;

const wanted = values.models?.split(',');
const { found, missing } = trainedModels(values.data);
const plans = [];
for (const { folder, file } of found) {
  if (wanted && !wanted.some((name) => folder.includes(name))) continue;
  const { points, inputBytes, measured } = await plan(file, {
    ...{ target: 'cpu', speed: false, inputs: join(values.data, folder), timeBudget: 600 },
  });
  const ratios = points.flatMap(({ error, predicted }) =>
    error && error > NOISE ? [Math.max(error / predicted, predicted / error)] : [],
  );
  // Commands name folders of this machine.
  const own = points.map(({ command: _, ...point }) => point);
  plans.push({ model: folder, inputBytes, measured, points: own, ratios });
  process.stderr.write(`${folder}: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}\n`);
}
const machine = await machineState();
const date = new Date().toISOString();
const rows = plans.flatMap(({ model, points }) =>
  points
    .filter(({ error }) => error && error > NOISE)
    .map(
      ({ bytes, share, predicted, error }) =>
        `| ${model} | ${bytesText(bytes)} | ${percentText(share)} | ${numberText(predicted)} | ${numberText(error)} | ${((error ?? 0) / predicted).toFixed(2)} |`,
    ),
);
const all = plans.flatMap(({ ratios }) => ratios);
const within = all.filter((ratio) => ratio <= 2).length;
const table = `# Errors that plan predicts, and what comes out

${date.slice(0, 10)}. ${within} of ${all.length} mixes of ${plans.length} trained models are within 2 times the prediction, on real inputs. Errors of less than ${NOISE} are left out.

| model | size | of the file | predicted | measured | ratio |
| --- | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}
${missing.length ? `\nNot there: ${missing.join(', ')}.\n` : ''}`;
mkdirSync(values.output, { recursive: true });
const base = join(values.output, `${date.slice(0, 10)}-predictions`);
writeFileSync(`${base}.json`, `${JSON.stringify({ version: 1, date, machine, missing, plans }, undefined, 2)}\n`);
writeFileSync(`${base}.md`, table);
process.stdout.write(table);
