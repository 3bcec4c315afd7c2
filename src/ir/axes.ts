/** An axis counted from the start: operators count negative ones from the end. */
export const fromStart = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
