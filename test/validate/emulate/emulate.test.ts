import { describe, expect, it } from 'vitest';
import { buildModel } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import { castTensor, numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import { dataTypes } from '../../../src/ir/types.js';
import { type Emulation, emulated } from '../../../src/validate/emulate/index.js';
import { cast, runEmulated, spread } from './run-emulated.js';

describe('16 bits', () => {
  it('has no emulation where nothing has 16 bits, saturates or lacks a kernel', () => {
    expect(
      emulated(buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', [2])])))),
    ).toBeUndefined();
  });

  it('keeps the original as it was', async () => {
    const weights = tensorOf('float16', spread(64 * 64), [64, 64]);
    const model = buildModel({ '': 17 }, (g) => {
      g.output('y', g.op('MatMul', [g.input('x', 'float16', [1, 64]), g.constant(weights)]));
    });
    const { revision } = model;
    const found = emulated(model) as Emulation;
    expect(model.revision).toBe(revision);
    expect(found.model.graph.inputs[0]?.elem).toBe('float32');
    expect([...found.model.graph.constants].map(({ elem }) => elem)).toEqual(['float32']);
  });

  it('takes and gives ports of 16 bits in the types of the original', async () => {
    for (const type of ['float16', 'bfloat16'] as const) {
      const model = buildModel({ '': 17 }, (g) => {
        g.output('y', g.op('Mul', [g.input('x', type, [3]), g.constant(type, 3)]));
      });
      const { y } = await runEmulated(model, { x: tensorOf(type, [1 / 3, 30000, -0.1]) });
      expect(y?.type).toBe(type);
      const x = numbersOf(tensorOf(type, [1 / 3, 30000, -0.1]));
      expect(numbersOf(y as Tensor)).toEqual(
        numbersOf(
          tensorOf(
            type,
            x.map((one) => one * 3),
          ),
        ),
      );
    }
  });

  it('finds NaN where a mask becomes minus infinity for a whole row, as in real float16', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const scores = cast(g, g.input('scores', 'float32', [1, 4]), 'float16');
      const mask = cast(g, g.input('mask', 'float32', [1, 4]), 'float16');
      const clamped = g.op('Max', [g.op('Add', [scores, mask]), cast(g, g.constant('float32', -3.4e38), 'float16')]);
      g.output('y', cast(g, g.op('Softmax', [clamped], { axis: -1 }), 'float32'));
    });
    const mask = tensorOf('float32', [-3.4e38, -3.4e38, -3.4e38, -3.4e38], [1, 4]);
    const feeds = { scores: tensorOf('float32', [1, 2, 3, 4], [1, 4]), mask };
    const { y } = await runEmulated(model, feeds);
    expect(numbersOf(y as Tensor).every(Number.isNaN)).toBe(true);
  });

  it('says that a number equals its own round trip', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const narrow = g.op('Mul', [cast(g, g.input('x', 'float32', [64]), 'float16'), g.constant('float16', 1 / 3)]);
      g.output('y', g.op('Equal', [narrow, cast(g, cast(g, narrow, 'float32'), 'float16')]));
    });
    const { y } = await runEmulated(model, { x: tensorOf('float32', spread(64)) });
    expect(numbersOf(y as Tensor).every((one) => one === 1)).toBe(true);
  });

  it('rounds integers beyond the digits, and what attributes type', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const n = g.input('n', 'int64', [3]);
      g.output('cast', cast(g, cast(g, n, 'float16'), 'float32'));
      g.output('like', cast(g, g.op('CastLike', [n, g.constant('float16', 0)]), 'float32'));
      const filled = g.op('ConstantOfShape', [g.ints(2)], { value: tensorOf('float16', 0.1, [1]) });
      g.output('filled', cast(g, filled, 'float32'));
      g.output(
        'eye',
        cast(g, g.op('EyeLike', [g.input('m', 'float32', [2, 2])], { dtype: dataTypes.float16.code }), 'float32'),
      );
      const drawn = g.op('RandomNormal', [], { dtype: dataTypes.float16.code, shape: [50] });
      g.output('drawn', cast(g, drawn, 'float32'));
    });
    const n = tensorOf('int64', [2049, 70000, -3]);
    const found = await runEmulated(model, { n, m: tensorOf('float32', [1, 2, 3, 4], [2, 2]) });
    expect([...numbersOf(found['cast'] as Tensor)]).toEqual([2048, Infinity, -3]);
    expect([...numbersOf(found['like'] as Tensor)]).toEqual([2048, Infinity, -3]);
    expect([...numbersOf(found['filled'] as Tensor)]).toEqual([
      ...numbersOf(castTensor(tensorOf('float16', [0.1, 0.1]), 'float32')),
    ]);
    expect([...numbersOf(found['eye'] as Tensor)]).toEqual([1, 0, 0, 1]);
    const drawn = numbersOf(found['drawn'] as Tensor);
    expect([...drawn]).toEqual([...numbersOf(tensorOf('float16', drawn))]);
  });

  it('goes into local functions, whose attributes the calls give', async () => {
    const model = buildModel({ '': 17, own: 1 }, (g) => {
      const x = g.input('x', 'float32', [2]);
      const call = g.op('narrow', [x], { type: dataTypes.float16.code }, { domain: 'own' });
      g.output('y', call, 'float32');
    });
    const graph = new Graph(model, 'narrow', new Map([['', 17]]));
    const input = graph.input('a');
    const inner = graph.add('Cast', [input]);
    graph.setAttribute(inner, 'to', { type: 'ref', name: 'type', of: 'int' });
    const sum = graph.add('Add', [inner.output, inner.output]);
    graph.output('b', graph.add('Cast', [sum.output], { attributes: { to: 1 } }).output);
    model.functions.push({
      domain: 'own',
      name: 'narrow',
      overload: '',
      graph,
      attributes: ['type'],
      defaults: new Map(),
      docString: '',
    });
    const { y } = await runEmulated(model, { x: tensorOf('float32', [40000, 0.1]) });
    expect([...numbersOf(y as Tensor)]).toEqual([Infinity, numbersOf(tensorOf('float16', 0.2))[0]]);
  });

  it('rounds what a Loop carries', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const start = cast(g, g.input('x', 'float32', []), 'float16');
      const body = g.body('body', (b) => {
        b.input('i', 'int64', []);
        const go = b.input('go', 'bool', []);
        const carried = b.input('carried', 'float16', []);
        b.output('more', b.op('Identity', [go]));
        b.output('next', b.op('Mul', [carried, b.constant('float16', 8)]));
      });
      const last = g.op('Loop', [g.constant('int64', 6), g.constant('bool', 1), start], { body });
      g.output('y', cast(g, last, 'float32'));
    });
    expect(numbersOf((await runEmulated(model, { x: tensorOf('float32', 1) }))['y'] as Tensor)[0]).toBe(Infinity);
  });
});
