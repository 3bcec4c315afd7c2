/** Tests forms that a kernel does not take: another form is emitted, or the site says why not. */
import { describe, expect, it } from 'vitest';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { buildModel, type DimLike } from '../../../src/ir/build.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { checkMiss, checkPass } from '../../check-pass.js';
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

describe('a scale that a kernel reads as none', () => {
  const scaled = (by: number, opset: number) =>
    buildModel({ '': opset }, (g) => {
      const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, 'float32', ['batch', 2, 'rows', 4]));
      const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
      const factor = g.op('Mul', [scores, g.constant('float32', by)]);
      g.output('y', g.op('MatMul', [g.op('Softmax', [factor], { axis: -1 }), v]));
    });

  it('is 0 for all of them: every key counts alike, which none computes', async () => {
    await checkMiss(fuseAttn(), { before: scaled(0, 17), reason: 'not a finite number other than 0' });
  });

  it('is negative for Attention alone', async () => {
    await checkMiss(fuseAttn({ op: 'Attention' }), { before: scaled(-1, 23), reason: 'a scale above 0' });
    await checkPass(fuseAttn(), { before: scaled(-1, 17), within: NOISE });
  });
});

describe('a row that masks overwrite with the lowest number is shared out evenly by Attention too', () => {
  const masked = (...names: string[]) =>
    buildModel({ '': 23 }, (g) => {
      const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, 'float32', [2, 2, 3, 4]));
      const product = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
      const lowest = g.constant('float32', -3.4028234663852886e38);
      const scores = names.reduce(
        (scores, name) => g.op('Where', [g.input(name, 'bool', [2, 1, 1, 3]), lowest, scores]),
        product,
      );
      g.output('y', g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), v]));
    });
  const hides = (...bits: number[]) => tensorOf('bool', bits, [2, 1, 1, 3]);

  it('by one mask', async () => {
    const feeds = { hides: hides(1, 1, 1, 0, 1, 0) };
    await checkPass(fuseAttn({ op: 'Attention' }), { before: masked('hides'), within: NOISE, feeds });
  });

  it('by one over another, which is no sum', async () => {
    const feeds = { hides: hides(1, 1, 0, 0, 1, 0), also: hides(1, 0, 1, 0, 0, 1) };
    const before = masked('hides', 'also');
    const { model } = await checkPass(fuseAttn({ op: 'Attention' }), { before, within: NOISE, feeds });
    expect(model.graph.nodes().filter((node) => node.is('Attention'))).toHaveLength(1);
  });
});
