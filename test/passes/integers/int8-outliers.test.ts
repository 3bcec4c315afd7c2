/** int8: outlying channels of activations go into the weights that read them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { int8 } from '../../../passes/int8.js';
import { groupsOf, moveOutliers } from '../../../passes/precision/integer/outliers.js';
import { type Product, productOf } from '../../../passes/precision/product.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { Value } from '../../../src/ir/value.js';
import { cloneModel } from '../../../src/ir/whole-model/clone.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { applyPass, randomFeeds, randomWeights, relativeError } from '../../check-pass.js';
import { runModel } from '../../run-model.js';
import { linear } from './int8-models.js';

const folder = mkdtempSync(join(tmpdir(), 'outliers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const K = 64;
const MOVED = 'went into the weights that read them';

/** Ones, and 60 for two channels. */
const outlying = Array.from({ length: K }, (_, channel) => (channel % 31 === 7 ? 60 : 1));

const plain = outlying.map(() => 1);

/** A norm whose result three products read. */
const attention = (scales: readonly number[], more?: (g: GraphBuilder, x: Value) => Value, opset = 17): Model =>
  buildModel({ '': opset }, (g) => {
    const x = g.input('x', 'float32', ['rows', K]);
    const shift = g.constant(randomWeights([K], 0.2, 9), 'shift');
    const norm = g.op('LayerNormalization', [x, g.constant('float32', scales, [K], 'scale'), shift]);
    const q = linear(g, norm, K, K, 3);
    const k = g.op('Gemm', [norm, g.constant(randomWeights([32, K], 0.1, 4), 'k')], { transB: 1 });
    g.output('q', q);
    g.output('k', k);
    if (more) g.output('more', more(g, norm));
  });

const run = async (model: Model, feeds: Readonly<Record<string, Tensor>>) => runModel(await writeModel(model), feeds);

async function errorAndNotes(before: Model, inputs?: string, feeds = randomFeeds(before, { rows: 12 }), pass = int8()) {
  const { model, report } = await optimize(before, [pass], {
    target: 'cpu',
    verify: 'none',
    ...(inputs && { inputs }),
  });
  const [wanted, found] = [await run(before, feeds), await run(model, feeds)];
  const errors = Object.keys(wanted).map((name) => relativeError(found[name] as Tensor, wanted[name] as Tensor));
  return { error: Math.max(...errors), notes: report.passes[0]?.notes.map(({ text }) => text).join('\n') ?? '' };
}

