/** The record of the day as a page of tables. */
import type { Ratio } from '../result.js';
import type { DayRecord, Row } from './clock.js';

const HEAD = [
  '| step | ms [quartiles] | × TF32 | × float32 | file | device memory | relative L2 | attention kernels | on the CPU | copies |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];

const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '' : `${(bytes / 1e6).toFixed(1)} MB`);
const ratio = (found: unknown): string => {
  if (!found) return '';
  const { median, low, high, significant } = found as Ratio;
  return `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]${significant ? '' : ' n.s.'}`;
};

function cells(row: Row): readonly string[] {
  const { run, placement } = row;
  const placed = placement as
    | { readonly fallbacks?: Readonly<Record<string, number>>; readonly copies?: number }
    | undefined;
  const time = run ? `${run.median.toFixed(2)} [${run.low.toFixed(2)}, ${run.high.toFixed(2)}]` : (row.error ?? '');
  const attention = Object.entries(row.attention ?? {}).map(([kernel, count]) => `${count} × ${kernel}`);
  const fallbacks = Object.entries(placed?.fallbacks ?? {}).map(([op, count]) => `${count} ${op}`);
  return [
    row.step || 'float32',
    time.slice(0, 120),
    ratio(row.overTf32),
    ratio(row.overFloat32),
    megabytes(row.optimize?.bytes),
    megabytes(row.memory),
    row.accuracy?.[0]?.relativeL2.toExponential(1) ?? '',
    attention.join(', '),
    typeof placement === 'string' ? placement : fallbacks.join(', ') || (placed ? 'none' : ''),
    placed?.copies === undefined ? '' : String(placed.copies),
  ];
}

function tunedLines({ tuned = [] }: DayRecord): string[] {
  if (tuned.length === 0) return [];
  return [
    '## Tuned on the device (--tune)',
    '',
    '| model | candidate | ratio [99 %] | kept |',
    '| --- | --- | --- | --- |',
    ...tuned.map(({ model, candidate, kept, ratio: found, interval, significant = false, reason = '' }) => {
      const measured =
        found && interval ? ratio({ median: found, ...interval, significant }) : reason.replaceAll(/\s+/g, ' ');
      return `| ${model} | ${candidate.replaceAll('|', '\\|')} | ${measured.replaceAll('|', '\\|')} | ${kept ? 'yes' : 'no'} |`;
    }),
    '',
  ];
}

export function tableOf(record: DayRecord): string {
  const { models, rewrites = [], leftOut, rehearsal, started } = record;
  return [
    `# The day of ${started.slice(0, 10)}`,
    '',
    ...(rehearsal ? [`**A rehearsal: ${rehearsal}**`, ''] : []),
    ...models.flatMap(({ name, like, rows, error }) => [
      `## ${name}`,
      '',
      `${like}.${error ? ` It ended with: ${error}` : ''}`,
      '',
      ...HEAD,
      ...rows.map((row) => `| ${cells(row).join(' | ')} |`),
      '',
    ]),
    '## Rewrites, run beside what they replace',
    '',
    '| model | passes | exit | seconds |',
    '| --- | --- | --- | --- |',
    ...rewrites.map(
      ({ model, passes, exit, ms }) => `| ${model} | ${passes} | ${exit ?? 'left out'} | ${(ms / 1000).toFixed(1)} |`,
    ),
    '',
    ...tunedLines(record),
    `Left out: ${leftOut.join('; ') || 'nothing'}.`,
    '',
  ].join('\n');
}
