/** The precision passes where a node or a weight is not theirs alone: attributes of a caller, initializers that are inputs. */
import { describe, expect, it } from 'vitest';
import { bf16 } from '../../../passes/bf16.js';
import { fp16 } from '../../../passes/fp16.js';
import { int8 } from '../../../passes/int8.js';
import { simplify } from '../../../passes/simplify.js';
import type { AttributeLike } from '../../../src/ir/attribute.js';
import { buildModel, GraphBuilder } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { summarize } from '../../../src/ir/whole-model/summary.js';
import { applyPass, checkMiss, checkPass, opCounts, randomWeights } from '../../check-pass.js';

/** y = f(x), where `define` is the body of f and `given` its attribute. */
function withFunction(given: AttributeLike, define: (f: GraphBuilder, x: Value) => Value): Model {
  const model = buildModel({ '': 17, local: 1 }, (g) => {
    const x = g.input('x', 'float32', [2, 64]);
    g.output('y', g.op('f', [x], { given }, { domain: 'local' }), 'float32', [2, 64]);
  });
  const graph = new Graph(model, 'f', new Map([['', 17]]));
  const f = new GraphBuilder(graph);
  f.output('y', define(f, graph.input('x')));
  const attributes = ['given'];
  const defaults = new Map();
  model.functions.push({ domain: 'local', name: 'f', overload: '', graph, attributes, defaults, docString: '' });
  return model;
}

describe('attributes that a function is given', () => {
  it('are not taken for their defaults: the order of axes of a weight', async () => {
    const perm = { type: 'ref' as const, name: 'given', of: 'ints' as const };
    const before = withFunction({ type: 'ints', value: [0n, 1n] }, (f, x) =>
      f.op('MatMul', [x, f.op('Transpose', [f.constant(randomWeights([64, 64]))], { perm })]),
    );
    const { model, passes } = await applyPass(int8(), before);
    expect(opCounts(model).MatMulInteger).toBeUndefined();
    expect(passes[0]?.skips.map(({ reason }) => reason)).toEqual([
      'computed in float, its weight stored in 8 bits: an attribute is given by the caller of the function',
    ]);
  });

  it('give their type themselves: a constant', async () => {
    const value = { type: 'ref' as const, name: 'given', of: 'tensor' as const };
    const before = withFunction({ type: 'tensor', value: randomWeights([64, 64]) }, (f, x) => {
      const weight = f.op('Constant', [], { value });
      weight.type = tensorType('float32', [64, 64]);
      return f.op('MatMul', [x, weight]);
    });
    const { model } = await applyPass(fp16({ compute: true }), before);
    const constant = model.functions[0]?.graph.nodes().find((node) => node.is('Constant'));
    expect(constant?.output.elem).toBe('float32');
  });
});

describe('initializers that are inputs', () => {
  const product = (irVersion: number) =>
    buildModel(
      { '': 13 },
      (g) => {
        const w = g.input('w', 'float32', [64, 64]);
        w[irVersion < 4 ? 'tensor' : 'defaultTensor'] = randomWeights([64, 64]);
        g.output('y', g.op('MatMul', [g.input('x', 'float32', [2, 64]), w]), 'float32', [2, 64]);
      },
      irVersion,
    );

  it.each([
    ['bf16', 3, bf16(), 'listed as an input (IR version 3)'],
    ['int8', 3, int8(), 'listed as an input (IR version 3)'],
    ['bf16', 8, bf16(), 'the default of an input'],
    ['int8', 8, int8(), 'the default of an input'],
  ])('%s leaves them in IR version %i and says so', async (_name, irVersion, pass, reason) => {
    await checkMiss(pass, { before: product(irVersion), reason });
  });

  it.each([true, false])('fp16 casts them and keeps no copy (keepIo: %s)', async (keepIo) => {
    const { model, result } = await checkPass(fp16({ compute: true, keepIo }), {
      before: product(3),
      within: 1e-2,
      keepsInterface: keepIo,
    });
    expect(opCounts(model)).toEqual({ MatMul: 1, Cast: keepIo ? 3 : 1 });
    expect(result.bytes).toEqual({ before: 64 * 64 * 4, after: 64 * 64 * 4 });
    expect(result.skips.map(({ reason }) => reason).join()).toContain('listed as an input');
  });

  it.each([3, 8])('are counted in IR version %i', (irVersion) => {
    expect(summarize(product(irVersion)).bytesByType).toEqual({ float32: 64 * 64 * 4 });
  });
});

it.each([
  ['bf16', bf16],
  ['fp16', fp16],
  ['int8', int8],
  ['simplify', simplify],
])('%s takes an op for what its domain says', async (_name, pass) => {
  const before = buildModel({ '': 17, local: 1 }, (g) => {
    const x = g.input('x', 'float32', [2, 64]);
    const unknown = g.op('constructor', [x], {}, { domain: 'local' });
    const hidden = g.op('MatMul', [x, g.op('Add', [unknown, g.op('constructor', [x])])]);
    g.output('y', g.op('FusedMatMul', [hidden, x], {}, { domain: 'local' }), 'float32');
  });
  const { passes } = await applyPass(pass(), before);
  expect(passes[0]?.skips.map(({ reason }) => reason).join()).not.toContain('a fused product');
});
