import { describe, expect, it } from 'vitest';
import { outline } from '../../passes/outline.js';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import { findBlocks } from '../../src/region/blocks/index.js';
import { blockInfos, blockLines } from '../../src/report/inspect/blocks.js';
import { applyPasses } from '../check-pass.js';
import { mixtureOfExperts, stages } from '../region/blocks/blocks-architectures.js';
import { LAYER, layers, model } from '../region/blocks/blocks-models.js';

/** An embedding, three layers and a head, named as exporters name them. */
const named = () =>
  buildModel({ '': 17 }, (g) => {
    const weight = (shape: number[]) =>
      g.constant('float32', new Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);
    const op = (name: string, type: string, inputs: Value[]) => g.op(type, inputs, {}, { name });
    let x = op('/model/embeddings/Gather', 'Gather', [weight([10, 4]), g.input('ids', 'int64', ['b', 's'])]);
    for (let at = 0; at < 3; at++) {
      const scope = `/model/encoder/layer.${at}`;
      const hidden = op(`${scope}/fc1/MatMul`, 'MatMul', [x, weight([4, 8])]);
      const active = op(`${scope}/act/Relu`, 'Relu', [hidden]);
      x = op(`${scope}/Add`, 'Add', [x, op(`${scope}/fc2/MatMul`, 'MatMul', [active, weight([8, 4])])]);
    }
    g.output('y', op('/model/head/MatMul', 'MatMul', [x, weight([4, 2])]));
  });

describe('the structure of a model', () => {
  it('is what repeats, then the parts that stand once, with the parameters of one instance', () => {
    const model = named();
    inferTypes(model);
    const infos = blockInfos(model, findBlocks);
    expect(infos).toEqual([
      { name: 'encoder layer', count: 3, nodes: 4, parameters: 64, bytes: 256 },
      { name: 'embeddings', count: 1, nodes: 1, parameters: 40, bytes: 160 },
      { name: 'head', count: 1, nodes: 1, parameters: 8, bytes: 32 },
    ]);
    expect(blockLines(infos)).toEqual([
      '3 ×  encoder layer  4 nodes, 64 parameters, 256 B',
      '1 ×  embeddings     1 node, 40 parameters, 160 B',
      '1 ×  head           1 node, 8 parameters, 32 B',
    ]);
  });

  it('tells what repeats inside a block where it makes up most of it, per instance', () => {
    const model = mixtureOfExperts(3, 5);
    inferTypes(model);
    const [layer, ...others] = blockInfos(model, findBlocks);
    expect(layer).toMatchObject({ count: 3, blocks: [{ count: 5, nodes: 8, parameters: 96 }] });
    expect(others).toEqual([{ name: 'other', count: 1, nodes: 1, parameters: 0, bytes: 0 }]);
    expect(layer?.blocks?.[0]).not.toHaveProperty('blocks');
    expect(blockLines([{ ...layer, name: 'layer' } as never])).toEqual([
      `3 ×  layer                         ${layer?.nodes} nodes, ${layer?.parameters} parameters, 2.42 kB`,
      '       each 5 × MatMul Mul Gather  8 nodes, 96 parameters, 392 B',
    ]);
  });

  it('counts the nodes of a function where it is called', async () => {
    const flat = model(layers(4));
    inferTypes(flat);
    const { model: outlined } = await applyPasses([outline()], flat);
    inferTypes(outlined);
    expect(outlined.functions).toHaveLength(1);
    const [[before], [after]] = [blockInfos(flat, findBlocks), blockInfos(outlined, findBlocks)];
    expect(after).toMatchObject({ count: 4, nodes: LAYER });
    expect([after?.parameters, after?.bytes]).toEqual([before?.parameters, before?.bytes]);
  });

  it('says sizes in three digits', () => {
    const sizes = [999, 1000, 49_903, 149_903, 999_600, 7_100_000];
    const shown = sizes.map((parameters) =>
      blockLines([{ name: 'layer', count: 1, nodes: 1, parameters, bytes: 4 }])[0]?.slice(20),
    );
    expect(shown).toEqual([
      '999 parameters, 4 B',
      '1 K parameters, 4 B',
      '49.9 K parameters, 4 B',
      '150 K parameters, 4 B',
      '1 M parameters, 4 B',
      '7.1 M parameters, 4 B',
    ]);
  });

  it('shows the blocks of stages below each stage', () => {
    const model = stages(3, 2);
    inferTypes(model);
    const [stage] = blockInfos(model, findBlocks);
    expect(stage).toMatchObject({ count: 3, blocks: [{ count: 2, nodes: LAYER }] });
  });

  it('counts repeats without parameters among the smaller blocks, unless they are large', () => {
    const [part, plain] = [
      { name: 'layer', count: 2, nodes: 40, parameters: 50, bytes: 200 },
      { name: 'shapes', count: 2, nodes: 4, parameters: 0, bytes: 0 },
    ];
    expect(blockLines([part, plain])).toEqual([
      '2 ×  layer            40 nodes, 50 parameters, 200 B',
      '     1 smaller block  8 nodes',
    ]);
    expect(blockLines([part, { ...plain, nodes: 6 }])[1]).toBe('2 ×  shapes  6 nodes');
    expect(blockLines([part, { ...plain, count: 1 }])[1]).toBe('1 ×  shapes  4 nodes');
  });

  it('counts pieces of one repeat as one block, and sums up what is small', () => {
    const model = named();
    const nodes = model.graph.nodes().filter((node) => node.name.includes('layer'));
    const pieces = [0, 2].map((start) => ({
      name: 'layer',
      repeat: 0,
      instances: [0, 4, 8].map((layer) => ({ nodes: nodes.slice(layer + start, layer + start + 2), constants: [] })),
    }));
    const [first, ...others] = blockInfos(model, (_, among) => (among ? [] : pieces));
    expect(first).toEqual({ name: 'layer', count: 3, nodes: 4, parameters: 0, bytes: 0 });
    const large = { name: 'layer', count: 2, nodes: 500, parameters: 7_100_000, bytes: 7_100_000 };
    expect(blockLines([large, ...others])).toEqual([
      '2 ×  layer             500 nodes, 7.1 M parameters, 7.10 MB',
      '     2 smaller blocks  2 nodes',
    ]);
  });
});
