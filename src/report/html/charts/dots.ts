/** Samples as dots on one scale, with their median; and a ratio with its interval. */
import { maxOf, minOf } from '../../../ir/collections/lists.js';
import { msText, ratioText } from '../../../ir/text/quantities.js';
import { html, type Markup } from '../markup.js';
import { place } from './bars.js';

export interface DotRow {
  readonly name: string;
  readonly samples: readonly number[];
  readonly middle: number;
  readonly low?: number;
  readonly high?: number;
}

const WIDTH = 900;
const LEFT = 84;
const RIGHT = 24;
const ROW = 46;

/** A row of dots for each model; times in milliseconds. */
export function dotsChart(rows: readonly DotRow[], label: string): Markup {
  const all = rows.flatMap(({ samples, middle, low, high }) => [...samples, middle, low ?? middle, high ?? middle]);
  const x = scale(minOf(all), maxOf(all));
  const height = ROW * rows.length + 26;
  return html`<div class="scroll"><svg class="chart dots" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">
${ticks(minOf(all), maxOf(all)).map((tick) => html`<line class="grid" x1="${place(x(tick))}" x2="${place(x(tick))}" y1="6" y2="${height - 22}"/><text class="axis" x="${place(x(tick))}" y="${height - 6}" text-anchor="middle">${msText(tick)}</text>`)}
${rows.map(({ name, samples, middle, low, high }, i) => {
  const y = 6 + ROW * i + ROW / 2;
  return html`<g class="row-${i}"><text class="name" x="0" y="${place(y + 5)}">${name}</text>${low !== undefined && high !== undefined && html`<line class="range" x1="${place(x(low))}" x2="${place(x(high))}" y1="${place(y)}" y2="${place(y)}"/>`}
${samples.map((sample, at) => html`<circle cx="${place(x(sample))}" cy="${place(y + jitter(at))}" r="3.2"/>`)}
<line class="middle" x1="${place(x(middle))}" x2="${place(x(middle))}" y1="${place(y - 15)}" y2="${place(y + 15)}"/></g>`;
})}</svg></div>`;
}

/** The ratio of two times with its interval, against 1: no difference. */
export function ratioChart(ratio: number, { low, high }: { low: number; high: number }, label: string): Markup {
  const [least, most] = [Math.min(low, ratio, 1), Math.max(high, ratio, 1)];
  const x = scale(least, most);
  const ends = most - least < 0.02 ? [1] : ticks(least, most);
  return html`<div class="scroll"><svg class="chart ratio" viewBox="0 0 ${WIDTH} 64" role="img" aria-label="${label}">
${ends.map((tick) => html`<text class="axis" x="${place(x(tick))}" y="58" text-anchor="middle">${ratioText(tick)}</text>`)}
<line class="one" x1="${place(x(1))}" x2="${place(x(1))}" y1="4" y2="44"/>
<text class="name" x="0" y="29">ratio</text>
<line class="range" x1="${place(x(low))}" x2="${place(x(high))}" y1="24" y2="24"/><circle cx="${place(x(ratio))}" cy="24" r="5"/></svg></div>`;
}

function scale(low: number, high: number): (value: number) => number {
  const margin = (high - low) * 0.06 || Math.abs(high) * 0.05 || 1;
  const [from, to] = [low - margin, high + margin];
  return (value) => LEFT + ((value - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
}

/** Round numbers between two: four to eight of them. */
function ticks(low: number, high: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = ([1, 2, 5, 10].find((n) => n * power * 8 >= span) ?? 10) * power;
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.floor((high - first) / step + 1e-9) + 1 }, (_, i) => first + i * step);
}

/** Dots of equal times lie beside each other. */
const jitter = (at: number): number => ((at * 7) % 11) - 5;
