/** Bytes as areas: parts of a model, and in each of them types. */
import { bytesText } from '../../../ir/text/quantities.js';
import { html, type Markup } from '../markup.js';
import { place } from './bars.js';
import { type Rectangle, squarified } from './squarify.js';

export interface TreemapPart {
  readonly name: string;
  readonly types: Readonly<Record<string, number>>;
}

const WIDTH = 450;
const HEIGHT = 280;

const sum = (types: Readonly<Record<string, number>>): number => Object.values(types).reduce((a, b) => a + b, 0);

/** All bytes of the parts. */
export const bytesOfParts = (parts: readonly TreemapPart[]): number =>
  parts.reduce((bytes, { types }) => bytes + sum(types), 0);

/** The area of the larger of two treemaps is the whole width and height; `most` are its bytes. */
export function treemap(parts: readonly TreemapPart[], most: number, label: string): Markup {
  const sorted = parts.filter(({ types }) => sum(types) > 0).sort((a, b) => sum(b.types) - sum(a.types));
  const total = bytesOfParts(sorted);
  const height = most > 0 ? Math.max((HEIGHT * total) / most, total > 0 ? 2 : 0) : 0;
  const places = squarified(
    sorted.map(({ types }) => sum(types)),
    { x: 0, y: 0, width: WIDTH, height },
  );
  return html`<svg class="chart treemap" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${sorted.map((part, at) => partMarkup(part, places[at] as Rectangle))}</svg>`;
}

function partMarkup({ name, types }: TreemapPart, { x, y, width, height }: Rectangle): Markup {
  const all = Object.entries(types)
    .filter(([, bytes]) => bytes > 0)
    .sort(([, a], [, b]) => b - a);
  const cells = squarified(
    all.map(([, bytes]) => bytes),
    { x, y, width, height },
  );
  const title = `${name}: ${all.map(([type, bytes]) => `${type} ${bytesText(bytes)}`).join(', ')}`;
  const lines = [
    name,
    bytesText(sum(types)),
    ...(all.length === 1 && all[0]?.[0] !== name ? [all[0]?.[0] as string] : []),
  ];
  const fits = Math.max(0, Math.floor((height - 6) / LINE));
  return html`<g><title>${title}</title>${cells.map((cell, i) => html`<rect class="${typeClass(all[i]?.[0] ?? '')}" x="${place(cell.x)}" y="${place(cell.y)}" width="${place(Math.max(cell.width - 1, 0.4))}" height="${place(Math.max(cell.height - 1, 0.4))}"/>`)}
${width > 44 && lines.slice(0, fits).map((line, i) => html`<text x="${place(x + 6)}" y="${place(y + 15 + LINE * i)}">${clip(line, width)}</text>`)}</g>`;
}

const LINE = 14;

/** The colour of an element type, by how wide it is. */
export const typeClass = (type: string): string =>
  /64/.test(type)
    ? 'wide'
    : /^(?:float|float32|int32|uint32)$/.test(type)
      ? 'full'
      : /16/.test(type)
        ? 'half'
        : /int4|float4|int2|uint4/.test(type)
          ? 'eighth'
          : /8/.test(type)
            ? 'quarter'
            : 'other';

/** Letters of this drawing are some 6 units wide; what is cut is in the title. */
function clip(text: string, width: number): string {
  const most = Math.max(Math.floor((width - 10) / 6.4), 1);
  return text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 1))}…`;
}
