/** One model for a range of sizes: what is stated, relied upon, and measured at both ends and between. */
import { afterAll, describe, expect, it } from 'vitest';
import { unet } from '../../fixtures/unet.js';
import { contractOf } from '../../src/contract/contract.js';
import { declarationsOf } from '../../src/contract/declarations.js';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import { type DimRange, readDimSize } from '../../src/ir/dims/range.js';
import { typeText } from '../../src/ir/types.js';
import { setRanges } from '../../src/ir/whole-model/ranges.js';
import { closeRuntime, validate } from '../../src/on-demand.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { inspectModel } from '../../src/report/inspect/inspection.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { reportText } from '../../src/report/text.js';
import { reportSchema } from '../../src/run/report/report.js';
import { mixedPointsOf } from '../../src/validate/inputs/points.js';
import { opCounts } from '../check-pass.js';

/** A table of 16 positions, cut to the length, is added; sequences of up to 8 are doubled, longer ones negated. */
const model = () =>
  buildModel({ '': 17 }, (g) => {
    const x = g.input('x', 'float32', ['batch', 'seq', 4]);
    const numbers = Array.from({ length: 64 }, (_, i) => Math.sin(i));
    const length = g.op('Slice', [g.op('Shape', [x]), g.ints(1), g.ints(2)]);
    const cut = g.op('Slice', [g.constant('float32', numbers, [16, 4]), g.ints(0), length, g.ints(0)]);
    const sum = g.op('Add', [x, cut]);
    const isShort = g.op('Squeeze', [g.op('Less', [length, g.ints(9)])]);
    g.output('y', g.op('Where', [isShort, g.op('Add', [sum, sum]), g.op('Neg', [sum])]), 'float32', [
      'batch',
      'seq',
      4,
    ]);
  });

const dims = { seq: { min: 2, max: 8, step: 2 } };
afterAll(closeRuntime);

