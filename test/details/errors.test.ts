/** Errors by block, as a report has them. */
import { describe, expect, it } from 'vitest';
import { encoder } from '../../fixtures/encoder.js';
import { blocksIn } from '../../src/details/errors.js';
import type { Node } from '../../src/ir/node.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { optimize } from '../../src/optimize.js';
import { partsOf } from '../../src/region/blocks/parts.js';
import { errorByBlock } from '../../src/validate/by-block/index.js';

it('puts a part whose nodes are spread over the model where its error is', () => {
  const part = (name: string) => ({ name, nodes: 1, values: 1, error: 0 });
  const value = (at: string, of: number, error: number) => ({ value: at, node: at, part: of, error });
  const { byBlock } = blocksIn({
    parts: ['other', 'layer', 'empty', 'head'].map(part),
    values: [
      ...[value('mask', 0, 0), value('x', 1, 0.1), value('y', 1, 0.1)],
      ...[value('infinite', 3, Number.POSITIVE_INFINITY), value('logits', 0, 0.3)],
    ],
    first: undefined,
  });
  expect(byBlock).toEqual([
    { block: 'layer', at: 'x', relativeL2: 0.1 },
    { block: 'head', at: 'infinite', relativeL2: null },
    { block: 'other', at: 'logits', relativeL2: 0.3 },
  ]);
});

describe('a search with little time', () => {
  const layers = encoder({ layers: 4, hidden: 32, heads: 2, intermediate: 64, vocabulary: 50, positions: 32, seed: 1 });

  it('compares the ends of blocks, and says what is left out and what shows it', async () => {
    const { model } = await optimize(layers, 'int8', { target: 'cpu', verify: 'none' });
    const found = await errorByBlock(layers, model, { partsOf, insideMs: 0 });
    const ends = found.parts.filter(({ instance }) => instance);
    expect(ends.map(({ values }) => values)).toEqual([1, 1, 1, 1]);
    for (const { error } of ends) expect(error).toBeGreaterThan(1e-4);
    expect(found.first?.node).toBeDefined();
    expect(found.first?.without).toBeUndefined();
    expect(found.cut).toBeGreaterThan(0);
  });

  it('goes on with the block where the error begins', async () => {
    const faulty = cloneModel(layers);
    const div = [...faulty.graph.nodeSet].find(({ name }) => name === '/encoder/layer.2/attention/self/Div');
    faulty.graph.setInput(div as Node, 1, faulty.graph.constant(tensorOf('float32', [1], [])));
    const steps: number[] = [];
    // The time of a step is not known before it: all steps of this small model have time.
    const found = await errorByBlock(layers, faulty, {
      ...{ partsOf, insideMs: 60_000 },
      onProgress: ({ share }) => steps.push(share),
    });
    expect(found.cut).toBeUndefined();
    expect(found.first?.node).toContain('layer.2/attention/self/Div');
    expect(steps.length).toBeGreaterThanOrEqual(3);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });
});
