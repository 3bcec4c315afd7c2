/** What runtimes do not need: names, texts, types that follow, attributes that say what is usual. */
import { describe, expect, it } from 'vitest';
import { compacted } from '../../passes/compact/compacted.js';
import { compact } from '../../passes/compact.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import { tensorType } from '../../src/ir/types.js';
import { cloneModel } from '../../src/ir/whole-model/clone.js';
import { fileBytes } from '../../src/onnx/write.js';
import { checkMiss, checkPass, randomWeights } from '../check-pass.js';

const window = { dilations: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], group: 1, auto_pad: 'NOTSET' };

const conv = (attributes: object, size = 3) =>
  buildModel({ '': 17 }, (g: GraphBuilder) => {
    const weight = g.constant(randomWeights([4, 3, size, size], 9, 1), 'a/long/name/of/a/weight');
    const name = 'a/long/name/of/a/node';
    const inner = g.op('Conv', [g.input('a', 'float32', [1, 3, 8, 8]), weight], { ...attributes }, { name });
    inner.name = 'a/long/name/of/a/value';
    inner.declared = inner.type = tensorType('float32', [1, 4, 9 - size, 9 - size]);
    const port = g.op('Relu', [inner]);
    port.name = 'relu';
    g.output('y', port);
    g.graph.docString = 'text';
  });

describe('compact', () => {
  it('leaves out names, texts, types and usual attributes, and ports stay', async () => {
    const before = conv(window);
    const { model } = await checkPass(compact(), { before, within: 0 });
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(['a']);
    expect(model.graph.outputPorts.map(({ name }) => name)).toEqual(['y']);
    const [node] = model.graph.nodes();
    expect([...(node?.attributes.keys() ?? [])]).toEqual([]);
    expect(node?.name).toBe('');
    // The input is called a, so that no value is.
    expect([...model.graph.values()].filter((value) => !value.isInput).map(({ name }) => name)).not.toContain('a');
    expect(fileBytes(model)).toBeLessThan(fileBytes(before) - 150);
  });

  it('keeps attributes that say something else, and types that do not follow', async () => {
    const before = conv({ ...window, strides: [2, 2], pads: [1, 0, 1, 0] });
    const unknown = [...before.graph.nodeSet][0]?.output;
    if (unknown) unknown.declared = unknown.type = undefined;
    const { model } = await checkPass(compact(), { before, within: 0 });
    expect([...(model.graph.nodes()[0]?.attributes.keys() ?? [])].sort()).toEqual(['pads', 'strides']);
    const other = buildModel({ '': 17, own: 1 }, (g) => {
      const made = g.op(
        'Unknown',
        [g.input('x', 'float32', [4])],
        {},
        { domain: 'own', type: tensorType('float32', [4]) },
      );
      made.declared = made.type;
      g.output('y', g.op('Relu', [made]));
    });
    const copy = cloneModel(other);
    compacted(copy);
    expect([...copy.graph.nodeSet][0]?.output.declared).toBeDefined();
  });

  it('leaves a file of numbers alone where it is asked to', () =>
    checkMiss(compact({ above: 0.5 }), {
      before: conv(window, 8),
      reason: /all but the numbers takes .* not more than 50/,
    }));
});
