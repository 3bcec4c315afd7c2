/** Rows of a batch of three are held against each alone, whichever axis of an output holds them; what cannot be told apart is not accepted. */
import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import { sharedRuntime } from '../../src/runtime/evaluate.js';
import { gateOf } from '../../src/validate/judge/gates.js';
import { rowsAlone } from '../../src/validate/rows-alone.js';
import type { ComparedModel } from '../../src/validate/sides/compared-model.js';
import { prepareModel } from '../../src/validate/sides/prepared-model.js';

type Build = (g: GraphBuilder, x: Value) => Value;

const found = async (f: Build) => {
  const runtime = await sharedRuntime();
  const of = (batch: number | string): ComparedModel => {
    const model = buildModel({ '': 17 }, (g) => g.output('y', f(g, g.input('x', 'float32', [batch, 3, 4]))));
    return { model, runtime, prepared: () => prepareModel(model) };
  };
  return rowsAlone(runtime, of(1), of('N'), { gate: gateOf('exact', 'cpu') });
};

const turned = (g: GraphBuilder, x: Value): Value => g.op('Transpose', [x], { perm: [1, 0, 2] });

describe('rowsAlone', () => {
  it('accepts rows that stand at another axis', async () => {
    expect(await found((g, x) => turned(g, g.op('Relu', [x])))).toBeUndefined();
  });

  it('rejects rows that mix, with the batch at another axis of the output', async () => {
    const sums = await found((g, x) => turned(g, g.op('CumSum', [x, g.constant('int64', 0)])));
    expect(sums).toMatchObject({ outcome: 'rejected', detail: expect.stringContaining('are not what each is alone') });
    const attention = await found((g, x) => {
      const rows = g.op('Reshape', [x, g.ints(-1, 4)]);
      const scores = g.op('MatMul', [rows, g.op('Transpose', [rows], { perm: [1, 0] })]);
      const mixed = g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), rows]);
      return turned(g, g.op('Reshape', [mixed, g.ints(-1, 3, 4)]));
    });
    expect(attention).toMatchObject({ outcome: 'rejected' });
  });

  it('does not know where no axis is that of the batch', async () => {
    const mean = await found((g, x) => g.op('ReduceMean', [x], { axes: [0], keepdims: 0 }));
    expect(mean).toMatchObject({
      outcome: 'unknown',
      detail: expect.stringContaining('"y": rows of a batch of 3 are'),
    });
    const square = await found((g, x) =>
      g.op('MatMul', [g.op('Transpose', [turned(g, x)], { perm: [0, 2, 1] }), turned(g, x)]),
    );
    expect(square).toMatchObject({ outcome: 'unknown', failed: 'checker' });
  });
});
