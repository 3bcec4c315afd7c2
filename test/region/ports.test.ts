import { describe, expect, it } from 'vitest';
import { chain, compiledAlike, weight } from './chains.js';

describe('outputs of a model that repeats give', () => {
  it('stay where a repeat is cut: behind the first weights of a layer', async () => {
    const before = chain((g, x, at) => {
      const scores = g.op('MatMul', [x, weight(g, `layer.${at}.q`)], {}, { name: `layer.${at}.scores` });
      const probabilities = g.op('Softmax', [scores], {}, { name: `layer.${at}.softmax` });
      g.output(`probabilities.${at}`, probabilities);
      const out = g.op('MatMul', [probabilities, weight(g, `layer.${at}.v`)], {}, { name: `layer.${at}.out` });
      return g.op('Add', [x, out], {}, { name: `layer.${at}.add` });
    });
    const { repeats } = await compiledAlike(before, 'simplify');
    expect(repeats).toMatchObject([{ count: 8, block: 'layer', once: 4 }]);
  });

  it('a constant that a layer reads on both sides of the cut stays one', async () => {
    const before = chain((g, x, at) => {
      const half = g.constant('float32', 0.5, [], `layer.${at}.half`);
      const scores = g.op(
        'MatMul',
        [g.op('Mul', [x, half]), weight(g, `layer.${at}.q`)],
        {},
        { name: `layer.${at}.q` },
      );
      const y = g.op('MatMul', [g.op('Softmax', [scores]), weight(g, `layer.${at}.v`)], {}, { name: `layer.${at}.v` });
      return g.op('Add', [x, g.op('Mul', [y, half])], {}, { name: `layer.${at}.add` });
    });
    const { repeats } = await compiledAlike(before, '');
    expect(repeats[0]?.once).toBeGreaterThan(0);
  });
});
