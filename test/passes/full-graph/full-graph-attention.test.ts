import { describe, expect, it } from 'vitest';
import { fullGraph } from '../../../passes/full-graph.js';
import { float } from '../../../src/ir/attribute.js';
import { type Attributes, buildModel } from '../../../src/ir/build.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { placementByTables } from '../../../src/validate/placement-by-tables.js';
import { checkMiss, checkPass } from '../../check-pass.js';

const [LOW, MINUS] = [-3.4028234663852886e38, Number.NEGATIVE_INFINITY];

interface Form {
  readonly mask?: readonly ['bool' | 'float32', readonly (number | string)[]];
  readonly rank?: 3 | 4;
  readonly keyHeads?: number;
  readonly attributes?: Attributes;
  readonly opset?: number;
}

/** 4 heads of width 8, 3 queries, 5 keys. */
const attention = ({ mask, rank = 4, keyHeads = 4, attributes = {}, opset = 23 }: Form) =>
  buildModel({ '': opset }, (g) => {
    const shape = (heads: number, length: string) =>
      rank === 4 ? ['batch', heads, length, 8] : ['batch', length, heads * 8];
    const query = g.input('query', 'float32', shape(4, 'rows'));
    const [key, value] = ['key', 'value'].map((name) => g.input(name, 'float32', shape(keyHeads, 'columns')));
    const inputs = [query, key, value, mask && g.input('mask', ...mask)];
    const heads = rank === 3 ? { q_num_heads: 4, kv_num_heads: keyHeads } : {};
    g.output('y', g.op('Attention', inputs, { ...heads, ...attributes }), 'float32');
  });

const dims = { rows: 3, columns: 5 };
/** A row of queries that may look at nothing, and one that may look at all. */
const allowed = [1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
const masks = (no: number) => tensorOf('float32', [...allowed.map((may) => (may ? 0.5 : no))], [3, 5]);

const forms: readonly Form[] = [
  {},
  { rank: 3 },
  { keyHeads: 2 },
  { rank: 3, keyHeads: 1, attributes: { scale: float(0.3) } },
  { attributes: { is_causal: 1 } },
];

/** Sums in another order. */
const DIGITS = 1e-5;

describe('full-graph: Attention on WebGPU', () => {
  it.each(forms)('by two products: %o', async (form) => {
    const before = attention(form);
    const { model } = await checkPass(fullGraph(), { before, target: 'webgpu', dims, within: DIGITS });
    expect(placementByTables(model, 'webgpu')).toMatchObject({ fallbacks: {}, copies: 0 });
  });

  it.each([true, false])('with rows that a mask of bool excludes whole (causal: %s)', async (isCausal) => {
    const before = attention({ mask: ['bool', ['rows', 'columns']], attributes: { is_causal: Number(isCausal) } });
    const feeds = { mask: tensorOf('bool', allowed, [3, 5]) };
    await checkPass(fullGraph(), { before, target: 'webgpu', dims, feeds, within: DIGITS });
  });

  it.each([-1e4, LOW, MINUS])('with rows that a mask of %d excludes whole', async (no) => {
    const before = attention({ mask: ['float32', ['rows', 'columns']] });
    await checkPass(fullGraph(), { before, target: 'webgpu', dims, feeds: { mask: masks(no) }, within: DIGITS });
  });

  const misses: readonly (readonly [string, Form])[] = [
    ['it has a soft cap', { attributes: { softcap: float(2) } }],
    ['its Softmax has another type', { attributes: { softmax_precision: 11 } }],
    ['its mask may be shorter', { opset: 24, mask: ['float32', ['rows', 'some']] }],
    ['its heads are not known', { rank: 3, keyHeads: 3 }],
  ];
  it.each(misses)('leaves others: %s', (reason, form) =>
    checkMiss(fullGraph(), { before: attention(form), target: 'webgpu', reason }),
  );
});
