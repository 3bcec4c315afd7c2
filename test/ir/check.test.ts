import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { checkModel } from '../../src/ir/check.js';
import { symbol } from '../../src/ir/dims.js';
import { ModelError } from '../../src/ir/errors.js';
import { tensorOf } from '../../src/ir/numbers.js';
import { tensorType } from '../../src/ir/types.js';
import { growth } from '../growth.js';

describe('checkModel', () => {
  it('takes time in proportion to the nodes, up to 100,000 that share a constant and read 1,000 inputs', () => {
    const make = (nodes: number) =>
      buildModel({ '': 17 }, (g) => {
        const inputs = Array.from({ length: 1000 }, (_, index) => g.input(`x${index}`, 'float32', [1]));
        const shared = g.constant('float32', [1]);
        for (let index = 0; index < nodes; index++) g.op('Add', [inputs[index % 1000], shared]);
      });
    expect(growth(make, 10_000, checkModel)).toBeLessThan(40);
  });

  it('holds the type of a constant against its tensor', () => {
    const model = buildModel({ '': 17 }, (g) => g.output('y', g.constant('float32', [1, 2, 3], [3], 'w')));
    checkModel(model);
    const [constant] = model.graph.constants;
    constant!.type = tensorType('float32');
    checkModel(model);
    for (const type of [tensorType('float32', [4]), tensorType('float32', [symbol('n')]), tensorType('int32', [3])]) {
      constant!.type = type;
      expect(() => checkModel(model)).toThrow(ModelError);
    }
    constant!.tensor = tensorOf('int32', [1, 2, 3]);
    checkModel(model);
  });

  it('sees a use that the value does not know', () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [1]);
      g.output('y', g.op('Add', [x, x]));
    });
    const [node] = model.graph.nodes();
    node!.inputs[0]!.useSet.delete(node!.slots[1]!);
    expect(() => checkModel(model)).toThrow('input 1, "x", to know its use');
  });
});
