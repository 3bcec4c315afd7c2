/** A report as a badge: an SVG of its own, without a server. */

import type { Report } from '../run/report/report.js';
import { headlineOf } from './headline.js';
import { clipped, columnsOf } from './style.js';

const colours = { done: '#2e7d32', partly: '#b26a00', failed: '#c62828' } as const;
const LABEL = 'onnx-passes';
/** Of a letter of Verdana in 11 pixels, about; the text is fitted to it. */
const LETTER = 6.6;
const PADDING = 10;
const MOST_LETTERS = 60;

/** `onnx-passes | 10.8 MB → 2.97 MB (−73 %), 1.23×`, green, amber where a pass is not in the result, red where a gate failed. */
export function reportBadge(report: Report): string {
  const { state, parts } = headlineOf(report);
  const said = state === 'failed' ? 'a gate failed' : parts.slice(0, 2).join(', ') || 'done';
  const text = clipped(said.replaceAll(/ \([^)]*×?[^)]*–[^)]*\)/g, ''), MOST_LETTERS);
  const [left, right] = [LABEL, text].map((one) => Math.round(columnsOf(one) * LETTER) + PADDING) as [number, number];
  const written = (words: string, x: number, width: number): string =>
    `<text x="${x}" y="14" textLength="${width - PADDING}">${escaped(words)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${escaped(`${LABEL}: ${text}`)}">
<title>${escaped(`${LABEL}: ${text}`)}</title>
<rect width="${left + right}" height="20" rx="3" fill="#444"/>
<path d="M${left} 0h${right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H${left}z" fill="${colours[state]}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
${written(LABEL, left / 2, left)}
${written(text, left + right / 2, right)}
</g>
</svg>
`;
}

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
