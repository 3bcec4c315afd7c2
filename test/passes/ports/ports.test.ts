/** Ports of int32 and of pictures: the numbers behind them are those of the model, by arithmetic that the test does itself. */
import { describe, expect, it } from 'vitest';
import { generate } from '../../../fixtures/kinds.js';
import { passes } from '../../../passes/index.js';
import { ports } from '../../../passes/ports.js';
import { contractOf } from '../../../src/contract/contract.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { bigintsOf, numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import { writeModel } from '../../../src/onnx/write.js';
import { optimize } from '../../../src/optimize.js';
import { applyPass, checkMiss, checkPass } from '../../check-pass.js';
import { runModel, type Tensors } from '../../run-model.js';

const run = async (model: Model, feeds: Tensors): Promise<Tensors> => runModel(await writeModel(model), feeds);
const typesOf = ({ graph }: Model) => [
  ...graph.inputs.map(({ name, elem }) => `${name} ${elem}`),
  ...graph.outputPorts.map(({ name }, i) => `${name} ${graph.outputs[i]?.elem}`),
];

describe('ports:int32', () => {
  it('gives an encoder int32 inputs, and is verified behind casts of the original', async () => {
    const { model, report } = await optimize(generate('encoder', 'miniature', 1).model, [
      ports({ int32: true }),
      passes.simplify(),
    ]);
    expect(typesOf(model)).toEqual([
      'input_ids int32',
      'attention_mask int32',
      'token_type_ids int32',
      'last_hidden_state float32',
      'pooler_output float32',
    ]);
    expect(report.passes.map(({ verdict }) => verdict?.outcome)).toEqual(['accepted', 'accepted']);
    expect(
      [...model.graph.nodeSet].filter((node) => node.is('Gather') && node.inputs[1]?.elem === 'int32').length,
    ).toBeGreaterThan(0);
  });

  /** a: what fits int32 whatever goes in; b: what may not. */
  const arithmetic = () =>
    buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'int64', ['n']);
      const best = g.op('ArgMax', [g.input('scores', 'float32', ['n', 100])], { axis: 1, keepdims: 0 });
      const isLess = g.op('Less', [x, g.constant('int64', 7)]);
      g.output('a', g.op('Add', [g.op('Mul', [best, g.constant('int64', 3)]), g.constant('int64', 1)]), 'int64', ['n']);
      g.output('b', g.op('Mul', [x, x]), 'int64', ['n']);
      g.output('c', g.cast(isLess, 'float32'), 'float32', ['n']);
    });

  it('computes in int32 where nothing can overflow, and leaves the rest', async () => {
    const before = arithmetic();
    const { model, result } = await checkPass(ports({ int32: true }), { before, within: 0, keepsInterface: false });
    expect(typesOf(model)).toEqual(['x int32', 'scores float32', 'a int32', 'b int64', 'c float32']);
    expect(result.skips[0]?.reason).toContain('not known to fit int32');
    const scores = tensorOf(
      'float32',
      Array.from({ length: 300 }, (_, i) => Math.sin(i)),
      [3, 100],
    );
    const values = [7, -5, 2_000_000_000];
    const wide = await run(before, { x: tensorOf('int64', values, [3]), scores });
    const found = await run(model, { x: tensorOf('int32', values, [3]), scores });
    const numbers = ({ a, b, c }: Tensors) => [
      [...numbersOf(a as never)],
      bigintsOf(b as never),
      [...numbersOf(c as never)],
    ];
    expect(numbers(found)).toEqual(numbers(wide));
    expect([...model.graph.nodeSet].find((node) => node.is('Less'))?.inputs[0]?.elem).toBe('int32');
  });
});

/** y is what a model of [n, 3, height, width] sees. */
const seen = (shape: readonly (number | string)[] = ['n', 3, 2, 3]): Model =>
  buildModel({ '': 17 }, (g) =>
    g.output('y', g.op('Identity', [g.input('image', 'float32', shape)]), 'float32', shape),
  );

