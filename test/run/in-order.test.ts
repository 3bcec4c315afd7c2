/** The order in which a user writes passes does not decide what is possible. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generate, kindNames } from '../../fixtures/kinds.js';
import { passes } from '../../passes/index.js';
import type { Model } from '../../src/ir/model.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { inOrder } from '../../src/run/pipeline/in-order.js';
import { collection, modelFolders } from '../models.js';

const { bf16, fp16, fuseAct, fuseAttn, fuseCache, int8, opset, simplify } = passes;
const namesOf = (list: Parameters<typeof inOrder>[0]) => inOrder(list).map(({ pass }) => pass.definition.name);

describe('the order of passes', () => {
  it('has floats narrowed behind the fusions that follow directly', () => {
    expect(namesOf([fp16(), simplify(), fuseAttn(), fuseAct()])).toEqual(['simplify', 'fuse-attn', 'fuse-act', 'fp16']);
    expect(inOrder([bf16(), fuseAttn()])[1]?.behind).toBe('fuse-attn');
  });

  it('has attention over a cache fused behind both', () => {
    for (const list of [
      [fuseCache(), fp16(), fuseAttn()],
      [fp16(), fuseCache(), fuseAttn()],
      [fuseAttn(), fuseCache(), fp16()],
    ])
      expect(namesOf(list)).toEqual(['fuse-attn', 'fp16', 'fuse-cache']);
    expect(inOrder([fuseCache(), fp16(), int8()])[1]?.behind).toBe('fp16');
    expect(namesOf([fuseAttn(), fp16(), fuseCache(), simplify()])).toEqual([
      'fuse-attn',
      'fp16',
      'fuse-cache',
      'simplify',
    ]);
  });

  it('gives a decoder its kernels over a cache in any', async () => {
    const decoder = generate('decoder', 'miniature', 0).model;
    const options = { target: 'cuda', verify: 'none', dims: { sequence: 1 } } as const;
    const [first, ...others] = await Promise.all(
      ['exact,fp16,fuse-cache', 'fp16,exact,fuse-cache', 'fuse-cache,fp16,exact', 'fp16,fuse-cache,exact'].map(
        async (list) => (await optimize(decoder, list, options)).model,
      ),
    );
    expect(first?.graph.nodes().filter(({ opType }) => opType === 'GroupQueryAttention')).toHaveLength(2);
    const bytes = await writeModel(first as Model);
    for (const other of others) expect(Buffer.compare(await writeModel(other), bytes)).toBe(0);
  });

  it('is the written one otherwise', () => {
    for (const list of [
      [fuseAttn(), fp16(), simplify()],
      [fp16(), int8(), fuseAct()],
      [bf16(), opset({ to: 22 }), fuseAttn()],
      [int8(), fuseAct(), fp16()],
    ]) {
      expect(namesOf(list)).toEqual(list.map(({ definition }) => definition.name));
      expect(inOrder(list).every(({ behind }) => behind === undefined)).toBe(true);
    }
  });

  const zoo = modelFolders(collection('zoo')).filter((_, i) => i % 36 === 5);
  it.each([...kindNames, ...zoo])('gives %s the same bytes in either', async (place) => {
    const kind = kindNames.find((name) => name === place);
    const model: Model = kind ? generate(kind, 'miniature', 0).model : await readModel(join(place, 'model.onnx'));
    for (const target of ['cuda', 'cpu'] as const) {
      const [one, other] = await Promise.all(
        ['fp16,exact', 'exact,fp16'].map((list) => optimize(model, list, { target, verify: 'none' })),
      );
      const [a, b] = [await writeModel(one?.model as Model), await writeModel(other?.model as Model)];
      expect(Buffer.compare(a, b)).toBe(0);
      expect(one?.report.passes.at(-1)?.notes[0]?.text).toBe(
        'ran behind fuse-act: casts would hide from fusions what they look for',
      );
    }
  });
});
