import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import { fromBfloat16, fromSmallFloat } from '../../../src/ir/tensors/float-bits.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { cast, runEmulated } from './run-emulated.js';

type Narrow = 'float16' | 'bfloat16';

/** Every number of the type, the middle between it and the next, and the float32 on both sides of each. */
function boundaries(type: Narrow): Float32Array {
  const numbers: number[] = [Number.NaN, Infinity, -Infinity, 3.4028234663852886e38, 65519.996, 65520, 65536, 1e-45];
  const finite = Array.from({ length: 0x8000 }, (_, bits) =>
    type === 'float16' ? fromSmallFloat(bits, 'float16') : fromBfloat16(bits),
  ).filter(Number.isFinite);
  for (const [index, number] of finite.entries()) {
    const middle = (number + (finite[index + 1] ?? number)) / 2;
    for (const one of [number, middle]) numbers.push(...beside(one), ...beside(-one));
  }
  return Float32Array.from(numbers);
}

function beside(number: number): number[] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, number);
  const bits = view.getUint32(0);
  return [-1, 0, 1].flatMap((step) => {
    if ((bits + step) >>> 31 !== bits >>> 31) return [];
    view.setUint32(0, bits + step);
    return [view.getFloat32(0)];
  });
}

/** As this package rounds, in JavaScript. */
const rounded = (numbers: ArrayLike<number>, type: Narrow) => numbersOf(tensorOf(type, numbers));

/** Where two lists differ first: told with the numbers, as whole lists are long. */
function expectEqual(found: Tensor | undefined, expected: ArrayLike<number>, from: ArrayLike<number>): void {
  const numbers = numbersOf(found as Tensor);
  expect(numbers.length).toBe(expected.length);
  const at = numbers.findIndex((one, index) => !Object.is(one, expected[index]));
  expect(at < 0 ? 'equal' : `${from[at]} ⟶ ${numbers[at]}, expected ${expected[at]}`).toBe('equal');
}

const isTrue = (g: GraphBuilder) => g.constant('bool', 1);

describe.each(['float16', 'bfloat16'] as const)('%s through the runtime', (type) => {
  const numbers = boundaries(type);
  const x = tensorOf('float32', numbers);

  it('rounds what an operator computes, at every boundary of the type, as JavaScript does', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const narrow = g.op('Mul', [cast(g, g.input('x', 'float32', ['n']), type), g.constant(type, 1)]);
      g.output('y', cast(g, narrow, 'float32'));
    });
    const { y } = await runEmulated(model, { x });
    expectEqual(y, rounded(numbers, type), numbers);
  });

  it('rounds a sum that leaves the type, not its operands alone', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const [a, b] = ['a', 'b'].map((name) => cast(g, g.input(name, 'float32', ['n']), type));
      g.output('y', cast(g, g.op('Add', [a, b]), 'float32'));
    });
    const [a, b] = [rounded(numbers, type), rounded([...numbers].reverse(), type)];
    const { y } = await runEmulated(model, { a: tensorOf('float32', a), b: tensorOf('float32', b) });
    const sums = Float32Array.from(a, (one, i) => one + b[i]!);
    expectEqual(y, rounded(sums, type), sums);
  });

  it('rounds in bodies, and what a body reads from outside', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const outside = cast(g, g.input('x', 'float32', ['n']), type);
      const branch = (name: string) =>
        g.body(name, (b) =>
          b.output('out', b.op('Add', [b.op('Mul', [outside, b.constant(type, 3)]), b.constant(type, 0)])),
        );
      const y = g.op('If', [isTrue(g)], { then_branch: branch('then'), else_branch: branch('else') });
      g.output('y', cast(g, y, 'float32'));
    });
    const { y } = await runEmulated(model, { x });
    const once = rounded(numbers, type);
    const products = Float32Array.from(once, (one) => one * 3);
    // −0 + 0 is 0.
    const expected = rounded(products, type).map((one) => one + 0);
    expectEqual(y, expected, products);
  });
});
