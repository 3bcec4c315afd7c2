/** A few random graphs of a fixed seed through all their lists: the long run is `npm run fuzz`. */
import { expect, it } from 'vitest';
import { fuzzGraphs } from './graphs/run.js';

it('lists of passes keep what random graphs compute', async () => {
  const said: string[] = [];
  const { text, findings } = await fuzzGraphs({ seed: 1, seconds: 600, count: 10, say: (line) => said.push(line) });
  expect(findings, said.join('\n')).toBe(0);
  // Most graphs that are drawn run: what is refused tests nothing.
  expect(Number(text.match(/(\d+) % run/)?.[1])).toBeGreaterThan(60);
});
