/** How much more CPU time work takes on an input ten times as large: about 10 where it is linear, 100 where it is quadratic. */

/** Least of so many runs each, in turn: what else the machine does only adds. */
const RUNS = 3;

/** The ratio of the least times. `make` gives an input of a size; work that keeps its result needs a new one for each run. */
export function growth<T>(make: (size: number) => T, size: number, work: (input: T) => void): number {
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
  for (let run = 0; run < RUNS; run++)
    for (const [at, n] of [size, 10 * size].entries()) {
      const input = make(n);
      const started = process.cpuUsage();
      work(input);
      const { user, system } = process.cpuUsage(started);
      least[at] = Math.min(least[at] as number, user + system);
    }
  return least[1] / least[0];
}
