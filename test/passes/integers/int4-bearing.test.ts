/** int4 measures which weights of convolutions bear 4 bits, and leaves the others to 8. */
import { afterAll, describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { closeRuntime } from '../../../src/on-demand.js';
import { optimize } from '../../../src/optimize.js';
import { randomWeights } from '../../check-pass.js';

afterAll(closeRuntime);

/** A layer whose result counts a hundredth, and one whose result counts whole: of both together 4 bits move the output by a tenth. */
const before = buildModel({ '': 17 }, (g: GraphBuilder) => {
  const conv = (x: Value, name: string, seed: number): Value =>
    g.op('Conv', [x, g.constant(randomWeights([32, 32, 3, 3], 0.06, seed), name)], { pads: [1, 1, 1, 1] }, { name });
  const x = g.input('x', 'float32', [1, 32, 8, 8]);
  const small = g.op('Mul', [conv(x, 'small', 1), g.constant('float32', [0.01])]);
  g.output('y', g.op('Add', [conv(x, 'whole', 2), small]));
});

describe('weights of convolutions', () => {
  it('have 4 bits where these cost little, else 8, and each is told its cost', async () => {
    const { model, report } = await optimize(before, 'int4:block=64,int8:compute=false', {
      target: 'cpu',
      verify: 'pass',
    });
    const typeOf = new Map([...model.graph.constants].map(({ name, elem }) => [name, elem]));
    expect([typeOf.get('small'), typeOf.get('whole')]).toEqual(['int4', 'int8']);
    const int4 = report.passes.find(({ name }) => name === 'int4');
    expect(int4).toMatchObject({ status: 'applied', skips: [{ count: 1, places: ['whole'] }] });
    expect(int4?.takenBack).toBeUndefined();
    expect(int4?.skips[0]?.reason).toBe(
      'fewer bits here would cost an error of 0.1; int8:compute=false behind int4 stores it in 8 bits where these hold',
    );
    expect(report.passes.at(-1)?.error ?? 0).toBeLessThan(0.1);
  });
});
