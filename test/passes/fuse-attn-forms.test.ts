/** Forms that a kernel does not take are not emitted: another is, or the site says why not. */
import { describe, it } from 'vitest';
import { fuseAttn } from '../../passes/fuse-attn.js';
import { buildModel, type DimLike } from '../../src/ir/build.js';
import { checkMiss, checkPass } from '../check-pass.js';
import { NOISE } from './attention-models.js';

/** Query, key and value whose heads are an axis of the model's inputs. */
const separate = (valueSize: number, keys: DimLike = 'keys', values: DimLike = keys) =>
  buildModel({ '': 17 }, (g) => {
    const q = g.input('q', 'float32', ['batch', 2, 'rows', 4]);
    const k = g.input('k', 'float32', ['batch', 2, keys, 4]);
    const v = g.input('v', 'float32', ['batch', 2, values, valueSize]);
    const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
    g.output('y', g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), v]));
  });

describe('attention whose values have heads of another size', () => {
  it('goes to MultiHeadAttention with heads and columns as one axis', async () => {
    await checkPass(fuseAttn(), {
      before: separate(3),
      within: NOISE,
      ops: { Transpose: 4, Reshape: 4, 'com.microsoft.MultiHeadAttention': 1 },
    });
  });

  it('goes to Attention as it is', async () => {
    const before = separate(3);
    before.opsets.set('', 23);
    await checkPass(fuseAttn({ op: 'Attention' }), { before, within: NOISE, ops: { Attention: 1 } });
  });

  it('stays where one op with packed weights was asked for', async () => {
    await checkMiss(fuseAttn({ op: 'com.microsoft.Attention' }), {
      before: separate(3),
      reason: 'heads of one known size',
    });
  });
});
