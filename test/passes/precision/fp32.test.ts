/** fp32: what is float16, bfloat16 or float64 becomes float32, in every scope, and what must stay has its reason. */
import { describe, expect, it } from 'vitest';
import { fp32 } from '../../../passes/fp32.js';
import { buildModel, GraphBuilder } from '../../../src/ir/build.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Tensor } from '../../../src/ir/tensors/tensor.js';
import type { DataType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { writeModel } from '../../../src/onnx/write.js';
import { applyPass, checkMiss, checkPass, opCounts, randomFeeds, randomWeights } from '../../check-pass.js';
import { published, publishedTensor } from '../../published.js';
import { runModel } from '../../run-model.js';

/** Weights that every float type of 16 bits holds exactly. */
const exactly = (shape: readonly number[], seed = 2) =>
  tensorOf(
    'float32',
    numbersOf(randomWeights(shape, 2, seed)).map((x) => Math.round(x * 8) / 8),
    shape,
  );

/** y = Relu(x·w + b)·v with a branch, a function and a Constant node. */
function everywhere(): Model {
  const model = buildModel({ '': 17, local: 1 }, (g) => {
    const x = g.input('x', 'float32', ['n', 16]);
    const condition = g.input('condition', 'bool', []);
    const branch = (seed: number) =>
      g.body('branch', (inner) => {
        const own = inner.op('Constant', [], { value: exactly([16, 16], seed) });
        inner.output('out', inner.op('MatMul', [x, own]));
      });
    const chosen = g.op('If', [condition], { then_branch: branch(3), else_branch: branch(4) });
    const sum = g.op('Add', [chosen, g.constant(exactly([16], 5), 'b')]);
    const rounded = g.op('Cast', [g.op('Relu', [sum])], { to: 1 });
    g.output('y', g.op('f', [rounded], {}, { domain: 'local' }), 'float32', ['n', 16]);
    g.output('count', g.op('Cast', [chosen], { to: 7 }), 'int64', ['n', 16]);
  });
  const graph = new Graph(model, 'f', new Map([['', 17]]));
  const f = new GraphBuilder(graph);
  f.output('y', f.op('MatMul', [graph.input('x'), f.constant(exactly([16, 16], 6), 'w')]));
  const functionOf = { domain: 'local', name: 'f', overload: '', attributes: [], defaults: new Map(), docString: '' };
  model.functions.push({ ...functionOf, graph });
  return model;
}

const floats = (model: Model): (DataType | undefined)[] => [
  ...new Set([...model.graphs()].flatMap((graph) => [...graph.values()].map(({ elem }) => elem))),
];

describe('fp32', () => {
  it.each(['float16', 'bfloat16', 'float64'] as const)('gives what was published in %s', async (type) => {
    const original = everywhere();
    const { model, passes } = await applyPass(fp32({ keepIo: false }), published(original, type));
    expect(floats(model).filter((elem) => elem === type)).toEqual([]);
    expect(opCounts(model)).toEqual({ ...opCounts(original), Cast: 1 });
    expect(passes[0]?.notes.map(({ text }) => text)).toEqual(['ports that are float32 now: "x", "y"']);
    const feeds = { ...randomFeeds(original), condition: tensorOf('bool', 1) };
    const [a, b] = [await runModel(await writeModel(model), feeds), await runModel(await writeModel(original), feeds)];
    for (const name of ['y', 'count']) expect(numbersOf(a[name] as Tensor)).toEqual(numbersOf(b[name] as Tensor));
  });

  // onnxruntime 1.30 does not load the float16 model: it casts around the If and takes no notice of its type.
  it.each(['float16', 'float64'] as const)('keeps ports of %s, with a Cast at each', async (type) => {
    const original = everywhere();
    const { model } = await applyPass(fp32(), published(original, type));
    const again = await applyPass(fp32(), model);
    expect(again.passes[0]?.status).toBe('unchanged');
    // Two at the ports and the one to integers.
    expect(opCounts(model).Cast).toBe(3);
    const feeds = { x: exactly([2, 16]), condition: tensorOf('bool', 1) };
    const { y } = await runModel(await writeModel(model), { ...feeds, x: publishedTensor(feeds.x, type) });
    const expected = await runModel(await writeModel(original), feeds);
    expect(y?.type).toBe(type);
    expect(numbersOf(y as Tensor)).toEqual(numbersOf(publishedTensor(expected.y as Tensor, type)));
  });

  it('leaves a model that is float32', async () => {
    const { passes } = await applyPass(fp32(), everywhere());
    expect(passes[0]).toMatchObject({ status: 'unchanged', notes: [], skips: [] });
  });

  it('removes chains of Casts through other floats', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', [4, 4]);
      const narrow = g.op('Cast', [g.op('Cast', [x], { to: 11 })], { to: 10 });
      const sum = g.op('Add', [narrow, g.constant('float16', [1, 2, 3, 4])]);
      g.output('y', g.op('Cast', [g.op('Cast', [sum], { to: 11 })], { to: 1 }), 'float32', [4, 4]);
    });
    await checkPass(fp32(), { before, ops: { Add: 1 }, within: 2e-3 });
  });
});