describe('a range of sizes', () => {
  it('is stated by the result, relied upon, and measured at both ends and between', async () => {
    const original = model();
    const { model: result, report } = await optimize(original, 'simplify', { dims, target: 'cpu', verify: 'end' });
    expect(report.passes.map(({ name, status }) => [name, status])).toEqual([
      ['freeze', 'applied'],
      ['simplify', 'applied'],
    ]);
    // Every sequence is a short one.
    expect(opCounts(result)).not.toHaveProperty('Where');
    expect(opCounts(result)).not.toHaveProperty('Neg');
    const found = await validate(original, result, { provider: 'cpu', speed: false, fidelity: 'exact' });
    expect(found.ranges).toEqual({
      dims,
      sizes: [
        { at: 'min', dims: { seq: 2 }, relativeL2: 0, cosine: expect.closeTo(1, 12) },
        { at: 'between', dims: { seq: 4 }, relativeL2: 0, cosine: expect.closeTo(1, 12) },
        { at: 'max', dims: { seq: 8 }, relativeL2: 0, cosine: expect.closeTo(1, 12) },
      ],
    });
    expect(found.accuracy).not.toHaveProperty('sizes');
    const whole = { ...report, ranges: found.ranges };
    expect(reportSchema.parse(JSON.parse(JSON.stringify(whole)))).toMatchObject({ ranges: { dims } });
    expect(reportText(whole)).toMatch(/sizes {2}one model for seq 2\.\.8:2\n.*rel L2 {4}cosine\n {2}seq=2 /);
    expect(reportMarkdown(whole)).toContain('One model for seq 2..8:2.\n\n|  | rel L2 | cosine |');
  });

  it('in steps tells that a U-Net gives back the size that it is given', () => {
    const size = { levels: [8, 8, 8], blocks: 1, heads: 2, groups: 2, channels: 4, context: 8, seed: 1 };
    const outputOf = (text?: string): string => {
      const net = unet(size);
      const range = text === undefined ? undefined : (readDimSize(text) as DimRange);
      if (range) setRanges(net, { height: range, width: range });
      inferTypes(net);
      return typeText(net.graph.outputs[0]?.type);
    };
    expect(outputOf('8..32:4')).toBe('float32[batch, 4, height, width]');
    // Of an even size, which may be no multiple of 4, as of any, it is not so.
    expect(outputOf('8..32:2')).toBe('float32[batch, 4, 4*((height+2)//4), 4*((width+2)//4)]');
    expect(outputOf()).toBe('float32[batch, 4, 4*((height+3)//4), 4*((width+3)//4)]');
  });

  it('stands in the file, the contract and what inspect shows', async () => {
    const { model: result } = await optimize(model(), 'simplify', { dims, verify: 'none' });
    const read = await readModel(await writeModel(result));
    expect(typeText(read.graph.inputs[0]?.type)).toBe('float32[batch, seq, 4]');
    const contract = contractOf(read);
    expect(contract.dims).toEqual(dims);
    expect(declarationsOf(contract)).toContain('Sizes of dims: seq 2..8:2. */');
    expect(inspectModel(read, inferTypes(read)).dims).toEqual(dims);
    // What was made for some sizes may be made for fewer, and for no others.
    const narrower = { seq: { min: 4, max: 8, step: 4 } };
    const { model: again, report } = await optimize(read, 'simplify', { dims: narrower, verify: 'end', target: 'cpu' });
    expect(contractOf(again).dims).toEqual(narrower);
    expect(report.verification.verdict?.outcome).toBe('accepted');
    const { model: fixed } = await optimize(read, 'simplify', { dims: { seq: 6 }, verify: 'none' });
    expect(contractOf(fixed)).not.toHaveProperty('dims');
    for (const [size, text] of [
      [{ min: 2, max: 10, step: 2 }, '2..10:2'],
      [10, '10'],
      [3, '3'],
    ] as const)
      await expect(optimize(read, 'simplify', { dims: { seq: size }, verify: 'none' })).rejects.toThrow(
        `dim "seq": expected sizes of 2..8:2, for which the model was made; found ${text}`,
      );
  });

  it('holds for a result that was made for fewer sizes only there', async () => {
    const { model: result } = await optimize(model(), 'simplify', { dims, verify: 'none' });
    const asked = {
      provider: 'cpu',
      speed: false,
      fidelity: 'exact',
      dims: { seq: { min: 2, max: 12, step: 2 } },
    } as const;
    const { accuracy, ranges } = await validate(model(), result, asked);
    expect(accuracy.verdict.outcome).toBe('rejected');
    expect(ranges?.sizes.map(({ at, cosine }) => [at, cosine > 0.99])).toEqual([
      ['min', true],
      ['between', true],
      ['max', false],
    ]);
  });

  it('of two dims is compared where one is the least and the other the largest', async () => {
    const image = (isTall: boolean) =>
      buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['height', 'width']);
        const size = (axis: number) =>
          g.op('Squeeze', [g.op('Slice', [g.op('Shape', [x]), g.ints(axis), g.ints(axis + 1)])]);
        const twice = g.op('Mul', [size(1), g.constant('int64', 2)]);
        const other = g.op('Where', [g.op('Less', [size(0), twice]), x, g.op('Neg', [x])]);
        g.output('y', isTall ? other : g.op('Identity', [x]), 'float32', ['height', 'width']);
      });
    const range = { min: 2, max: 4, step: 1 };
    const asked = { provider: 'cpu', speed: false, fidelity: 'exact', dims: { height: range, width: range } } as const;
    const { accuracy, ranges } = await validate(image(false), image(true), asked);
    expect(accuracy.verdict.outcome).toBe('rejected');
    expect(ranges?.sizes.map(({ at, dims: size, cosine }) => [at, Object.values(size), cosine > 0])).toEqual([
      ['min', [2, 2], true],
      ['between', [3, 3], true],
      ['max', [4, 4], true],
      ['mixed', [2, 4], true],
      ['mixed', [4, 2], false],
    ]);
  });

  it.each([1, 2, 3, 4, 5, 8, 9])('of %i dims has each two at opposite ends, in few sizes', (count) => {
    const names = Array.from({ length: count }, (_, i) => `d${i}`);
    const points = mixedPointsOf(Object.fromEntries(names.map((name) => [name, { min: 1, max: 9, step: 1 }])));
    for (const a of names)
      for (const b of names)
        if (a !== b) expect(points.some(({ dims: size }) => size[a] === 1 && size[b] === 9)).toBe(true);
    expect(points).toHaveLength(2 * Math.ceil(Math.log2(count)));
  });

  it('is refused where the original does not run at all of it, or has no such dim', async () => {
    const asked = (range: object) =>
      optimize(model(), 'simplify', { dims: range as never, target: 'cpu', verify: 'end' });
    await expect(asked({ seq: '1..17' })).rejects.toThrow(
      /^dims: expected a range that the model runs at; found seq=17, and the original does not run on x\[2,17,4\]: .* Narrow the range/,
    );
    await expect(asked({ sequence: '1..8' })).rejects.toThrow('unknown dim "sequence"; did you mean "seq"?');
    await expect(asked({ seq: '8..1' })).rejects.toThrow(
      'optimize: dims.seq: expected the least size first; found "8..1"',
    );
    await expect(optimize(model(), 'simplify', { dims, shapes: { x: [1, 3, 4] }, verify: 'none' })).rejects.toThrow(
      'dim "seq": expected a size of 2..8:2; found 3',
    );
  });
});
