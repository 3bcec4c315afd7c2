/** Coverage: multiply-adds held against counts by hand and against fused models; what is left against the file. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encoder } from '../../fixtures/encoder.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { dataTypes } from '../../src/ir/types.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { readModel } from '../../src/onnx/read.js';
import { optimize } from '../../src/optimize.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { reportText } from '../../src/report/text.js';
import type { Report } from '../../src/run/report/report.js';
import { randomWeights } from '../check-pass.js';
import { collection, modelFolders } from '../models.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-passes-coverage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ramp = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(i + 1));
const weight = (g: GraphBuilder, ...shape: number[]) =>
  g.constant('float32', ramp(shape.reduce((a, b) => a * b, 1)), shape);
const bert = () =>
  encoder({ hidden: 32, heads: 2, intermediate: 48, vocabulary: 50, seed: 0, layers: 2, positions: 32 });

type Coverage = NonNullable<Report['coverage']>;
/** Without passes: one that changes nothing. */
async function covered(model: Model, passes = 'int8:keep=*', options = {}): Promise<Coverage> {
  const { report } = await optimize(model, passes, { verify: 'none', target: 'cpu', ...options });
  return report.coverage as Coverage;
}

/** A model of one node over these inputs. */
const one = (
  build: (g: GraphBuilder, x: ReturnType<GraphBuilder['input']>) => ReturnType<GraphBuilder['input']>,
  shape: readonly number[],
  elem: 'float32' | 'float16' = 'float32',
): Model => buildModel({ '': 21, 'com.microsoft': 1 }, (g) => g.output('y', build(g, g.input('x', elem, shape)), elem));

describe('multiply-adds', () => {
  it.each<[string, Model, number]>([
    ['a product of matrices', one((g, x) => g.op('MatMul', [x, weight(g, 5, 7)]), [2, 3, 5]), 2 * 3 * 5 * 7],
    [
      'a Gemm that turns both',
      one((g, x) => g.op('Gemm', [x, weight(g, 7, 5)], { transA: 1, transB: 1 }), [5, 3]),
      3 * 5 * 7,
    ],
    [
      'a grouped convolution: each of 6 channels sums 2 of 4, over 3 by 3, at 3 by 4 places',
      one((g, x) => g.op('Conv', [x, weight(g, 6, 2, 3, 3)], { group: 2 }), [1, 4, 5, 6]),
      6 * 2 * 9 * 3 * 4,
    ],
    [
      'a transposed convolution: each input goes into 3 channels of 2 by 2',
      one((g, x) => g.op('ConvTranspose', [x, weight(g, 4, 3, 2, 2)]), [1, 4, 5, 6]),
      4 * 5 * 6 * 3 * 4,
    ],
    [
      'an LSTM: 4 gates of 6, from 5 inputs and 6 states, 7 steps of 2 rows',
      one((g, x) => g.op('LSTM', [x, weight(g, 1, 24, 5), weight(g, 1, 24, 6)], { hidden_size: 6 }), [7, 2, 5]),
      7 * 2 * 24 * (5 + 6),
    ],
    [
      'an Einsum over every combination of labels',
      one((g, x) => g.op('Einsum', [x, weight(g, 4, 5, 6)], { equation: '...hd,hde->...he' }), [2, 3, 4, 5]),
      2 * 3 * 4 * 5 * 6,
    ],
    [
      'attention: 3 queries by 3 keys in 2 heads of 4, scores and sums',
      one((g, x) => g.op('Attention', [x, x, x]), [1, 2, 3, 4]),
      2 * (2 * 3 * 3 * 4),
    ],
  ])('of %s', async (_, model, expected) => {
    const { computed, notCounted } = await covered(model);
    expect(computed.before).toEqual({ float32: expected });
    expect(notCounted).toEqual({});
  });

  it('count the branch of an If that takes more, and the rounds of a Loop', async () => {
    const branch = (g: GraphBuilder, count: number) =>
      g.body('branch', (b) => {
        let y = b.constant('float32', ramp(6), [2, 3]);
        for (let i = 0; i < count; i++) y = b.op('MatMul', [y, weight(b, 3, 3)]);
        b.output(`r${count}`, y, 'float32', [2, 3]);
      });
    const model = buildModel({ '': 17 }, (g) => {
      const condition = g.input('c', 'bool', []);
      const y = g.op('If', [condition], { then_branch: branch(g, 1), else_branch: branch(g, 3) });
      g.output('y', y, 'float32', [2, 3]);
    });
    expect((await covered(model)).computed.before).toEqual({ float32: 3 * 2 * 3 * 3 });
  });

  it('name the op where it is not known how often it multiplies', async () => {
    const model = one((g, x) => g.op('MoE', [x, x, x, undefined, x], {}, { domain: 'com.microsoft' }), [2, 4]);
    expect((await covered(model)).notCounted).toEqual({ MoE: 1 });
  });

  it('are those of the original when its attention and norms are fused', async () => {
    const { computed } = await covered(bert(), 'exact,int8:keep=*');
    expect(computed.after).toEqual(computed.before);
  });

  it('are in 8 bits behind int8, and in float32 behind float16 on a CPU, which has no kernels for it', async () => {
    const [quantized, half] = [await covered(bert(), 'int8:minElements=1'), await covered(bert(), 'fp16')];
    expect(Object.keys(quantized.computed.after).sort()).toEqual(['float32', 'int8']);
    expect(half.computed.after).toEqual(half.computed.before);
    expect(Object.keys((await covered(bert(), 'fp16', { target: 'cuda' })).computed.after)).toContain('float16');
  });
});

