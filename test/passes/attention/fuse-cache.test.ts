import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { attentionKernels } from '../../../bench/gpu/attention-kernels.js';
import { decoder } from '../../../fixtures/decoder.js';
import { freeze } from '../../../passes/freeze.js';
import { fuseCache } from '../../../passes/fuse-cache.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { applyPass, checkMiss, checkPass, opCounts } from '../../check-pass.js';
import { hasHollow, hollow } from '../../runtime/hollow.js';
import { bias, cached, causal, HEADS, type Parts, padded, seen } from './cached-models.js';

/** Sums in another order. */
const NOISE = 1e-5;
const PAST = 5;

async function fuses(
  before: Model,
  { rows, batch, past = PAST, places }: { rows: number; batch: number; past?: number; places?: readonly number[] },
  mask?: readonly number[],
) {
  const total = past + rows;
  const feeds = {
    mask: tensorOf('int64', mask ?? Array<number>(batch * total).fill(1), [batch, total]),
    ...(places && { places: tensorOf('int64', places, [batch, rows]) }),
  };
  const dims = { rows, batch, past, total, present: total };
  const { model } = await checkPass(fuseCache(), { before, within: NOISE, feeds, dims });
  const [kernel] = model.graph.nodes().filter(({ opType }) => opType === 'GroupQueryAttention');
  const counts = opCounts(model);
  return { kernel: kernel!, counts, hasBias: kernel?.inputs[10] !== undefined };
}

