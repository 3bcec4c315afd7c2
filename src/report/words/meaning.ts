/** How much is kept of what an output is for, as one cell of a table. */
import { cosineText, decibelText, numberText, percentText } from '../../ir/text/quantities.js';
import type { Report } from '../../run/report/report.js';

export type ReportedOutput = NonNullable<Report['accuracy']>['outputs'][number];

/** Empty where the output has no meaning, or one that the other columns show: the SNR of a waveform. */
export function meaningText({ meaning }: ReportedOutput): string {
  if (!meaning || meaning.value === null || meaning.kind === 'waveform') return '';
  const { kind, value, samples, divergence } = meaning;
  const share = `${percentText(value)} of ${samples}`;
  switch (kind) {
    case 'classes':
      return `top-1 ${share}`;
    case 'tokens':
      return `top-1 ${share}${typeof divergence === 'number' ? `, KL ${numberText(divergence)}` : ''}`;
    case 'embedding':
      return `least cosine ${cosineText(value)} of ${samples}`;
    case 'mask':
      return `IoU ${value.toFixed(4)}`;
    case 'image':
      return Number.isFinite(value) ? `PSNR ${decibelText(value)}` : '';
    default:
      return `${kind} ${share}`;
  }
}
