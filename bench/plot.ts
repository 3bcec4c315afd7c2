/** Lines in a plane as an SVG: both axes from 0, a mark for each point. */

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [640, 360, 70, 50, 40, 20];
const colours = ['#c0392b', '#2471a3', '#1e8449'];

/** A step of 1, 2 or 5 times a power of ten that divides the range in about five. */
function stepOf(most: number): number {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((step) => step * power >= rough) ?? 10) * power;
}

/** Names of axes and the title are plain text. */
export function plotOf(lines: readonly Line[], { x, y, title }: { x: string; y: string; title: string }): string {
  const points = lines.flatMap((line) => line.points);
  const [mostX, mostY] = [0, 1].map((axis) => Math.max(...points.map((point) => point[axis] as number)) * 1.05) as [
    number,
    number,
  ];
  const atX = (value: number) => LEFT + (value / mostX) * (WIDTH - LEFT - RIGHT);
  const atY = (value: number) => HEIGHT - BOTTOM - (value / mostY) * (HEIGHT - BOTTOM - TOP);
  const marks = (most: number) =>
    Array.from({ length: Math.floor(most / stepOf(most)) + 1 }, (_, i) => i * stepOf(most));
  const text = (px: number, py: number, words: string, more = 'text-anchor="middle"') =>
    `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" ${more}>${words}</text>`;
  const grid = marks(mostY).map(
    (value) =>
      `<path d="M${LEFT} ${atY(value).toFixed(1)}H${WIDTH - RIGHT}" stroke="#ddd"/>${text(LEFT - 8, atY(value) + 4, String(value), 'text-anchor="end"')}`,
  );
  const ticks = marks(mostX).map((value) => text(atX(value), HEIGHT - BOTTOM + 18, String(value)));
  const drawn = lines.map(({ name, points: own }, index) => {
    const colour = colours[index % colours.length];
    const path = own.map(([px, py], i) => `${i ? 'L' : 'M'}${atX(px).toFixed(1)} ${atY(py).toFixed(1)}`).join('');
    const dots = own.map(
      ([px, py]) => `<circle cx="${atX(px).toFixed(1)}" cy="${atY(py).toFixed(1)}" r="3.5" fill="${colour}"/>`,
    );
    const legend = `<path d="M${LEFT + 14} ${TOP + 14 + index * 20}h24" stroke="${colour}" stroke-width="2"/>`;
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${legend}${text(LEFT + 46, TOP + 18 + index * 20, name, '')}`;
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
