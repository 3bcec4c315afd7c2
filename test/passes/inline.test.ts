import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inline } from '../../passes/inline.js';
import type { Attribute } from '../../src/ir/attribute.js';
import { float } from '../../src/ir/attribute.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { readModel } from '../../src/onnx/read.js';
import { checkMiss, checkPass, opCounts } from '../check-pass.js';
import { collection, modelFolders } from '../models.js';
import { dataSets, storedTensors } from '../stored-data.js';

const opsets = { '': 17, local: 1 };
const call = { domain: 'local' };

/** Adds a function; `define` gets its inputs by name and gives its outputs. */
function define(
  model: Model,
  name: string,
  inputs: readonly string[],
  body: (g: GraphBuilder, graph: Graph) => void,
  options: { opsets?: Map<string, number>; attributes?: string[]; defaults?: [string, Attribute][] } = {},
): void {
  const graph = new Graph(model, name, options.opsets ?? new Map(model.opsets));
  for (const input of inputs) graph.input(input);
  body(new GraphBuilder(graph), graph);
  model.functions.push({
    domain: 'local',
    name,
    overload: '',
    graph,
    attributes: options.attributes ?? [],
    defaults: new Map(options.defaults),
    docString: '',
  });
}

const reference = (name: string, of: 'float'): Attribute => ({ type: 'ref', name, of });

/** LeakyRelu with the caller's slope, which is 0.5 by default. */
const defineLeaky = (model: Model) =>
  define(
    model,
    'Leaky',
    ['x'],
    (g, { inputs }) => g.output('y', g.op('LeakyRelu', [inputs[0]], { alpha: reference('slope', 'float') })),
    { defaults: [['slope', float(0.5)]] },
  );

describe('inline', () => {
  it("gives attributes the call's value, or the function's default", async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [2, 3]);
      const a = g.op('Leaky', [x], { slope: float(0.1) }, call);
      g.output('y', g.op('Leaky', [a], undefined, call), 'float32', [2, 3]);
    });
    defineLeaky(before);
    const { model, result } = await checkPass(inline(), { before, ops: { LeakyRelu: 2 }, within: 0 });
    const slopes = model.graph.nodes().map((node) => node.float('alpha'));
    expect(slopes).toEqual([Math.fround(0.1), 0.5]);
    expect(model.functions).toEqual([]);
    expect(model.opsets.has('local')).toBe(false);
    expect(result.notes).toEqual([{ text: 'inlined 2 calls of Leaky' }]);
  });

  it('inlines calls in functions, in bodies, and in bodies of functions', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [2]);
      const condition = g.input('condition', 'bool', []);
      const branch = (name: string) =>
        g.body(name, (b) => b.output(`${name}_y`, b.op('Twice', [x], undefined, call), 'float32', [2]));
      const y = g.op('If', [condition], { then_branch: branch('then'), else_branch: branch('else') });
      g.output('y', g.op('Chosen', [condition, y], undefined, call), 'float32', [2]);
    });
    defineLeaky(before);
    define(before, 'Twice', ['x'], (g, { inputs }) => {
      const inner = g.op('Leaky', [inputs[0]], { slope: float(0.3) }, call);
      g.output('y', g.op('Leaky', [inner], undefined, call));
    });
    define(before, 'Chosen', ['c', 'x'], (g, { inputs: [c, x] }) => {
      const twice = g.body('a', (b) => b.output('a_y', b.op('Twice', [x], undefined, call), 'float32', [2]));
      const same = g.body('b', (b) => b.output('b_y', b.op('Identity', [x]), 'float32', [2]));
      g.output('y', g.op('If', [c], { then_branch: twice, else_branch: same }));
    });
    const { model } = await checkPass(inline(), { before, ops: { If: 2, LeakyRelu: 6, Identity: 1 }, within: 0 });
    expect(model.functions).toEqual([]);
  });

  it('leaves an input out that the call leaves out, and hands inputs through', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [2]);
      const node = g.node('Bounded', [x, undefined, g.constant('float32', 0.5)], undefined, { ...call, outputs: 2 });
      g.output('y', node.outputs[0] as typeof x, 'float32', [2]);
      g.output('z', g.op('Neg', [node.outputs[1]]), 'float32', [2]);
    });
    define(before, 'Bounded', ['x', 'low', 'high'], (g, { inputs: [x, low, high] }) => {
      g.output('y', g.op('Clip', [x, low, high]));
      g.output('same', x as NonNullable<typeof x>);
    });
    const { model } = await checkPass(inline(), { before, ops: { Clip: 1, Neg: 1 }, within: 0 });
    expect(
      model.graph
        .nodes()
        .find((node) => node.is('Clip'))
        ?.inputs.map((value) => value !== undefined),
    ).toEqual([true, false, true]);
  });

  it('inlines by name alone where names are given', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [2]);
      g.output('y', g.op('Twice', [g.op('Leaky', [x], undefined, call)], undefined, call), 'float32', [2]);
    });
    defineLeaky(before);
    define(before, 'Twice', ['x'], (g, { inputs }) =>
      g.output('y', g.op('Leaky', [g.op('Leaky', [inputs[0]], undefined, call)], undefined, call)),
    );
    const { model } = await checkPass(inline({ only: ['Twice'] }), { before, within: 0 });
    expect(opCounts(model)).toEqual({ 'local.Leaky': 3, LeakyRelu: 1 });
    expect(model.functions.map(({ name }) => name)).toEqual(['Leaky']);
    await checkMiss(inline({ only: ['Thrice'] }), { before, reason: 'no local function "Thrice"' });
  });

  it('keeps a call whose function imports an opset in which an op means something else', async () => {
    const softmax = (opset: number) => {
      const model = buildModel(opsets, (g) =>
        g.output('y', g.op('Old', [g.input('x', 'float32', [2, 3, 4])], undefined, call), 'float32', [2, 3, 4]),
      );
      define(model, 'Old', ['x'], (g, { inputs }) => g.output('y', g.op('Softmax', [inputs[0]])), {
        opsets: new Map([['', opset]]),
      });
      return model;
    };
    await checkMiss(inline(), {
      before: softmax(12),
      reason: /opset 12 of ai.onnx, its caller 17, and Softmax differs/,
    });
    await checkPass(inline(), { before: softmax(15), ops: { Softmax: 1 }, within: 0 });
  });

  const folders = [
    join(collection('traps'), 'function-attribute-reference'),
    join(collection('zoo'), 'local-functions'),
  ];
  it.each(folders.flatMap(modelFolders))('%s', async (folder) => {
    const before = await readModel(join(folder, 'model.onnx'));
    for (const set of dataSets(folder)) {
      const { inputs } = { inputs: storedTensors(folder, 'input', set) };
      const { model } = await checkPass(inline(), { before, feeds: inputs, within: 1e-6 });
      expect(model.functions).toEqual([]);
    }
  });
});