const PORT = ['n', 8] as const;
const double = (build: (g: GraphBuilder, x: Value) => Value, elem: DataType = 'float64'): Model =>
  buildModel({ '': 17 }, (g) => g.output('y', build(g, g.input('x', 'float64', PORT)), elem, PORT));

describe('fp32 leaves with a reason', () => {
  it.each<[string, string, (g: GraphBuilder, x: Value) => Value]>([
    ['a factor', "beyond float32's range", (g, x) => g.op('Mul', [x, g.constant('float64', 1e300)])],
    ['an epsilon', 'rounds to zero', (g, x) => g.op('Add', [x, g.constant('float64', 1e-300)])],
  ])('%s', async (_name, reason, build) => {
    await checkMiss(fp32(), { before: double((g, x) => g.op('Log', [build(g, x)])), reason });
  });

  it('arithmetic that gives integers', async () => {
    const before = double(
      (g, x) => g.op('Cast', [g.op('Floor', [g.op('Mul', [x, g.constant('float64', 3.3)])])], { to: 7 }),
      'int64',
    );
    await checkMiss(fp32(), { before, reason: 'gives integers' });
  });

  it('but not the lowest number, as a mask: it becomes that of float32', async () => {
    const before = double((g, x) => {
      const isHigh = g.op('Greater', [x, g.constant('float64', 0.5)]);
      return g.op('Softmax', [g.op('Where', [isHigh, g.constant('float64', -Number.MAX_VALUE), x])], { axis: -1 });
    });
    const { model } = await checkPass(fp32(), { before, within: 1e-6 });
    expect([...model.graph.constants].map(({ tensor }) => tensor && numbersOf(tensor)[0])).toContain(
      -3.4028234663852886e38,
    );
  });

  it('a Cast to 16 bits that rounds on purpose', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const narrow = g.op('Cast', [g.input('x', 'float32', [4])], { to: 10 });
      g.output('y', g.op('Cast', [narrow], { to: 1 }), 'float32', [4]);
    });
    await checkMiss(fp32(), { before, reason: 'rounds to float16 on purpose' });
  });

  it('sequences, whose elements stay', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float16', [4, 4]);
      const list = g.op('SplitToSequence', [g.op('Relu', [x])], { axis: 0 });
      const at = g.op('SequenceAt', [list, g.constant('int64', 1)]);
      g.output('y', g.op('Sigmoid', [at]), 'float16');
    });
    const { result, model } = await checkPass(fp32(), { before, within: 2e-3 });
    expect(result.skips.map(({ reason }) => reason)).toEqual([
      'sequences, maps and optionals keep the type of their elements',
    ]);
    expect(floats(model)).toContain('float32');
  });

  it('operators of a domain that is not known', async () => {
    const before = buildModel({ '': 17, vendor: 1 }, (g) => {
      g.output('y', g.op('Blend', [g.input('x', 'float16', [4])], {}, { domain: 'vendor' }), 'float16', [4]);
    });
    await checkMiss(fp32(), { before, reason: 'no float32 form of an operator of vendor is known' });
  });

  it('a type that the caller of a function gives', async () => {
    const model = buildModel({ '': 17, local: 1 }, (g) => {
      const x = g.input('x', 'float16', [4]);
      g.output('y', g.op('f', [x], { type: 10 }, { domain: 'local' }), 'float16', [4]);
    });
    const graph = new Graph(model, 'f', new Map([['', 17]]));
    const f = new GraphBuilder(graph);
    f.output('y', f.op('Cast', [graph.input('x')], { to: { type: 'ref', name: 'type', of: 'int' } }));
    const rest = { overload: '', attributes: ['type'], defaults: new Map(), docString: '' };
    model.functions.push({ domain: 'local', name: 'f', graph, ...rest });
    const { result } = await checkPass(fp32(), { before: model, within: 2e-3 });
    expect(result.skips.map(({ reason }) => reason).join()).toContain('given by the caller of the function');
  });
});

it('stored numbers of a default and of a listed input keep their port', async () => {
  const before = buildModel({ '': 17 }, (g) => {
    const w = g.input('w', 'float16', [4, 4]);
    w.defaultTensor = publishedTensor(exactly([4, 4]), 'float16');
    g.output('y', g.op('MatMul', [g.input('x', 'float16', [2, 4]), w]), 'float16', [2, 4]);
  });
  await checkPass(fp32(), { before, ops: { MatMul: 1, Cast: 3 }, within: 2e-3 });
});
