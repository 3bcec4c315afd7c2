/** Throws TypeError: a pattern that can mean nothing is its author's slip. */
export function refuse(place: string, expected: string, found: string): never {
  throw new TypeError(`pattern ${place}: expected ${expected}; found ${found}.`);
}

/** Throws TypeError for an infinity or NaN. */
export const finite = (place: string, x: number): number =>
  Number.isFinite(x) ? x : refuse(place, 'a finite number', String(x));
