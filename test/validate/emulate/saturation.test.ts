import { describe, expect, it } from 'vitest';
import { buildModel } from '../../../src/ir/build.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { emulated } from '../../../src/validate/emulate/index.js';
import { runEmulated, spread } from './run-emulated.js';

describe('integer products', () => {
  const [rows, inner, columns] = [3, 300, 5];
  const a = tensorOf('uint8', new Array(rows * inner).fill(255), [rows, inner]);
  const zero = tensorOf('uint8', 3);
  const b = tensorOf(
    'int8',
    spread(inner * columns).map((one, i) => (i % columns === 0 ? 127 : Math.round(one * 127))),
    [inner, columns],
  );
  const bZero = tensorOf('int8', [0, 5, -7, 1, 0]);
  const expected = Array.from({ length: rows * columns }, (_, at) => {
    const column = at % columns;
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += 252 * (numbersOf(b)[k * columns + column]! - numbersOf(bZero)[column]!);
    return sum;
  });

  it('are exact sums of int32, whatever this CPU does', async () => {
    for (const isConstant of [true, false]) {
      const model = buildModel({ '': 17 }, (g) => {
        const weights = isConstant ? g.constant(b) : g.input('b', 'int8', [inner, columns]);
        g.output(
          'y',
          g.op('MatMulInteger', [g.input('a', 'uint8', [rows, inner]), weights, g.constant(zero), g.constant(bZero)]),
        );
      });
      const { y } = await runEmulated(model, isConstant ? { a } : { a, b });
      expect([...numbersOf(y as Tensor)]).toEqual(expected);
    }
  });

  it("of an operator whose weights cannot be made unsigned are this CPU's, and it is said", () => {
    const lstm = buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
      const [input, hidden] = [8, 4];
      const weights = (size: number) =>
        g.constant('int8', new Array(size * 4 * hidden).fill(127), [1, size, 4 * hidden]);
      const scale = g.constant('float32', [0.01], [1]);
      const zero = g.constant('int8', [0], [1]);
      const x = g.input('x', 'float32', [2, 1, input]);
      const blank = [undefined, undefined, undefined, undefined, undefined];
      const inputs = [x, weights(input), weights(hidden), ...blank, scale, zero, scale, zero];
      g.output('y', g.op('DynamicQuantizeLSTM', inputs, { hidden_size: hidden }, { domain: 'com.microsoft' }));
    });
    expect(emulated(lstm)?.notes).toEqual(['sums of DynamicQuantizeLSTM are those of this CPU, which may saturate']);
    const product = buildModel({ '': 17 }, (g) =>
      g.output(
        'y',
        g.op('MatMulInteger', [g.input('a', 'uint8', [rows, inner]), g.input('b', 'int8', [inner, columns])]),
      ),
    );
    expect(emulated(product)?.notes).toEqual([]);
  });

  it('are exact without a zero point, and in ConvInteger', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('a', 'uint8', [1, 4, 9, 9]);
      const weights = g.constant('int8', new Array(8 * 4 * 9).fill(127), [8, 4, 3, 3]);
      g.output('conv', g.op('ConvInteger', [x, weights]));
      const ones = g.constant('int8', new Array(9 * 2).fill(127), [9, 2]);
      g.output('product', g.op('MatMulInteger', [x, ones]));
    });
    const found = await runEmulated(model, { a: tensorOf('uint8', new Array(4 * 81).fill(255), [1, 4, 9, 9]) });
    expect(new Set(numbersOf(found['conv'] as Tensor))).toEqual(new Set([36 * 255 * 127]));
    expect(new Set(numbersOf(found['product'] as Tensor))).toEqual(new Set([9 * 255 * 127]));
  });
});
