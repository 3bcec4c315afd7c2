import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { symbol } from '../../src/ir/dims/dims.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { ModelError } from '../../src/ir/text/errors.js';
import { tensorType } from '../../src/ir/types.js';
import { checkModel } from '../../src/ir/whole-model/check.js';

describe('checkModel', () => {
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
    node!.inputs[0]!.dropUse(node!, 1);
    expect(() => checkModel(model)).toThrow('input 1, "x", to know its use');
  });
});
