/** Places the parts of a whole in a rectangle, each by its size and as square as it can be (Bruls, Huizing, van Wijk: Squarified treemaps). */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One rectangle a size; the sizes are positive and descend. */
export function squarified(sizes: readonly number[], within: Rectangle): Rectangle[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const scale = total > 0 ? (within.width * within.height) / total : 0;
  const placed: Rectangle[] = [];
  let rest = within;
  for (let from = 0; from < sizes.length; ) {
    const side = Math.min(rest.width, rest.height);
    let [to, sum] = [from + 1, (sizes[from] as number) * scale];
    while (to < sizes.length) {
      const more = sum + (sizes[to] as number) * scale;
      const largest = (sizes[from] as number) * scale;
      if (
        worst(largest, (sizes[to] as number) * scale, more, side) >
        worst(largest, (sizes[to - 1] as number) * scale, sum, side)
      )
        break;
      [sum, to] = [more, to + 1];
    }
    rest = placeRow(
      sizes.slice(from, to).map((size) => size * scale),
      sum,
      rest,
      placed,
    );
    from = to;
  }
  return placed;
}

/** The longest side over the shortest, of the least square part of a row. */
const worst = (largest: number, smallest: number, sum: number, side: number): number =>
  Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * smallest));

/** Puts a row along the shorter side; gives what is left. */
function placeRow(areas: readonly number[], sum: number, within: Rectangle, placed: Rectangle[]): Rectangle {
  const { x, y, width, height } = within;
  const isTall = width >= height;
  const depth = sum / Math.max(Math.min(width, height), 1e-9);
  let along = isTall ? y : x;
  for (const area of areas) {
    const length = area / Math.max(depth, 1e-9);
    placed.push(isTall ? { x, y: along, width: depth, height: length } : { x: along, y, width: length, height: depth });
    along += length;
  }
  return isTall
    ? { x: x + depth, y, width: Math.max(width - depth, 0), height }
    : { x, y: y + depth, width, height: Math.max(height - depth, 0) };
}
