/**
 * Session creation of generated models after `exact`, and as onnxruntime's own optimizer leaves those (`--aot`), on the CPU: `npm run bench:ahead`.
 * Each creation is a sample; both take turns in one process. Writes bench/results/<date>-ahead.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generate, type KindName, type SizeName } from '../fixtures/kinds.js';
import { bytesText, msText, ratioRangeText, ratioText } from '../src/ir/text/quantities.js';
import { summarize } from '../src/ir/whole-model/summary.js';
import { optimize } from '../src/optimize.js';
import { signed } from '../src/report/style.js';
import { aheadOfTime } from '../src/validate/ahead-of-time.js';
import { median } from '../src/validate/speed/statistics.js';
import { machineState } from './machine.js';
import { root } from './usage.js';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: 'unet,encoder' },
    size: { type: 'string', default: 'base' },
    passes: { type: 'string', default: 'exact' },
  },
});

/** Milliseconds for the samples of one model. */
const CREATION_MS = 60_000;

const rows = [];
for (const kind of values.models.split(',')) {
  const { model: original, dims } = generate(kind as KindName, values.size as SizeName, 1);
  const { model } = await optimize(original, values.passes, { target: 'cpu', verify: 'none' });
  const found = await aheadOfTime(model, 'cpu', { dims }, CREATION_MS);
  if ('refused' in found) throw new Error(`${kind}: ${found.refused}`);
  found.close();
  rows.push({ model: kind, bytes: summarize(model).bytes, dims, ...found.report });
}

const machine = await machineState();
const date = new Date().toISOString();
const lines = [
  '# Session creation, with and without --aot',
  '',
  `${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${machine.load.toFixed(1)} · onnxruntime-node ${machine.versions['onnxruntime-node'] ?? ''}`,
  '',
  `Size ${values.size}, after \`${values.passes}\`. Both files are loaded as users load them, all of the runtime's optimizations on; medians of CPU time, and the ratio of neighbours with its 99 % interval.`,
  '',
  '| model | weights | nodes | onnxruntime made after us | result | saved | ratio | samples |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ...rows.map(({ model, bytes, nodes, ops, create }) => {
    const { original, result } = create.samples;
    const made = Object.entries(ops).map(([op, n]) => `${signed(n)} ${op.replace(/^com\.microsoft\./, '')}`);
    const ratio = `${ratioText(create.ratio)} ${ratioRangeText(create.interval)}${create.significant ? '' : ', not significant'}`;
    return `| ${[model, bytesText(bytes), `${nodes.before} → ${nodes.after}`, made.join(', ') || 'nothing', msText(median(original)), msText(median(result)), ratio, `${result.length} each`].join(' | ')} |`;
  }),
  '',
];
const path = join(root, 'bench/results', `${date.slice(0, 10)}-ahead`);
await mkdir(join(root, 'bench/results'), { recursive: true });
await writeFile(
  `${path}.json`,
  `${JSON.stringify({ date, machine, passes: values.passes, models: rows }, undefined, 1)}\n`,
);
await writeFile(`${path}.md`, lines.join('\n'));
process.stdout.write(lines.join('\n'));
