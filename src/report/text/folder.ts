/** What became of each part of a folder, as a table with reasons. */
import { bytesText, msText, numberText, percentText, ratioText } from '../../ir/text/quantities.js';
import { shownText, withTexts } from '../../ir/text/shown-text.js';
import type { FolderReport, PartReport, PipelineProof } from '../../run/folder-report.js';
import { counted, hanging, paint, table } from '../style.js';
import { type TextOptions, textOptionsIn } from '../text-options.js';
import { aotTexts } from '../words/aot.js';

const signs = { planned: '·', done: '✓', unchanged: '=', copied: '·', failed: '✗' } as const;

function signOf({ state, unproven, takenBack }: PartReport, p: ReturnType<typeof paint>): string {
  if (state === 'failed') return p.bad(signs.failed);
  if (unproven !== undefined) return p.bad('?');
  return takenBack?.length ? p.bad('~') : p.good(signs[state]);
}

const speedText = ({ speed }: PartReport): string => {
  if (!speed) return '';
  return speed.significant ? ratioText(speed.ratio) : 'as fast';
};

const notesOf = (
  { name, state, passes, reason, reasons, report, shared, takenBack = [], unproven }: PartReport,
  usual?: string,
): string[] => [
  ...(shared ? [`${name}: reads ${bytesText(shared.bytes)} of weights from the data of ${shared.of.join(', ')}`] : []),
  ...(passes && passes !== usual ? [`${name}: passes ${passes}`] : []),
  ...(state === 'failed' ? [`${name} failed: ${reason}`] : []),
  ...(unproven === undefined ? [] : [`${name} was written, not proven: ${unproven}`]),
  ...takenBack.map(({ pass, reason: why }) => `${name}: ${pass} was taken back, ${why}`),
  ...(report?.aot ? aotTexts(report.aot).map((text) => `${name}: aot: ${text}`) : []),
  ...reasons.map((text) => `${name}: ${text}`),
];

/** The whole pipeline, original against result. */
function proofLines(proof: PipelineProof, width: number, p: ReturnType<typeof paint>): string[] {
  const { diffusion, decoding = [], provider, gates } = proof;
  const ran = [
    ...(diffusion
      ? [
          `${diffusion.steps} steps, latent of ${diffusion.side} × ${diffusion.side} where it is open; drift by step ${diffusion.drift.map((error) => numberText(error)).join(', ')}`,
        ]
      : []),
    ...decoding.map(({ parts, rows, steps }) => `${rows} texts of ${steps} tokens by ${parts.join(', ')}`),
  ];
  return [
    ...hanging(`${p.bold('pipeline')}  ${p.dim(`both run as a whole on ${provider}: ${ran.join('; ')}`)}`, width),
    ...gates.flatMap(({ name, passed, detail }) =>
      hanging(`${passed ? p.good('✓') : p.bad('✗')} ${name}: ${detail}`, width),
    ),
  ];
}

/** Two decoders that became one file. */
interface MergedFile {
  readonly inputBytes: number;
  readonly output?: { readonly files: readonly string[]; readonly bytes: number };
  readonly proof?: PipelineProof;
}

/** What merging two decoders came to. */
export function mergedText(given: MergedFile, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'mergedText');
  const { inputBytes, output, proof } = withTexts(given, shownText);
  const p = paint(isColoured);
  const ending = output
    ? p.bold(
        `${output.files[0]}: ${bytesText(output.bytes)}, ${percentText(output.bytes / inputBytes)} of both${proof ? '' : ', not verified'}`,
      )
    : p.bad('the merged decoder differs: nothing was written');
  return `${[...(proof ? proofLines(proof, width, p) : []), ending].join('\n')}\n`;
}

/** The text of a report on a folder, as the command prints it. */
export function folderText(given: FolderReport, options: TextOptions = {}): string {
  const { isColoured, width } = textOptionsIn(options, 'folderText');
  const { parts, input, folder, layout, others, isWritten, proof, ms } = withTexts(given, shownText);
  const p = paint(isColoured);
  const isPlan = parts.every(({ state }) => state === 'planned');
  const sizeOf = (part: PartReport): number => part.bytes ?? part.expectedBytes ?? part.inputBytes;
  const usual = parts.find(({ passes }) => passes)?.passes;
  const hasTimes = parts.some(({ speed }) => speed);
  const rows = parts.map((part) => [
    signOf(part, p),
    part.name,
    part.role,
    bytesText(part.inputBytes),
    part.state === 'failed'
      ? ''
      : `${part.bytes === undefined && part.passes ? 'about ' : ''}${bytesText(sizeOf(part))}`,
    numberText(part.error),
    ...(hasTimes ? [speedText(part)] : []),
    ...(isPlan ? [part.expectedMs === undefined ? '' : `about ${msText(part.expectedMs)}`] : []),
    part.state === 'unchanged' ? 'as made before' : part.state === 'copied' ? 'copied' : '',
  ]);
  const titles = [
    '',
    'part',
    'role',
    'from',
    'to',
    'error',
    ...(hasTimes ? ['speed'] : []),
    ...(isPlan ? ['time'] : []),
    '',
  ].map((title) => p.dim(title));
  const [before, after] = [
    parts.reduce((sum, one) => sum + one.inputBytes, 0),
    parts.reduce((sum, one) => sum + sizeOf(one), 0),
  ];
  const expectedMs = parts.reduce((sum, part) => sum + (part.expectedMs ?? 0), 0);
  const failed = parts.filter(({ state }) => state === 'failed').length;
  const ending = isPlan
    ? `a plan: nothing was done. Without --dry-run it goes to ${folder}, about ${bytesText(after)} in about ${msText(expectedMs)} of CPU time by rates of another machine; comparisons, which run the models, come on top`
    : isWritten
      ? `${folder}: ${bytesText(after)}, ${percentText(after / before)} of the models, in ${msText(ms)}`
      : `${failed === 0 ? 'the pipeline differs from the original' : parts.length === 1 ? 'it failed' : `${failed} of ${counted(parts.length, 'part')} failed`}: nothing was written to ${folder}${failed < parts.length ? '; what was made is kept for the next run' : ''}`;
  const lines = [
    `${p.bold('folder')}  ${p.dim(`${input}, ${layout === 'files' ? 'models' : layout}, ${bytesText(before)} in ${counted(parts.length, 'model')}`)}`,
    ...table([titles, ...rows], `   >>>${hasTimes ? '>' : ''}${isPlan ? '>' : ''}`),
    ...[...(usual ? [`passes: ${usual}`] : []), ...parts.flatMap((part) => notesOf(part, usual))]
      .flatMap((text) => hanging(text, width - 2))
      .map((line) => `  ${line}`),
    p.dim(
      `  ${counted(others.files, 'other file')} (${bytesText(others.bytes)}) copied${others.changed.length > 0 ? `; ${others.changed.join(', ')}: data files brought up to date` : ''}`,
    ),
    ...(proof ? proofLines(proof, width, p) : []),
    isWritten || isPlan ? p.bold(ending) : p.bad(ending),
  ];
  return `${lines.join('\n')}\n`;
}
