/** The attention op by the generation of CUDA devices, and the table that it is chosen by against the provider's own word on hollow CUDA. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { attentionKernels } from '../../../bench/gpu/attention-kernels.js';
import { isAttentionFaster, kernelsByOp } from '../../../passes/attention/emit/fastest.js';
import { fuseAttn } from '../../../passes/fuse-attn.js';
import { float } from '../../../src/ir/attribute.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { architectures, type TargetName } from '../../../src/ir/targets/targets.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { applyPass } from '../../check-pass.js';
import { hasHollow, hollow } from '../../runtime/hollow.js';

const types = ['float32', 'float16', 'bfloat16'] as const;
const ops = ['MultiHeadAttention', 'Attention'] as const;

/** One attention node of 12 heads of 64, 128 queries and keys, in a type between casts. */
function oneNode(op: (typeof ops)[number], type: DataType, isBiased: boolean): Model {
  return buildModel({ '': 23, 'com.microsoft': 1 }, (g) => {
    const cast = (value: Value, to: DataType) => (value.elem === to ? value : g.cast(value, to));
    const [q, k, v] = ['q', 'k', 'v'].map((name) => cast(g.input(name, 'float32', [1, 128, 768]), type));
    const bias = isBiased ? cast(g.input('bias', 'float32', [1, 1, 128, 128]), type) : undefined;
    const y =
      op === 'Attention'
        ? g.op(op, [q, k, v, bias], { q_num_heads: 12, kv_num_heads: 12 })
        : g.op(op, [q, k, v, undefined, undefined, bias], { num_heads: 12 }, { domain: 'com.microsoft' });
    g.output('y', cast(y, 'float32'), 'float32', [1, 128, 768]);
  });
}

/** softmax(q·kᵀ / 8 + bias)·v */
const plain = (opset: number, more: (g: GraphBuilder, y: Value) => Value = (_, y) => y) =>
  buildModel({ '': opset }, (g) => {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, 'float32', [2, 4, 16, 8])) as [Value, Value, Value];
    const scores = g.op('Mul', [
      g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]),
      g.constant('float32', [0.125]),
    ]);
    g.output('y', more(g, g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), v])), 'float32');
  });

const opsOf = ({ graph }: Model) =>
  graph.nodes().flatMap((node) => ((ops as readonly string[]).includes(node.opType) ? [node.opType] : []));

describe('the attention op for a generation of devices', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attention-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.runIf(hasHollow).each(architectures)('has the kernels that the provider takes on %s', async (architecture) => {
    const cases = ops.flatMap((op) =>
      types.flatMap((type) => [false, true].map((isBiased) => ({ op, type, isBiased }))),
    );
    const models = await Promise.all(
      cases.map(async ({ op, type, isBiased }, i) => {
        const path = join(folder, `${architecture}-${i}.onnx`);
        await writeModel(oneNode(op, type, isBiased), path);
        return { path, dims: {} };
      }),
    );
    const found = attentionKernels(models, { ...hollow, HOLLOW_SM: architecture.slice(2) });
    const told = cases.map(
      ({ op, type, isBiased }) => kernelsByOp[architecture][op][types.indexOf(type)]?.[isBiased ? 1 : 0],
    );
    expect(found.map(({ counts, refused }) => refused ?? Object.keys(counts).map((key) => key.split(' ')[2]))).toEqual(
      told.map((kernel) => [kernel]),
    );
  });

  it.each([
    ['cuda', 'MultiHeadAttention'],
    ['cuda:sm80', 'Attention'],
    ['cuda:sm86', 'Attention'],
    ['cuda:sm89', 'Attention'],
    ['cuda:sm90', 'MultiHeadAttention'],
    ['webgpu', 'MultiHeadAttention'],
  ] satisfies [TargetName, string][])('is for %s %s', async (target, op) => {
    expect(opsOf((await applyPass(fuseAttn(), plain(17), target)).model)).toEqual([op]);
  });

  it('stays MultiHeadAttention where the opset of Attention would cost another node its kernel', async () => {
    const norm = (g: GraphBuilder, y: Value) =>
      g.op(
        'InstanceNormalization',
        [y, g.constant('float32', [1, 1, 1, 1], [4]), g.constant('float32', [0, 0, 0, 0], [4])],
        {
          epsilon: float(1e-5),
        },
      );
    const { model, passes } = await applyPass(fuseAttn(), plain(17, norm), 'cuda:sm89');
    expect(opsOf(model)).toEqual(['MultiHeadAttention']);
    expect(passes[0]?.notes.map(({ text }) => text)).toContain(
      'Attention has the faster kernel on sm89, but the target has no kernel for InstanceNormalization there',
    );
  });

  it('is chosen by kernels that are nowhere slower', () => {
    expect(isAttentionFaster('sm89', 'bfloat16', false)).toBe(true);
    expect(isAttentionFaster('sm89', 'float16', true)).toBe(false);
    expect(isAttentionFaster('sm90', 'float16', false)).toBe(false);
  });
});
