/** An axis counted from the start: operators count negative ones from the end. */
export const fromStart = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** An axis counted from the front; undefined where it is outside the rank. */
export function axisOf(axis: number, rank: number): number | undefined {
  const at = fromStart(axis, rank);
  return at >= 0 && at < rank ? at : undefined;
}
