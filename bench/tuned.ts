/**
 * Tuning of one trained model: every candidate with its sample, the result against that without tuning, and the same command again, which reads what
 * it measured: `npm run bench:tuned -- --model PP-OCRv4_rec --passes exact,int8`. Writes bench/results/<date>-tuned.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { msText, ratioRangeText, ratioText } from '../src/ir/text/quantities.js';
import { optimizeFile } from '../src/job/optimize-file.js';
import type { Report } from '../src/run/report/report.js';
import { machineState } from './machine.js';
import { trainedModels } from './trained/models.js';
import { root } from './usage.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(root, '../shared/trained') },
    model: { type: 'string', default: 'PP-OCRv4_rec' },
    passes: { type: 'string', default: 'exact,int8' },
  },
});
const model = trainedModels(values.data).found.find(({ folder }) => folder.includes(values.model));
if (!model) throw new Error(`${values.model}: no such trained model is installed`);

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-tuned-'));
const reports: Report[] = [];
try {
  for (let run = 0; run < 2; run++)
    reports.push(
      await optimizeFile(model.file, values.passes, {
        ...{ target: 'cpu', tune: true, tuneCache: join(folder, 'tune.json'), onGate: 'report', force: true },
        out: join(folder, 'out.onnx'),
      }),
    );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

type Raced = NonNullable<NonNullable<NonNullable<Report['passes'][number]['tuning']>[number]['speed']>>;
const [first, second] = reports as [Report, Report];
const cells = (speed: Raced | undefined, reason = ''): string[] =>
  speed
    ? [
        `${ratioText(speed.ratio)} ${ratioRangeText(speed.interval)}`,
        `${speed.sample?.length ?? 0} pairs`,
        speed.significant ? 'yes' : 'no',
      ]
    : [reason, '', ''];
const row = (...parts: string[]): string => `| ${parts.join(' | ')} |`;
const { whole, sessions = [] } = first.tuning ?? {};
const machine = await machineState();
const date = new Date().toISOString();
const tuneMs = (report: Report): number => report.passes.reduce((sum, { tuneMs: ms = 0 }) => sum + ms, 0);
const lines = [
  `# Tuning of ${model.folder}`,
  '',
  `${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${machine.load.toFixed(1)} · onnxruntime-node ${machine.versions['onnxruntime-node'] ?? ''} · \`${values.passes} --tune\``,
  '',
  'Ratios are of CPU time of one thread, without over with, of sessions by the clock; with their 99 % interval.',
  '',
  row('candidate', 'on', 'ratio', 'sample', 'significant', 'kept'),
  row('---', '---', '---', '---', '---', '---'),
  ...first.passes.flatMap(({ tuning = [] }) =>
    tuning.map(({ variant, block, instances, kept, speed, reason }) =>
      row(variant, `${instances} × ${block}`, ...cells(speed, reason), kept ? 'yes' : 'no'),
    ),
  ),
  ...(whole
    ? [row('tuned against untuned', 'the whole', ...cells(whole.speed, whole.reason), whole.kept ? 'yes' : 'no')]
    : []),
  ...sessions.map(({ options, kept, speed, reason }) =>
    row(
      `sessions: ${Object.entries(options)
        .map((one) => one.join(' '))
        .join(', ')}`,
      'the whole',
      ...cells(speed, reason),
      kept ? 'yes' : 'no',
    ),
  ),
  '',
  first.speed
    ? `The result against the original: ${ratioText(first.speed.ratio)} ${ratioRangeText(first.speed.interval)}${first.speed.significant ? '' : ', not significant'}.`
    : '',
  `The passes measured for ${msText(tuneMs(first))}; the same command again for ${msText(tuneMs(second))}, with every race from the cache.`,
  '',
];
const path = join(root, 'bench/results', `${date.slice(0, 10)}-tuned`);
mkdirSync(join(root, 'bench/results'), { recursive: true });
writeFileSync(
  `${path}.json`,
  `${JSON.stringify({ date, machine, model: model.folder, reports: reports.map(({ passes, tuning, speed, ms }) => ({ passes, tuning, speed, ms })) }, undefined, 1)}\n`,
);
writeFileSync(`${path}.md`, lines.join('\n'));
process.stdout.write(lines.join('\n'));