describe('fuse-cache', () => {
  it('appends to the cache and reads each key once, for one query of several batches, whatever is masked', async () => {
    const mask = [0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 1];
    const { kernel, counts, hasBias } = await fuses(
      cached({ batch: 'batch', rows: 1, mask: padded }),
      { rows: 1, batch: 2 },
      mask,
    );
    expect([kernel.int('num_heads'), kernel.int('kv_num_heads'), hasBias]).toEqual([HEADS, 2, true]);
    // Those that are left append to the cache.
    expect([counts.Concat, counts.ReduceMean]).toEqual([2, 1]);
  });

  it.each([
    [-3.4028234663852886e38, 1],
    [-3e38, undefined],
  ])('keeps the mean where padding masks the only row whole by %d', async (fill, means) => {
    const mask: Parts['mask'] = (g, given) =>
      bias(g, g.op('Unsqueeze', [g.op('Cast', [given.mask], { to: 9 }), g.ints(1, 2)]), fill);
    const { counts } = await fuses(cached({ rows: 1, mask }), { rows: 1, batch: 1 }, [0, 0, 0, 0, 0, 0]);
    expect(counts.ReduceMean).toBe(means);
  });

  it('takes sizes that are numbers', async () => {
    const { model: before } = await applyPass(
      freeze({ dims: { past: PAST, total: PAST + 1, present: PAST + 1 } }),
      cached({ batch: 2, rows: 1, mask: padded }),
    );
    await fuses(before, { rows: 1, batch: 2 }, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1]);
  });

  it('gives no bias where the mask is causal behind the cache', async () => {
    for (const groups of [1, 2, HEADS]) {
      const { hasBias } = await fuses(cached({ groups, mask: causal }), { rows: 3, batch: 1 });
      expect(hasBias).toBe(false);
    }
  });

  it.each([
    ['one', causal, 3, [5, 6, 7]],
    ['one', causal, 3, [2, 9, 0]],
    ['interleaved', causal, 3, [5, 6, 7]],
    ['one', padded, 1, [11]],
  ] as const)(
    'rotates query and key in the kernel, at whatever places: %s, %o, %i',
    async (rotary, mask, rows, places) => {
      const { kernel, counts } = await fuses(cached({ rows, mask, rotary }), { rows, batch: 1, places });
      expect([kernel.int('do_rotary'), kernel.int('rotary_interleaved')]).toEqual([
        1,
        rotary === 'interleaved' ? 1 : 0,
      ]);
      expect(counts['com.microsoft.RotaryEmbedding']).toBeUndefined();
    },
  );

  it('rotates in the kernel behind caches of several lengths', async () => {
    const before = cached({ rows: 3, mask: causal, rotary: 'one', pasts: ['past', 'window'] });
    const feeds = { places: tensorOf('int64', [5, 6, 7], [1, 3]) };
    const dims = { past: PAST, window: 2, total: PAST + 3, present: PAST + 3, present_1: 5 };
    const { model } = await checkPass(fuseCache(), { before, within: NOISE, feeds, dims });
    expect(opCounts(model)['com.microsoft.RotaryEmbedding']).toBeUndefined();
  });

  it('rotates in the kernel where a step of a decoder is one batch', async () => {
    const small = decoder({ layers: 2, hidden: 64, heads: 4, kvHeads: 2, intermediate: 64, vocabulary: 64, seed: 0 });
    const options = { target: 'cpu', verify: 'pass', dims: { batch: 1, sequence: 1 } } as const;
    const { model, report } = await optimize(small, 'exact,fuse-cache', options);
    expect(opCounts(model)).toMatchObject({ 'com.microsoft.GroupQueryAttention': 2 });
    expect(opCounts(model)['com.microsoft.RotaryEmbedding']).toBeUndefined();
    expect(report.passes.at(-1)).toMatchObject({
      verdict: { outcome: 'accepted' },
      rewrites: { refuted: [], notCompared: [] },
    });
  });

  it.each([
    [
      'of other tables for the key',
      cached({ rows: 3, mask: causal, rotary: 'apart' }),
      { rows: 3, batch: 1, places: [5, 6, 7] },
    ],
    [
      'of several batches',
      cached({ batch: 'batch', rows: 1, mask: padded, rotary: 'one' }),
      { rows: 1, batch: 2, places: [5, 2] },
    ],
  ] as const)('leaves rotations in front of the kernel: %s', async (_, before, sizes) => {
    const { kernel, counts } = await fuses(before, sizes);
    expect(kernel.int('do_rotary')).toBeUndefined();
    expect(counts['com.microsoft.RotaryEmbedding']).toBe(2);
  });

  it('takes an empty cache', async () => {
    await fuses(cached({ mask: causal }), { rows: 3, batch: 1, past: 0 });
    await fuses(cached({ batch: 'batch', rows: 1, mask: padded }), { rows: 1, batch: 2, past: 0 });
  });

  it.each([
    ['nothing', [1, 1, 1, 1, 1, 1, 1, 1]],
    ['keys of the left', [0, 0, 1, 1, 1, 1, 1, 1]],
    ['all keys of two queries', [0, 0, 0, 0, 0, 0, 0, 1]],
  ])('keeps the numbers where padding masks %s of several queries', async (_, mask) => {
    const before = cached({ mask: (g, given) => bias(g, seen(g, given, true)) });
    const { hasBias, counts } = await fuses(before, { rows: 3, batch: 1 }, mask);
    expect([hasBias, counts.ReduceMean]).toEqual([true, 1]);
  });

  it('takes ai.onnx Attention as well', async () => {
    await fuses(cached({ standard: true, mask: causal }), { rows: 3, batch: 1 });
    await fuses(cached({ standard: true, groups: HEADS, mask: causal }), { rows: 3, batch: 1 });
  });

  it.each<[string, Parts, RegExp]>([
    ['open batch and rows', { batch: 'batch', mask: causal }, /several batches or several queries behind a cache/],
    ['a later key that may be seen', { mask: padded }, /not shown to be causal/],
    ['no mask', {}, /not shown to be causal/],
    [
      'a mask where every head has its own keys',
      { batch: 'b', rows: 1, groups: HEADS, mask: padded },
      /would read as much/,
    ],
    ['heads of 8', { size: 8, mask: causal }, /multiple of 16/],
    [
      'a mask of padding as an input',
      { rows: 1, more: (g) => [undefined, g.input('m', 'int32', [1, 'total'])] },
      /no place for .* a mask of padding/,
    ],
    [
      'a bias of the keys that the kernel appends',
      {
        rows: 1,
        mask: (g, { joined }) => {
          const largest = g.op('ReduceMax', [joined], { axes: [1, 3] });
          return g.op('Transpose', [largest], { perm: [0, 1, 3, 2] });
        },
      },
      /computed from the cache that it makes/,
    ],
  ])('leaves %s', async (_, parts, reason) => {
    await checkMiss(fuseCache(), { before: cached(parts), reason });
  });

  it('leaves a type without a kernel', async () => {
    await checkMiss(fuseCache(), {
      before: cached({ mask: causal }),
      target: 'cuda',
      reason: /no GroupQueryAttention for float32/,
    });
  });
});

describe('half, on CUDA', () => {
  const options = { layers: 1, hidden: 64, heads: 4, kvHeads: 2, intermediate: 64, vocabulary: 64, seed: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'fuse-cache-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['sm80', 'sm89', 'sm90'] as const)(
    'makes one kernel of attention over a cache in bfloat16: %s',
    async (card) => {
      const step = [freeze({ dims: { sequence: 1 } }), 'half'];
      const { model } = await optimize(decoder(options), step, { target: `cuda:${card}`, verify: 'none' });
      const attention = model.graph.nodes().filter(({ opType }) => opType.endsWith('Attention'));
      expect(attention.map(({ opType, output }) => `${opType} ${output.elem}`)).toEqual([
        'GroupQueryAttention bfloat16',
      ]);
      if (!hasHollow) return;
      const path = join(folder, `${card}.onnx`);
      await writeModel(model, path);
      const dims = { batch: 2, past_sequence: 5, total_sequence: 6 };
      const [found] = attentionKernels([{ path, dims }], { ...hollow, HOLLOW_SM: card.slice(2) });
      expect(found?.refused).toBeUndefined();
      expect(Object.values(found?.counts ?? {})).toEqual([1]);
      expect(Object.keys(found?.counts ?? {})[0]).toMatch(/^GroupQueryAttention bf16 /);
    },
  );
});