describe('what is left in float', () => {
  const floatsIn = (model: Model, bits: number) =>
    [...model.graphs()].flatMap((graph) =>
      [...graph.constants].flatMap(({ name, tensor, users }) =>
        tensor && dataTypes[tensor.type].kind === 'float' && dataTypes[tensor.type].bits > bits
          ? [{ name: name || (users[0]?.label ?? ''), bytes: tensor.byteLength }]
          : [],
      ),
    );
  const byName = (list: readonly { name: string; bytes: number }[]) =>
    [...list].sort((a, b) => (a.name < b.name ? -1 : 1));

  it('is every float weight of the written file, with its bytes', async () => {
    const { writeModel } = await import('../../src/onnx/write.js');
    const [from, to] = [join(folder, 'a.onnx'), join(folder, 'b.onnx')];
    await writeModel(bert(), from);
    const { coverage, model } = await optimizeFile(from, 'int8', { out: to, speed: false });
    const listed = (coverage as Coverage).left.flatMap(({ weights }) => weights);
    const written = floatsIn(await readModel(to), 8);
    expect(byName(listed)).toEqual(byName(written));
    const bytes = written.reduce((sum, one) => sum + one.bytes, 0);
    expect((coverage as Coverage).left.reduce((sum, one) => sum + one.bytes, 0)).toBe(bytes);
    expect(model.after.bytesByType['float32']).toBe(bytes);
  });

  it('is not said where every pass is exact: no type changes', async () => {
    expect(await covered(bert(), 'exact')).toBeUndefined();
  });

  it('has a reason that a pass gave, or that follows from the weight', async () => {
    const { left } = await covered(bert(), 'int8:keep=MatMul,int8');
    const reasons = left.map(({ reason }) => reason);
    expect(reasons).toContain('fewer than 1024 elements');
    expect(reasons).toContain('scales of quantized weights stay float');
    expect((await covered(bert(), 'int8:keep=*')).left.map(({ reason }) => reason)).toContain('kept in float as asked');
  });

  it.each(['half', 'quarter', 'eighth', 'int8', 'int8:compute=false', 'int4'])(
    'has a reason that %s gave for every weight, also where the names of a file are left out',
    async (passes) => {
      const pictures = buildModel({ '': 21 }, (g) => {
        const x = g.input('x', 'float32', [1, 4, 8, 8]);
        const wide = g.op('Relu', [g.op('Conv', [x, g.constant(randomWeights([40, 4, 3, 3]), 'first')])]);
        const y = g.op('Conv', [wide, g.constant(randomWeights([40, 40, 3, 3], 0.1, 1), 'second')]);
        g.output('y', g.op('Add', [y, g.constant(randomWeights([40, 6, 6], 1, 2), 'positions')]));
      });
      for (const model of [pictures, bert()]) {
        const { left } = await covered(model, passes);
        for (const { reason } of left) expect(reason).not.toMatch(/ha(s|ve) no form/);
      }
    },
  );

  it('has the reason of a constant that is only added', async () => {
    const model = one((g, x) => g.op('Add', [x, weight(g, 40, 40)]), [40, 40]);
    expect((await covered(model, 'int8')).left).toEqual([
      expect.objectContaining({ bytes: 6400, reason: expect.stringMatching(/number by number/) }),
    ]);
  });

  it('has a reason of its own for each constant without a name', async () => {
    const model = one((g, x) => g.op('MatMul', [g.op('Add', [x, weight(g, 40, 40)]), weight(g, 40, 40)]), [40, 40]);
    const { left } = await covered(model, 'int8:keep=MatMul');
    expect(left.map(({ reason }) => reason).sort()).toEqual([
      expect.stringMatching(/number by number/),
      'kept in float as asked',
    ]);
  });

  it.each(modelFolders(collection('traps')).slice(0, 40))('is all there is: %s', async (path) => {
    const model = await readModel(join(path, 'model.onnx'));
    const { model: result, report } = await optimize(model, 'half', { verify: 'none', target: 'cpu' });
    const listed = (report.coverage as Coverage).left.flatMap(({ weights }) => weights);
    expect(byName(listed)).toEqual(byName(floatsIn(result, 16)));
  });
});