const [H, W] = [2, 3];
const bytes = (height: number, width: number): number[] =>
  Array.from({ length: height * width * 3 }, (_, i) => (i * 37) % 256);
const options = { uint8Image: true, mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.5] };

/** Linear between the centres of pixels, at the border the pixel itself. */
function sampled(
  read: (row: number, column: number) => number,
  at: [number, number],
  from: [number, number],
  to: [number, number],
): number {
  const [y, x] = [0, 1].map((i) => {
    const place = (((at[i] as number) + 0.5) * (from[i] as number)) / (to[i] as number) - 0.5;
    return Math.min(Math.max(place, 0), (from[i] as number) - 1);
  }) as [number, number];
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [bottom, right] = [Math.min(top + 1, from[0] - 1), Math.min(left + 1, from[1] - 1)];
  const row = (line: number): number => read(line, left) * (1 - (x - left)) + read(line, right) * (x - left);
  return row(top) * (1 - (y - top)) + row(bottom) * (y - top);
}

describe('ports:uint8-image', () => {
  it.each([
    ['rgb', undefined],
    ['bgr', undefined],
    ['rgb', [4, 6]],
    ['bgr', [5, 4]],
  ] as const)('feeds %s what a picture of bytes says, of size %s', async (order, given) => {
    const [height, width] = given ?? [H, W];
    const { model } = await applyPass(ports({ ...options, order, ...(given && { size: [H, W] }) }), seen());
    const picture = bytes(height, width);
    const { y } = await run(model, { image: tensorOf('uint8', picture, [1, height, width, 3]) });
    const expected: number[] = [];
    for (let channel = 0; channel < 3; channel++)
      for (let row = 0; row < H; row++)
        for (let column = 0; column < W; column++) {
          const own = order === 'bgr' ? 2 - channel : channel;
          const read = (line: number, place: number) => picture[(line * width + place) * 3 + own] as number;
          const byte = sampled(read, [row, column], [height, width], [H, W]);
          expected.push((byte / 255 - (options.mean[channel] as number)) / (options.std[channel] as number));
        }
    const found = [...numbersOf(y as never)];
    // float32, of numbers up to 4.
    expect(Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))))).toBeLessThan(1e-5);
    expect(contractOf(model).image).toMatchObject({
      input: 'image',
      order,
      size: given ? [H, W] : null,
      layout: 'nchw',
    });
  });

  it('keeps rows last for a model that has them so, and is verified with the passes behind it', async () => {
    const { model, report } = await optimize(seen(['n', 2, 3, 3]), [
      ports({ uint8Image: true }),
      passes.simplify(),
      passes.fp16(),
    ]);
    expect(contractOf(model).image?.layout).toBe('nhwc');
    expect(report.passes[0]).toMatchObject({ status: 'applied', verdict: { outcome: 'accepted' } });
    const { y } = await run(model, { image: tensorOf('uint8', bytes(H, W), [1, H, W, 3]) });
    expect([...numbersOf(y as never)].map((value) => Math.round(value * 255))).toEqual(bytes(H, W));
  });

  it('refuses what it cannot feed', async () => {
    const refuses = (reason: string, given: Parameters<typeof ports>[0], before = seen()) =>
      checkMiss(ports(given), { before, reason });
    await refuses('asked for no ports', {});
    await refuses('found none. Name it', { uint8Image: true }, seen(['n', 7, 2, 5]));
    await refuses('found none. Name it', { uint8Image: true, input: 'other' });
    await refuses('size: expected 2+3, which "image" takes; found 4+4', { uint8Image: true, size: [4, 4] });
    await refuses('size: expected height+width', { uint8Image: true, size: [4] });
    await refuses('mean and std: expected 3 numbers', { uint8Image: true, mean: [1, 2] });
    await refuses('std without 0', { uint8Image: true, std: [0] });
    await refuses('order=bgr: expected 3 channels', { uint8Image: true, order: 'bgr' }, seen(['n', 1, 2, 3]));
    await refuses('no int64 input or output', { int32: true });
  });
});
