/** Errors by block, as a report has them. */
import { expect, it } from 'vitest';
import { blocksIn } from '../../src/details/errors.js';

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
