/** Lists as long as a model has parts. As arguments of one call they would take the stack, and end the process from about 100,000 on. */

/** `list.push(...more)`. */
export function append<T>(list: T[], more: Iterable<T>): void {
  for (const one of more) list.push(one);
}

/** `list.splice(0, Infinity, ...items)`: the list holds these instead; they may be made of what it held. */
export function refill<T>(list: T[], items: Iterable<T>): void {
  const all = [...items];
  list.length = 0;
  append(list, all);
}

/** `Math.max(least, ...numbers)`. */
export function maxOf(numbers: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let most = least;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}

/** `Math.min(most, ...numbers)`. */
export function minOf(numbers: Iterable<number>, most = Number.POSITIVE_INFINITY): number {
  let least = most;
  for (const number of numbers) least = Math.min(least, number);
  return least;
}

/** Adds to the list that a map has for a key; makes the list where it has none. */
export function appendTo<K, T>(lists: Map<K, T[]>, key: K, one: T): void {
  const list = lists.get(key);
  if (list) list.push(one);
  else lists.set(key, [one]);
}
