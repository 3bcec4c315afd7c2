/** Layers that hold many equal steps each are compiled once as layers. */
import { describe, expect, it } from 'vitest';
import { unrolledScan } from './blocks/blocks-architectures.js';
import { compiledAlike } from './chains.js';

describe('an unrolled scan in each layer', () => {
  it.each(['exact', 'half', 'quarter'])('leaves the layers the repeats that are compiled once: %s', async (list) => {
    const { repeats } = await compiledAlike(unrolledScan(9, 12), list);
    expect(repeats).toMatchObject([{ count: 9, once: 4 }]);
  });
});