describe('every byte of a file', () => {
  /** Tables, products, convolutions, recurrence, a body, and vectors: what trained models of these sizes hold. */
  const trainedLike = () =>
    buildModel({ '': 21 }, (g) => {
      const image = g.op('Relu', [
        g.op('Conv', [g.input('image', 'float32', [1, 8, 16, 16]), weight(g, 16, 8, 3, 3), weight(g, 16)]),
      ]);
      const depthwise = g.op('Conv', [image, weight(g, 16, 1, 3, 3)], { group: 16 });
      const rows = g.op('Reshape', [depthwise, g.ints(1, 48, 48)]);
      const looked = g.op('Gather', [weight(g, 60, 48), g.input('ids', 'int64', [1, 48])]);
      const lstm = [g.op('Add', [rows, looked]), weight(g, 1, 192, 48), weight(g, 1, 192, 48), weight(g, 1, 384)];
      const steps = g.op('Squeeze', [g.op('LSTM', lstm, { hidden_size: 48 }), g.ints(1)]);
      g.output('y', g.op('MatMul', [steps, weight(g, 48, 40)]), 'float32', [1, 48, 40]);
    });

  it.each(['half', 'quarter', 'eighth', 'exact,fit:maxSize=40%'])(
    'has a type, and each float a reason, behind %s',
    async (passes) => {
      const path = join(folder, 'like.onnx');
      const { model, report } = await optimize(trainedLike(), passes, { verify: 'none', target: 'cpu' });
      const { bytesByType } = report.model.after;
      const { writeModel } = await import('../../src/onnx/write.js');
      await writeModel(model, path);
      const file = statSync(path).size;
      const stored = Object.values(bytesByType).reduce((sum, bytes) => sum + bytes, 0);
      const written = [...(await readModel(path)).graphs()].flatMap(({ constants }) => [...constants]);
      expect(stored).toBe(written.reduce((sum, { tensor }) => sum + (tensor?.byteLength ?? 0), 0));
      // The rest is nodes, names and types.
      expect(file - stored).toBeGreaterThan(0);
      expect(file - stored).toBeLessThan(8000);
      const bits = passes === 'half' ? 16 : 8;
      const wide = written.filter(
        ({ tensor }) => tensor && dataTypes[tensor.type].kind === 'float' && dataTypes[tensor.type].bits > bits,
      );
      const { left } = report.coverage as Coverage;
      const bytes = wide.reduce((sum, { tensor }) => sum + (tensor?.byteLength ?? 0), 0);
      expect(left.reduce((sum, one) => sum + one.bytes, 0)).toBe(bytes);
      expect(left.every(({ reason }) => reason.length > 0)).toBe(true);
    },
  );
});

describe('its views', () => {
  it('say a reason once: below, with its bytes, and not under the pass too', async () => {
    const { report } = await optimize(bert(), 'int8:keep=MatMul', { verify: 'none', target: 'cpu' });
    const timesIn = (text: string) => text.split('kept in float as asked').length - 1;
    expect(timesIn(reportText(report))).toBe(1);
    expect(timesIn(reportText(report, { coverage: true }))).toBe(1);
    expect(timesIn(reportMarkdown(report))).toBe(1);
  });

  it('are a block of the terminal where that is asked for, and always one of Markdown', async () => {
    const { report } = await optimize(bert(), 'int8', { verify: 'none', target: 'cpu' });
    expect(reportText(report)).not.toContain('coverage');
    const text = reportText(report, { coverage: true });
    expect(text).toMatch(/coverage {2}[\d.]+ [KMG] multiply-adds at /);
    expect(text).toMatch(/stored +float32 [\d.]+ %.* → +(int8|float32) [\d.]+ %, /);
    expect(text).toMatch(/float32: scales of quantized weights stay float/);
    expect(reportMarkdown(report)).toContain('<summary>Coverage</summary>');
  });
});
