/** Models whose one weight plays each role, and a pass that stores every weight in one form. */
import { z } from 'zod';
import { priceOf, type StorageForm } from '../../../passes/precision/weights/forms.js';
import { weightSites } from '../../../passes/precision/weights/sites.js';
import { storeWeight } from '../../../passes/precision/weights/store.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { definePass, type Pass } from '../../../src/run/pass.js';
import { randomWeights } from '../../check-pass.js';

/** Stores every weight in a form, for tests of storage. */
const storeAll = definePass({
  name: 'store-all',
  summary: 'Stores every weight in one form.',
  fidelity: 'lossy',
  needs: ['types', 'weights'],
  options: z.object({ form: z.custom<StorageForm>() }),
  run(model, { form }, context) {
    for (const site of weightSites(model)) {
      const reason = storeWeight(site, form, context.target);
      if (reason) context.skip(reason, site.value);
    }
  },
});

export const storing = (form: StorageForm): Pass => storeAll({ form });

/** Edits a model as a pass. */
export const editing = (edit: (model: Model) => void): Pass =>
  definePass({ name: 'edit', summary: 'Edits the model.', fidelity: 'lossy', needs: ['types'], run: edit })();

/** The relative change of each weight in a form. */
export const errorsOf = (model: Model, form: StorageForm): number[] =>
  weightSites(model).map((site) => {
    const price = priceOf(site, form);
    return typeof price === 'string' ? Number.NaN : price.error;
  });

const of = (opset: number, build: (g: GraphBuilder) => void): Model =>
  buildModel({ '': opset, 'com.microsoft': 1 }, build);
const w = (g: GraphBuilder, shape: readonly number[], name = 'w', seed = 2) =>
  g.constant(randomWeights(shape, 0.3, seed), name);
const microsoft = { domain: 'com.microsoft' };

/** A model an op, with the role of its weight `w`, and its axes. */
export const roles: readonly [
  op: string,
  role: string,
  channels: readonly number[],
  contracted: readonly number[],
  () => Model,
][] = [
  [
    'MatMul',
    'product',
    [1],
    [0],
    () => of(21, (g) => g.output('y', g.op('MatMul', [g.input('x', 'float32', [3, 32]), w(g, [32, 24])]))),
  ],
  [
    'MatMul from the left',
    'product',
    [0],
    [1],
    () => of(21, (g) => g.output('y', g.op('MatMul', [w(g, [24, 32]), g.input('x', 'float32', [32, 5])]))),
  ],
  [
    'MatMul in three axes',
    'product',
    [0, 2],
    [1],
    () => of(21, (g) => g.output('y', g.op('MatMul', [g.input('x', 'float32', [2, 3, 32]), w(g, [2, 32, 24])]))),
  ],
  [
    'Gemm',
    'product',
    [0],
    [1],
    () => of(21, (g) => g.output('y', g.op('Gemm', [g.input('x', 'float32', [3, 32]), w(g, [24, 32])], { transB: 1 }))),
  ],
  [
    'a head tied by a Transpose',
    'product',
    [0],
    [1],
    () =>
      of(21, (g) =>
        g.output(
          'y',
          g.op('MatMul', [g.input('x', 'float32', [3, 32]), g.op('Transpose', [w(g, [24, 32])], { perm: [1, 0] })]),
        ),
      ),
  ],
  [
    'FusedMatMul',
    'product',
    [0],
    [1],
    () =>
      of(21, (g) =>
        g.output(
          'y',
          g.op('FusedMatMul', [g.input('x', 'float32', [3, 32]), w(g, [24, 32])], { transB: 1 }, microsoft),
          'float32',
          [3, 24],
        ),
      ),
  ],
  [
    'Einsum',
    'product',
    [0, 2],
    [1],
    () =>
      of(21, (g) =>
        g.output(
          'y',
          g.op('Einsum', [g.input('x', 'float32', [3, 32]), w(g, [2, 32, 12])], { equation: 'bk,hkn->bhn' }),
        ),
      ),
  ],
  [
    'Conv',
    'convolution',
    [0],
    [1, 2, 3],
    () => of(21, (g) => g.output('y', g.op('Conv', [g.input('x', 'float32', [1, 8, 6, 6]), w(g, [16, 8, 3, 3])]))),
  ],
  [
    'Conv in groups',
    'convolution',
    [0],
    [1, 2, 3],
    () =>
      of(21, (g) =>
        g.output('y', g.op('Conv', [g.input('x', 'float32', [1, 16, 6, 6]), w(g, [16, 1, 3, 3])], { group: 16 })),
      ),
  ],
  [
    'ConvTranspose',
    'convolution',
    [1],
    [0, 2, 3],
    () =>
      of(21, (g) =>
        g.output('y', g.op('ConvTranspose', [g.input('x', 'float32', [1, 16, 5, 5]), w(g, [16, 8, 2, 2])])),
      ),
  ],
  [
    'LSTM',
    'recurrent',
    [0, 1],
    [2],
    () =>
      of(21, (g) =>
        g.output(
          'y',
          g.op('LSTM', [g.input('x', 'float32', [4, 2, 24]), w(g, [1, 32, 24]), w(g, [1, 32, 8], 'r', 3)], {
            hidden_size: 8,
          }),
        ),
      ),
  ],
  [
    'GRU',
    'recurrent',
    [0, 1],
    [2],
    () =>
      of(21, (g) =>
        g.output(
          'y',
          g.op('GRU', [g.input('x', 'float32', [4, 2, 24]), w(g, [1, 24, 24]), w(g, [1, 24, 8], 'r', 3)], {
            hidden_size: 8,
          }),
        ),
      ),
  ],
  [
    'RNN',
    'recurrent',
    [0, 1],
    [2],
    () =>
      of(21, (g) =>
        g.output(
          'y',
          g.op('RNN', [g.input('x', 'float32', [4, 2, 24]), w(g, [1, 8, 24]), w(g, [1, 8, 8], 'r', 3)], {
            hidden_size: 8,
          }),
        ),
      ),
  ],
  [
    'Gather',
    'table',
    [0],
    [],
    () => of(21, (g) => g.output('y', g.op('Gather', [w(g, [40, 32]), g.input('ids', 'int64', [2, 'length'])]))),
  ],
  [
    'Gather along the last axis',
    'table',
    [1],
    [],
    () =>
      of(21, (g) => g.output('y', g.op('Gather', [w(g, [32, 40]), g.input('ids', 'int64', ['length'])], { axis: -1 }))),
  ],
  [
    'com.microsoft.Attention',
    'product',
    [1],
    [0],
    () =>
      of(21, (g) =>
        g.output(
          'y',
          g.op(
            'Attention',
            [g.input('x', 'float32', [1, 4, 16]), w(g, [16, 48]), w(g, [48], 'bias', 3)],
            { num_heads: 2 },
            microsoft,
          ),
          'float32',
          [1, 4, 16],
        ),
      ),
  ],
  [
    'Add',
    'elementwise',
    [],
    [],
    () => of(21, (g) => g.output('y', g.op('Add', [g.input('x', 'float32', [2, 4, 32]), w(g, [1, 4, 32])]))),
  ],
];
