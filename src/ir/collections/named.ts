/** Dictionaries by names that files and users choose: any text is a name, `__proto__` and `constructor` like all others. */

/** A dictionary of these entries: under a name that is not among them it holds nothing, and any may be set. */
export function named<T>(entries: Iterable<readonly [name: string, value: T]> = []): Record<string, T> {
  const all: Record<string, T> = Object.create(null);
  for (const [name, value] of entries) all[name] = value;
  return all;
}

/** What a dictionary from elsewhere holds under a name, and never what every object inherits. */
export const under = <T>(all: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  all !== undefined && Object.hasOwn(all, name) ? all[name] : undefined;
