/** A name that nobody has: the base, or `base_2`, `base_3` and on. */
export function freeName(base: string, isTaken: (name: string) => boolean): string {
  let free = base;
  for (let n = 2; isTaken(free); n++) free = `${base}_${n}`;
  return free;
}