describe('outliers of a norm', () => {
  it('leave a third of the error once they are in the weights', async () => {
    const moved = await errorAndNotes(attention(outlying));
    expect(moved.notes).toContain(`outlying channels of 1 activations ${MOVED}, as the scales of norms show`);
    // A reader in float keeps the activation as it is.
    const kept = await errorAndNotes(attention(outlying, (g, x) => g.op('Tanh', [x])));
    expect(kept.notes).not.toContain(MOVED);
    expect(moved.error).toBeLessThan(kept.error / 3);
  });

  it.each<[string, Model]>([
    ['channels of one size', attention(plain)],
    ['a reader that is a graph output', attention(outlying, (_, x) => x)],
    [
      'a norm over more axes',
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', [3, K]);
        const scales = g.constant('float32', [...outlying, ...outlying, ...outlying], [3, K]);
        g.output('y', linear(g, g.op('LayerNormalization', [x, scales], { axis: 0 }), K, K));
      }),
    ],
    [
      'Gelu between',
      buildModel({ '': 20 }, (g) => {
        const norm = g.op('LayerNormalization', [
          g.input('x', 'float32', [4, K]),
          g.constant('float32', outlying, [K]),
        ]);
        g.output('y', linear(g, g.op('Gelu', [norm]), K, K));
      }),
    ],
  ])('stay with %s', async (_name, before) => {
    const { notes } = await errorAndNotes(before);
    expect(notes).not.toContain(MOVED);
  });

  it('change no bit of the float model that they are moved in', async () => {
    for (const opset of [17, 23]) {
      const before = attention(outlying, (g, x) => linear(g, x, K, 16, 6), opset);
      const after = cloneModel(before);
      inferTypes(after);
      const products = after.graph.nodes().flatMap((node) => {
        const product = productOf(node);
        return typeof product === 'object' ? [product as Product] : [];
      });
      expect(products).toHaveLength(3);
      expect(moveOutliers(groupsOf(products), new Map(), true)).toHaveLength(1);
      const scale = [...after.graph.constants].find(({ name, uses }) => name.startsWith('scale') && uses.size > 0);
      expect(numbersOf(scale?.tensor as Tensor)).not.toEqual(numbersOf(tensorOf('float32', outlying)));
      const feeds = randomFeeds(before, { rows: 5 });
      const [wanted, found] = [await run(before, feeds), await run(after, feeds)];
      for (const name of Object.keys(wanted)) expect(found[name]?.bytes(), name).toEqual(wanted[name]?.bytes());
    }
  });

  it('are moved in each repeat of a block by its own numbers', async () => {
    const deep = buildModel({ '': 17 }, (g) => {
      let x = g.input('x', 'float32', [4, K]);
      for (let layer = 0; layer < 6; layer++) {
        const scales = outlying.map((one, channel) => one * (1 + ((channel + layer) % 3)));
        const norm = g.op('LayerNormalization', [x, g.constant('float32', scales, [K])]);
        x = g.op('Add', [x, linear(g, norm, K, K, layer + 2)]);
      }
      g.output('y', x);
    });
    const options = { target: 'cpu', verify: 'none' } as const;
    const [once, each] = await Promise.all(
      [true, false].map((regional) => optimize(deep, 'int8', { ...options, regional })),
    );
    expect(each?.report.passes[0]?.notes.map(({ text }) => text).join()).toContain(
      'outlying channels of 6 activations',
    );
    const feeds = randomFeeds(deep);
    const [a, b] = [await run(once?.model as Model, feeds), await run(each?.model as Model, feeds)];
    expect(a.y?.bytes()).toEqual(b.y?.bytes());
  });

  it('stay on GPUs, where activations are float', async () => {
    const { report } = await optimize(attention(outlying), [int8()], { target: 'webgpu', verify: 'none' });
    expect(report.passes[0]?.notes.map(({ text }) => text).join()).not.toContain(MOVED);
  });

  it('are as far out in each row as in all: they are moved with a scale for each row too', async () => {
    const byRow = int8({ activations: 'row' });
    const moved = await errorAndNotes(attention(outlying), undefined, undefined, byRow);
    expect(moved.notes).toContain(MOVED);
    const kept = await errorAndNotes(
      attention(outlying, (g, x) => g.op('Tanh', [x])),
      undefined,
      undefined,
      byRow,
    );
    expect(kept.notes).not.toContain(MOVED);
    expect(moved.error).toBeLessThan(kept.error / 3);
  });
});

describe('outliers that inputs show', () => {
  /** A scale and a shift of numbers that nothing bounds, and Relu. */
  const scaled = buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['rows', K]);
    const product = g.op('Mul', [x, g.constant('float32', plain, [1, K])]);
    const sum = g.op('Add', [g.constant(randomWeights([K], 0.1, 8)), product]);
    g.output('y', linear(g, g.op('Relu', [sum]), K, K));
  });
  const inputs = randomWeights([12, K], 1, 5);
  const given = tensorOf(
    'float32',
    numbersOf(inputs).map((number, at) => number * (outlying[at % K] as number)),
    [12, K],
  );

  it('are moved with these, and stay without', async () => {
    const numbers = [...numbersOf(given)];
    const rows = Array.from({ length: 12 }, (_, row) => numbers.slice(row * K, row * K + K));
    writeFileSync(join(folder, '0.json'), JSON.stringify({ x: rows }));
    const without = await errorAndNotes(scaled, undefined, { x: given });
    expect(without.notes).not.toContain(MOVED);
    const found = await errorAndNotes(scaled, folder, { x: given });
    expect(found.notes).toContain(`outlying channels of 1 activations ${MOVED}, as the inputs show`);
    expect(found.error).toBeLessThan(without.error / 2);
  });

  it('leave the graph as it is, but for numbers', async () => {
    const { model } = await applyPass(int8(), attention(outlying));
    const still = await applyPass(int8(), attention(plain));
    expect(model.graph.nodes().map(({ opType }) => opType)).toEqual(
      still.model.graph.nodes().map(({ opType }) => opType),
    );
  });
});
