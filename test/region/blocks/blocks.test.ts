import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel } from '../../../src/ir/build.js';
import type { Value } from '../../../src/ir/value.js';
import { type Block, findBlocks } from '../../../src/region/blocks/index.js';
import { found, sizes } from './blocks-contract.js';
import { fresh, LAYER, layer, layers, model, shuffled, type Weights, WIDTH } from './blocks-models.js';

describe('findBlocks', () => {
  it('finds layers whose weights differ, with one input from the layer before, the mask shared, and one output', () => {
    const [block, ...others] = found(model(layers(5))) as [Block];
    expect(others).toEqual([]);
    expect(sizes([block])).toEqual([`5 × ${LAYER}`]);
    const [first, second] = block.instances as [Block['instances'][0], Block['instances'][0]];
    expect(first.inputs.map(({ name }) => name)).toContain('mask');
    expect(second.inputs.filter((value) => first.inputs.includes(value)).map(({ name }) => name)).toEqual(['mask']);
    expect(second.inputs).toHaveLength(2);
    expect(second.inputs).toContain(first.outputs[0]);
    expect(first.outputs).toHaveLength(1);
    expect(first.constants).toHaveLength(10);
    expect(second.constants.some((value) => first.constants.includes(value))).toBe(false);
  });

  it('does not depend on names, nor on the order of the nodes in the file', () => {
    expect(sizes(found(shuffled(model(layers(6)))))).toEqual([`6 × ${LAYER}`]);
  });

  it('gives the same blocks each time, and leaves the graph as it is', () => {
    const one = model(layers(3));
    inferTypes(one);
    const { revision } = one;
    expect(findBlocks(one.graph)).toEqual(findBlocks(one.graph));
    expect(one.revision).toBe(revision);
  });

  it('finds all layers where the first has a node more and the last one less', () => {
    const odd = model((g, x, mask, w) => {
      const start = layer(g, g.op('Tanh', [x]), g.op('Abs', [mask]), w);
      const middle = layer(g, layer(g, g.op('Identity', [start]), mask, w), mask, w);
      const last = layer(g, middle, mask, w);
      return g.op('Neg', [last.producer?.inputs[1]]);
    });
    expect(found(odd)[0]?.instances).toHaveLength(4);
  });

  it('cuts a block in two where the first layer alone leaves it and comes back', () => {
    const guarded = model((g, x, mask, w) => {
      const plain = layers(4)(g, x, mask, w);
      const softmax = g.graph.nodes().find((node) => node.is('Softmax'));
      const copy = g.op('Abs', [softmax?.output]);
      const reader = g.graph.nodes().find((node) => node.is('MatMul') && node.inputs[0] === softmax?.output);
      if (reader) g.graph.setInput(reader, 0, copy);
      return plain;
    });
    const blocks = found(guarded);
    expect(blocks.map(({ instances }) => instances.length)).toEqual([4, 4]);
    expect(blocks[0]?.repeat).toBe(blocks[1]?.repeat);
    expect(blocks.reduce((sum, { instances }) => sum + (instances[0]?.nodes.length ?? 0), 0)).toBe(LAYER);
  });

  it('finds layers that share their weights', () => {
    const shared = model((g, x, mask, w) => {
      const all: Value[] = [];
      let at = 0;
      const once: Weights = (...shape) => {
        const held = all[at] ?? w(...shape);
        all[at++] = held;
        return held;
      };
      return [0, 1, 2].reduce<Value>((value) => {
        at = 0;
        return layer(g, value, mask, once);
      }, x);
    });
    const [block] = found(shared) as [Block];
    expect(sizes([block])).toEqual([`3 × ${LAYER}`]);
    expect(block.instances[1]?.constants).toEqual(block.instances[0]?.constants);
  });

  it('tells stages of other widths apart, and finds the layers in each', () => {
    const stages = model((g, x, mask, w) => {
      const wide = [0, 1, 2].reduce<Value>((value) => layer(g, value, mask, w, 16), x);
      return [0, 1].reduce<Value>((value) => layer(g, value, mask, w, 8), g.op('Sin', [wide]));
    });
    expect(sizes(found(stages))).toEqual([`3 × ${LAYER}`, `2 × ${LAYER}`]);
  });

  it('finds equal layers of two stages as one block', () => {
    const stages = model((g, x, mask, w) => {
      const stage = (value: Value) => [0, 1, 2].reduce<Value>((one) => layer(g, one, mask, w), value);
      return stage(g.op('Sin', [g.op('Neg', [stage(x)])]));
    });
    expect(sizes(found(stages))).toEqual([`6 × ${LAYER}`]);
  });

  it('finds two kinds of layers that take turns', () => {
    const turns = model((g, x, mask, w) => {
      const mix = (value: Value) => {
        const gate = g.op('Sigmoid', [g.op('MatMul', [g.op('Neg', [value]), w(WIDTH, WIDTH)])]);
        return g.op('Mul', [g.op('Exp', [g.op('Mul', [gate, value])]), g.op('Cos', [gate])]);
      };
      return [0, 1, 2].reduce<Value>((value) => mix(layer(g, value, mask, w)), x);
    });
    expect(sizes(found(turns))).toEqual([`3 × ${LAYER + 7}`]);
  });

  it('finds a joint block of two streams as one block, not as four halves', () => {
    const joint = model((g, x, _, w) => {
      let [image, text]: [Value, Value] = [g.op('Tanh', [x]), g.op('Abs', [x])];
      for (let at = 0; at < 3; at++) {
        const project = (value: Value) => g.op('Add', [g.op('MatMul', [value, w(WIDTH, WIDTH)]), w(WIDTH)]);
        const [q, k] = [0, 1].map(() => g.op('Concat', [project(text), project(image)], { axis: 1 })) as [Value, Value];
        const both = g.op('Softmax', [g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 2, 1] })])]);
        const out = g.op('MatMul', [both, k]);
        const half = (value: Value, start: number) =>
          g.op('Add', [
            value,
            g.op('Mul', [
              value,
              g.op('ReduceMean', [g.op('Slice', [out, g.ints(start), g.ints(start + 1), g.ints(1)])], { axes: [1] }),
            ]),
          ]);
        [text, image] = [half(text, 0), half(image, 1)];
      }
      return g.op('Add', [image, text]);
    });
    const blocks = found(joint);
    expect(blocks[0]?.instances).toHaveLength(3);
    expect(blocks[0]?.instances[0]?.nodes.length).toBeGreaterThan(15);
  });

  it('takes nodes for alike by their attributes and types, and indices that differ for constants', () => {
    const sliced = model((g, x, mask, w) =>
      [0, 1, 2].reduce<Value>((value, _, at) => {
        const bias = g.op('Slice', [mask, g.ints(at), g.ints(at + 1), g.ints(1)]);
        return layer(g, value, bias, w);
      }, x),
    );
    expect(sizes(found(sliced))).toEqual([`3 × ${LAYER + 1}`]);
    const axes = model((g, x, mask, w) =>
      [0, 1, 2].reduce<Value>((value, _, at) => g.op('Softmax', [layer(g, value, mask, w)], { axis: at }), x),
    );
    expect(sizes(found(axes))).toEqual([`3 × ${LAYER}`]);
  });

  it('finds repeats in bodies, and bodies in repeats', () => {
    const branch = model((g, x, mask, w) => {
      const condition = g.constant('bool', 1, []);
      const then = g.body('then', (b) =>
        b.output(
          't',
          [0, 1, 2].reduce<Value>((v) => layer(b, v, mask, fresh(b)), x),
        ),
      );
      const other = g.body('else', (b) => b.output('e', b.op('Neg', [x])));
      let value = g.op('If', [condition], { then_branch: then, else_branch: other });
      for (let at = 0; at < 3; at++) {
        const input = layer(g, value, mask, w);
        const yes = g.body('yes', (b) => b.output('t', b.op('Abs', [input])));
        const no = g.body('no', (b) => b.output('e', b.op('Neg', [mask.graph === b.graph ? mask : input])));
        value = g.op('If', [condition], { then_branch: yes, else_branch: no });
      }
      return value;
    });
    expect(sizes(found(branch))).toEqual([`3 × ${LAYER + 1}`]);
    const inner = [...branch.graphs()].flatMap((graph) => (graph === branch.graph ? [] : findBlocks(graph)));
    expect(sizes(inner)).toEqual([`3 × ${LAYER}`]);
  });

  it('finds nothing where nothing repeats', () => {
    const plain = model((g, x, mask, w) => g.op('Erf', [g.op('Cos', [layer(g, g.op('Tanh', [x]), mask, w)])]));
    expect(found(plain)).toEqual([]);
    expect(found(buildModel({ '': 17 }, (g) => g.output('y', g.input('x', 'float32', [2]))))).toEqual([]);
  });

  it('names blocks by the scope of nodes or weights, else by their ops', () => {
    const named = model(layers(3));
    const block = found(named)[0] as Block;
    expect(block.name).toBe('MatMul Add LayerNormalization');
    block.instances.forEach(({ constants }, at) => {
      constants.forEach((value, index) => {
        value.name = `model.encoder.layers.${at}.part${index}.weight`;
      });
    });
    expect(findBlocks(named.graph)[0]?.name).toBe('encoder layer');
  });
});
