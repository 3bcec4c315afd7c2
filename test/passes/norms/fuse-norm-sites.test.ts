/** Tests the sites of norms in the report, fused or not. */
import { describe, expect, it } from 'vitest';
import { fuseNorm } from '../../../passes/fuse-norm.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass } from '../../check-pass.js';

const number = (g: GraphBuilder, x: number) => g.constant('float32', x);
const modelOf = (of: (g: GraphBuilder, x: Value, meanSquare: Value) => Value) =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 6]);
    const mean = g.op('ReduceMean', [g.op('Mul', [x, x])], { axes: [1] });
    g.output('y', of(g, x, g.op('Add', [mean, number(g, 1e-5)])));
  });

describe('the root of a mean square', () => {
  it.each<[string, boolean, (g: GraphBuilder, v: Value) => Value]>([
    ['is inverted', true, (g, v) => g.op('Reciprocal', [g.op('Sqrt', [v])])],
    ['is inverted by Pow', true, (g, v) => g.op('Pow', [g.op('Sqrt', [v]), number(g, -1)])],
    ['is of what is inverted', true, (g, v) => g.op('Sqrt', [g.op('Reciprocal', [v])])],
    ['is of a quotient', true, (g, v) => g.op('Sqrt', [g.op('Div', [number(g, 1), v])])],
  ])('%s: a norm, which is fused: %s', async (_, isFused, inverse) => {
    const before = modelOf((g, x, v) => g.op('Mul', [x, inverse(g, v)]));
    const { passes } = await applyPass(fuseNorm(), before);
    expect(passes[0]?.sites?.map(({ kind, fused }) => [kind, fused])).toEqual([['RMS norm', isFused]]);
  });

  it('is a length where nothing is divided by it, and no norm', async () => {
    const { passes } = await applyPass(
      fuseNorm(),
      modelOf((g, _, v) => g.op('Sqrt', [v])),
    );
    expect(passes[0]?.sites).toBeUndefined();
  });

  it.each([
    ['Clip', (g: GraphBuilder, length: Value) => g.op('Clip', [length, number(g, 1e-12)])],
    ['Max', (g: GraphBuilder, length: Value) => g.op('Max', [length, number(g, 1e-12)])],
  ])('is the length of an L2 norm where it is a ReduceL2 with a floor by %s, and no norm here', async (_, floor) => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['batch', 6]);
      g.output('y', g.op('Div', [x, floor(g, g.op('ReduceL2', [x], { axes: [1] }))]));
    });
    const { passes } = await applyPass(fuseNorm(), before);
    expect(passes[0]?.sites).toBeUndefined();
  });
});
