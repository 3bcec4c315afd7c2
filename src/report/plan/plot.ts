/** Lines in a plane as an SVG, a mark for each point: both axes from 0, or the upright one by powers of ten. */
import { maxOf, minOf } from '../../ir/collections/lists.js';

export interface PlotLine {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Text beside each point. */
  readonly labels?: readonly string[];
}

export interface PlotAxes {
  readonly x: string;
  readonly y: string;
  readonly title: string;
  /** Numbers from hundredths to tens are told apart; none is 0. */
  readonly isLogarithmic?: boolean;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [640, 360, 70, 50, 40, 20];
const colours = ['#c0392b', '#2471a3', '#1e8449'];

/** A step of 1, 2 or 5 times a power of ten that divides the range in about five. */
function stepOf(most: number): number {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((step) => step * power >= rough) ?? 10) * power;
}

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** An axis of numbers: the share of its length at which one stands, and the marks on it. */
interface PlotScale {
  at(value: number): number;
  readonly marks: readonly number[];
}

function linear(values: readonly number[]): PlotScale {
  const most = maxOf(values, 0) * 1.05 || 1;
  const step = stepOf(most);
  return {
    at: (value) => value / most,
    marks: Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step),
  };
}

function logarithmic(values: readonly number[]): PlotScale {
  const [from, to] = [Math.floor(Math.log10(minOf(values, 1))), Math.ceil(Math.log10(maxOf(values, 0) || 1))];
  const length = Math.max(1, to - from);
  return {
    at: (value) => (Math.log10(value) - from) / length,
    marks: Array.from({ length: length + 1 }, (_, i) => 10 ** (from + i)),
  };
}

/** Names of axes, lines and the title are text. */
export function plotOf(lines: readonly PlotLine[], { x, y, title, isLogarithmic = false }: PlotAxes): string {
  const points = lines.flatMap((line) => line.points);
  const across = linear(points.map(([value]) => value));
  const upright = (isLogarithmic ? logarithmic : linear)(points.map(([, value]) => value));
  const atX = (value: number) => LEFT + across.at(value) * (WIDTH - LEFT - RIGHT);
  const atY = (value: number) => HEIGHT - BOTTOM - upright.at(value) * (HEIGHT - BOTTOM - TOP);
  const text = (px: number, py: number, words: string, more = 'text-anchor="middle"') =>
    `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" ${more}>${escaped(words)}</text>`;
  const told = (value: number) => String(Number(value.toPrecision(6)));
  const grid = upright.marks.map(
    (value) =>
      `<path d="M${LEFT} ${atY(value).toFixed(1)}H${WIDTH - RIGHT}" stroke="#ddd"/>${text(LEFT - 8, atY(value) + 4, told(value), 'text-anchor="end"')}`,
  );
  const ticks = across.marks.map((value) => text(atX(value), HEIGHT - BOTTOM + 18, told(value)));
  const drawn = lines.map(({ name, points: own, labels = [] }, index) => {
    const colour = colours[index % colours.length];
    const path = own.map(([px, py], i) => `${i ? 'L' : 'M'}${atX(px).toFixed(1)} ${atY(py).toFixed(1)}`).join('');
    const dots = own.map(
      ([px, py]) => `<circle cx="${atX(px).toFixed(1)}" cy="${atY(py).toFixed(1)}" r="3.5" fill="${colour}"/>`,
    );
    const beside = own.flatMap(([px, py], i) =>
      labels[i] ? [text(atX(px) + 6, atY(py) - 6, labels[i], `fill="${colour}" font-size="10"`)] : [],
    );
    const legend = `<path d="M${LEFT + 14} ${TOP + 14 + index * 20}h24" stroke="${colour}" stroke-width="2"/>`;
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${beside.join('')}${legend}${text(LEFT + 46, TOP + 18 + index * 20, name, '')}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(WIDTH / 2, 22, title, 'text-anchor="middle" font-size="15"'),
    ...grid,
    ...ticks,
    text((LEFT + WIDTH) / 2, HEIGHT - 10, x),
    text(16, HEIGHT / 2, y),
    ...drawn,
    '</svg>\n',
  ].join('\n');
}
