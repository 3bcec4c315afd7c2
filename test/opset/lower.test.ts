import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import { writeModel } from '../../src/onnx/write.js';
import { lowerOpset } from '../../src/opset/lower.js';
import { randomFeeds } from '../../src/testing/run-bytes.js';
import { compareTensors } from '../check-pass.js';
import { runModel } from '../run-model.js';

const model = (opset: number, make: (g: GraphBuilder, x: Value) => Value, elem: 'float32' | 'bfloat16' = 'float32') => {
  const found = buildModel({ '': opset }, (g) => g.output('y', make(g, g.input('x', elem, [2, 4])), elem));
  inferTypes(found);
  return found;
};

describe('lowerOpset', () => {
  it('gives the same numbers in an older set', async () => {
    const make = () => model(23, (g, x) => g.op('Sin', [g.op('Reshape', [g.op('Transpose', [x]), g.ints(2, -1)])]));
    const [before, after] = [make(), make()];
    expect(lowerOpset(after, 21)).toBeUndefined();
    expect(after.opsets.get('')).toBe(21);
    const feeds = randomFeeds(before);
    compareTensors(await runModel(await writeModel(after), feeds), await runModel(await writeModel(before), feeds), 0);
  });

  it.each([
    [20, 'opset 20: Swish: that set does not have it', model(24, (g, x) => g.op('Swish', [x]))],
    [17, 'opset 17: ReduceMax: opset 18 changed its form', model(18, (g, x) => g.reduce('ReduceMax', x, 1))],
    [21, 'opset 21: Sin: it has a type of a later set', model(22, (g, x) => g.op('Sin', [x]), 'bfloat16')],
    [
      17,
      'opset 17: Pad: it has an input of a later set',
      model(18, (g, x) => g.op('Pad', [x, g.ints(1, 1), undefined, g.ints(0)])),
    ],
    [
      20,
      'opset 20: Cast: it has an attribute of a later set',
      model(24, (g, x) => g.op('Cast', [x], { to: 1, round_mode: 'up' })),
    ],
  ] as const)('at %i it refuses: %s', (to, reason, one) => {
    const opset = one.opsets.get('');
    expect(lowerOpset(one, to)?.reason).toBe(reason);
    expect(one.opsets.get('')).toBe(opset);
  });
});
