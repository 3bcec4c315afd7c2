/** Layers that hold many equal steps each, and layers of two kinds one after the other, are compiled once as layers. */
import { describe, expect, it } from 'vitest';
import { mamba, translator, unrolledScan } from './blocks/blocks-architectures.js';
import { compiledAlike } from './chains.js';

describe('an unrolled scan in each layer', () => {
  it.each(['exact', 'half', 'quarter'])('leaves the layers the repeats that are compiled once: %s', async (list) => {
    const { repeats } = await compiledAlike(unrolledScan(9, 12), list);
    expect(repeats).toMatchObject([{ count: 9, once: 4 }]);
  });
});

describe('gated convolutions and scans', () => {
  it.each(['exact', 'half', 'quarter'])('are compiled once: %s', async (list) => {
    const { repeats } = await compiledAlike(mamba(9), list);
    expect(repeats).toMatchObject([{ count: 9 }]);
    expect(repeats[0]?.once).toBeGreaterThan(2);
  });
});

describe('an encoder of many layers before a decoder of few, of which a part is like the encoder', () => {
  it.each(['exact', 'half', 'quarter'])('has the layers of the encoder compiled once: %s', async (list) => {
    const { repeats } = await compiledAlike(translator(12, 3), list);
    expect(repeats.some(({ once }) => once >= 6)).toBe(true);
  });
});
