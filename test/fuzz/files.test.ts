/** A few hundred mutated files of a fixed seed: what goes on for hours in `npm run fuzz -- --files`. */
import { describe, expect, it } from 'vitest';
import { type Told, tryFiles } from './files/tries.js';

describe('mutated files', () => {
  it('go through everything that reads models, or are refused in one line', async () => {
    const told: Told[] = [];
    await tryFiles({ seed: 1, from: 0, to: 200, own: true }, (one) => told.push(one));
    expect(
      told.filter(({ outcome }) => outcome.kind === 'found').map(({ index, outcome }) => ({ index, outcome })),
    ).toEqual([]);
    expect(told.filter(({ outcome }) => outcome.kind === 'ran').length).toBeGreaterThan(60);
  });
});
