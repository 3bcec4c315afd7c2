/** Errors in a row on a logarithmic scale: by block in the model's order, or step by step. */
import { maxOf } from '../../../ir/collections/lists.js';
import { numberText } from '../../../ir/text/quantities.js';
import { html, type Markup } from '../markup.js';
import { place } from './bars.js';

export interface DepthPoint {
  readonly name: string;
  /** null: infinite. */
  readonly error: number | null;
  /** True of the place where the error begins. */
  readonly isFirst?: boolean;
}

const WIDTH = 900;
const HEIGHT = 190;
const LEFT = 56;
const BOTTOM = 26;
const TOP = 16;
/** Smaller errors are drawn as this one: rounding of float32. */
const LEAST = 1e-8;

/** Bars from the first block to the last, the first bad one marked; `limit` is a line across. */
export function depthChart(points: readonly DepthPoint[], limit: number | null | undefined, label: string): Markup {
  const finite = points.flatMap(({ error }) => (error === null ? [] : [Math.max(error, LEAST)]));
  const top = Math.ceil(Math.log10(maxOf([...finite, limit ?? LEAST, 1e-6])) + 0.05);
  const bottom = Math.min(
    top - 2,
    Math.floor(
      Math.log10(
        Math.min(
          maxOf(
            finite.map((error) => 1 / error),
            1,
          ) ** -1,
          1,
        ),
      ),
    ),
  );
  const y = (error: number): number =>
    TOP + ((top - Math.log10(Math.max(error, 10 ** bottom))) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const step = (WIDTH - LEFT) / Math.max(points.length, 1);
  const bar = Math.min(28, Math.max(1.5, step * 0.7));
  const every = Math.max(1, Math.ceil((top - bottom) / 5));
  const decades = Array.from({ length: Math.floor((top - bottom) / every) + 1 }, (_, i) => top - i * every);
  const x = (i: number): number => LEFT + step * i + (step - bar) / 2;
  return html`<div class="scroll"><svg class="chart depth" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${decades.map((decade) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${place(y(10 ** decade))}" y2="${place(y(10 ** decade))}"/><text class="axis" x="${LEFT - 8}" y="${place(y(10 ** decade) + 4)}" text-anchor="end">1e${decade}</text>`)}
${points.map(({ name, error, isFirst }, i) => {
  const at = y(error ?? 10 ** top);
  return html`<g class="${isFirst ? 'first' : error === null ? 'infinite' : ''}"><title>${name}: ${error === null ? 'infinite' : numberText(error)}</title><rect x="${place(x(i))}" y="${place(at)}" width="${place(bar)}" height="${place(Math.max(HEIGHT - BOTTOM - at, 1.5))}"/></g>`;
})}
${typeof limit === 'number' && html`<line class="limit" x1="${LEFT}" x2="${WIDTH}" y1="${place(y(limit))}" y2="${place(y(limit))}"/><text class="limit" x="${WIDTH}" y="${place(y(limit) - 4)}" text-anchor="end">at most ${numberText(limit)}</text>`}
${ends(points).map(([i, anchor]) => html`<text class="axis" x="${place(anchor === 'start' ? LEFT : anchor === 'end' ? WIDTH : x(i))}" y="${HEIGHT - 8}" text-anchor="${anchor}">${clip(points[i]?.name ?? '')}</text>`)}
</svg></div>`;
}

/** Names stand below the first and the last. */
const ends = ({ length }: readonly unknown[]): [number, string][] =>
  length === 0
    ? []
    : length === 1
      ? [[0, 'start']]
      : [
          [0, 'start'],
          [length - 1, 'end'],
        ];

const clip = (name: string): string => (name.length > 40 ? `…${name.slice(-38)}` : name);
