/** Whole numbers with scales by the kernels against JavaScript: the same codes in every layout. */
import { expect, it } from 'vitest';
import { scalesOf } from '../../../passes/precision/quantize.js';
import { Encoder } from '../../../passes/precision/weights/encode.js';
import { blockGroups, channelGroups, matrixOf } from '../../../passes/precision/weights/groups.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { randomWeights } from '../../check-pass.js';

it.each<[string, number[], number[], number[]]>([
  ['a product by columns', [192, 70], [1], [0]],
  ['a product of odd columns', [64, 71], [1], [0]],
  ['a product by rows', [40, 192], [0], [1]],
  ['a convolution', [12, 16, 3, 3], [0], [1, 2, 3]],
  ['a table', [50, 192], [0], []],
])('gives of %s the same codes and error', (_name, shape, channels, contracted) => {
  const special = [0, -0, 1e38, -1e38, 1e-40, 2 ** -126];
  const numbers = numbersOf(randomWeights(shape, 0.05, 5)).map((one, at) =>
    at % 31 === 3 ? (special[at % 6] as number) : one,
  );
  const tensor = tensorOf('float32', numbers, shape);
  const use = { channels, contracted };
  for (const groups of [channelGroups(shape, use), blockGroups(shape, use, 64)])
    for (const largest of [127, 7]) {
      const scales = scalesOf(matrixOf(tensor, groups), largest) as Float32Array;
      const [script, kernel] = [false, true].map((withKernels) => {
        const encoder = (): Encoder => new Encoder(groups, { scales, largest }, { withKernels });
        return { codes: Array.from(encoder().codes(tensor), (piece) => [...piece]), error: encoder().measure(tensor) };
      });
      expect(kernel?.codes).toEqual(script?.codes);
      expect(kernel?.error).toBeCloseTo(script?.error as number, 12);
    }
});
