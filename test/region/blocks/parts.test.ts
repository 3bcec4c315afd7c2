import { describe, expect, it } from 'vitest';
import { encoder } from '../../../fixtures/encoder.js';
import { inferTypes } from '../../../src/infer/index.js';
import { partsOf } from '../../../src/region/blocks/parts.js';

describe('parts', () => {
  it('are the layers and what stands once, each node in one, by depth', () => {
    const model = encoder({
      layers: 3,
      hidden: 16,
      heads: 2,
      intermediate: 32,
      vocabulary: 20,
      positions: 16,
      seed: 0,
    });
    inferTypes(model);
    const parts = partsOf(model.graph);
    expect(parts.map(({ name, instance }) => (instance ? `${name} ${instance.number}/${instance.of}` : name))).toEqual([
      'embeddings',
      'other',
      'encoder layer 1/3',
      'encoder layer 2/3',
      'encoder layer 3/3',
      'pooler',
    ]);
    const nodes = parts.flatMap((part) => part.nodes);
    expect(new Set(nodes).size).toBe(nodes.length);
    expect(nodes.length).toBe(model.graph.nodeSet.size);
  });
});
