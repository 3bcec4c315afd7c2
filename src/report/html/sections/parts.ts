/** The parts of a folder: what became of each. */
import { bytesText, msText, numberText, ratioText } from '../../../ir/text/quantities.js';
import type { FolderReport, PartReport } from '../../../run/folder-report.js';
import { changeBar } from '../charts/bars.js';
import { changeText } from '../facts.js';
import { html, type MarkupPart } from '../markup.js';
import { about, type PageSection, plainTable, sign, type Tone } from './section.js';

const tones: Readonly<Record<PartReport['state'], Tone>> = {
  planned: 'idle',
  done: 'good',
  unchanged: 'good',
  copied: 'idle',
  failed: 'bad',
};

export const sizeOfPart = (part: PartReport): number => part.bytes ?? part.expectedBytes ?? part.inputBytes;

export function partsSection({ parts, others, layout }: FolderReport): PageSection {
  const most = Math.max(
    0,
    parts.reduce((bytes, part) => Math.max(bytes, part.inputBytes, sizeOfPart(part)), 0),
  );
  const lists = new Set(parts.flatMap(({ passes }) => passes ?? []));
  const usual = lists.size === 1 ? [...lists][0] : undefined;
  return {
    id: 'parts',
    title: 'Parts',
    count: String(parts.length),
    body: [
      about(`${layout}: ${parts.length} models; ${others.files} other files of ${bytesText(others.bytes)} are copied.`),
      plainTable(
        ['part', 'role', 'from', 'to', '', 'error', 'speed', 'took', ...(usual === undefined ? ['passes'] : [])],
        parts.map((part) => [...row(part, most), ...(usual === undefined ? [part.passes ?? ''] : [])]),
        '  >> >>>',
      ),
      // A list of passes breaks between them, not within a name.
      usual &&
        html`<p class="about below">Passes: ${usual.split(',').map((pass, i) => html`${i > 0 && ', '}<span class="tight">${pass}</span>`)}.</p>`,
      notes(parts),
    ],
  };
}

/** True for a part that is written without all that was asked for: a pass, or the proof. */
export const isShort = ({ takenBack = [], unproven }: PartReport): boolean =>
  takenBack.length > 0 || unproven !== undefined;

const row = (part: PartReport, most: number): MarkupPart[] => [
  html`<span class="tight">${sign(isShort(part) ? 'warn' : tones[part.state], part.state)} <b>${part.name}</b></span>`,
  part.role,
  bytesText(part.inputBytes),
  part.state === 'failed'
    ? '–'
    : `${part.bytes === undefined && part.passes ? 'about ' : ''}${bytesText(sizeOfPart(part))}`,
  html`<span class="tight"><span class="wide-bar">${changeBar(part.inputBytes, sizeOfPart(part), most)}</span> ${changeText(part.inputBytes, sizeOfPart(part))}</span>`,
  numberText(part.error),
  part.speed ? (part.speed.significant ? ratioText(part.speed.ratio) : 'as fast') : '–',
  part.ms === undefined ? '' : msText(part.ms),
];

/** Why a part failed, what was taken back, and what the role of a part changes. */
function notes(parts: readonly PartReport[]): MarkupPart {
  const texts = parts.flatMap(
    ({ name, state, reason, reasons, takenBack = [], unproven, shared }): [Tone, string][] => [
      ...(state === 'failed'
        ? [['bad', `${name} failed: ${reason ?? 'for no reason that is known'}`] as [Tone, string]]
        : []),
      ...(unproven === undefined
        ? []
        : [['warn', `${name} was written, not proven: ${unproven}`] satisfies [Tone, string]]),
      ...takenBack.map(({ pass, reason: why }): [Tone, string] => ['warn', `${name}: ${pass} was taken back, ${why}`]),
      ...(shared
        ? [
            [
              'idle',
              `${name} reads ${bytesText(shared.bytes)} of weights from the data of ${shared.of.join(', ')}`,
            ] as [Tone, string],
          ]
        : []),
      ...reasons.map((text): [Tone, string] => ['idle', `${name}: ${text}`]),
    ],
  );
  return (
    texts.length > 0 &&
    html`<ul class="warnings">${texts.map(([tone, text]) => html`<li>${sign(tone, tone === 'bad' ? 'failure' : tone === 'warn' ? 'warning' : 'note')} ${text}</li>`)}</ul>`
  );
}
