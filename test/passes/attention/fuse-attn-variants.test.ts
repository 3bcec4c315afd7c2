import { expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { variantsOf } from '../../../src/run/tune/tuning.js';

it('offers for tuning no op that ends the process on an empty batch, or hides weights from later passes', () => {
  const ops = variantsOf(fuseAttn(), { target: 'cpu' }).map((options) => (options as { op: string }).op);
  expect(ops).toEqual(['auto', 'MultiHeadAttention', 'Attention']);
  // An op asked for by name is raced only against leaving it out.
  expect(variantsOf(fuseAttn({ op: 'GroupQueryAttention' }), { target: 'cpu' })).toEqual([
    { op: 'GroupQueryAttention' },
  ]);
});
