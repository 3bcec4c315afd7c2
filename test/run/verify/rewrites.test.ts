/** Rewrites run before they are made: a rewrite that gives other numbers at some size or under some mask is not made. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decoder } from '../../../fixtures/decoder.js';
import { inferTypes } from '../../../src/infer/index.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { optimize } from '../../../src/optimize.js';
import { definePass, type PassContext } from '../../../src/run/pass.js';
import { cutOut } from '../../../src/run/verify/cut-out.js';
import { opCounts, randomWeights } from '../../check-pass.js';

/** Defines a pass that replaces every node of an op by what `build` makes of its inputs. */
const rewriting = (opType: string, build: (node: Node, inputs: readonly Value[]) => Value, seen: boolean[] = []) =>
  definePass({
    name: 'rewriting',
    summary: '',
    fidelity: 'exact',
    options: z.object({}),
    run(model: Model, _: object, context: PassContext) {
      const facts = inferTypes(model);
      for (const graph of model.graphs())
        for (const node of graph.nodes()) {
          if (!node.is(opType)) continue;
          const inputs = node.inputs as readonly Value[];
          const by = build(node, inputs);
          seen.push(
            context.replace({
              rule: opType,
              old: [node.output],
              by: [by],
              operands: inputs.filter((v) => !v.isConstant),
              facts,
            }) === undefined,
          );
        }
    },
  })();

const model = (define: (g: GraphBuilder) => Value) =>
  buildModel({ '': 17 }, (g) => g.output('y', define(g), 'float32', undefined));
const image = (g: GraphBuilder) => g.input('x', 'float32', ['batch', 'seq', 8]);

describe('rewrites that are run', () => {
  it('makes what gives the same, and counts equal ones once', async () => {
    const before = model((g) => {
      const relu = g.op('Relu', [image(g)]);
      return g.op('Relu', [g.op('Neg', [relu])]);
    });
    const twice = rewriting(
      'Relu',
      (node, [x]) => node.graph.add('Max', [x, node.graph.constant(tensorOf('float32', 0))]).output,
    );
    const { model: after, report } = await optimize(before, [twice], { target: 'cpu', verify: 'rewrite' });
    expect(opCounts(after)).toEqual({ Max: 2, Neg: 1 });
    expect(report.passes[0]?.rewrites).toEqual({ count: 2, distinct: 1, refuted: [], notCompared: [] });
  });

  it('counts norms that differ by their weights as equal', async () => {
    const before = model((g) => {
      let x = g.input('x', 'float32', ['batch', 'seq', 16]);
      for (let layer = 0; layer < 3; layer++) {
        const centred = g.op('Sub', [x, g.op('ReduceMean', [x], { axes: [-1] })]);
        const variance = g.op('ReduceMean', [g.op('Mul', [centred, centred])], { axes: [-1] });
        const deviation = g.op('Sqrt', [g.op('Add', [variance, g.constant('float32', 1e-5)])]);
        x = g.op('Mul', [g.op('Div', [centred, deviation]), g.constant(randomWeights([16], 1, layer))]);
      }
      return x;
    });
    const { report } = await optimize(before, 'fuse-norm', { target: 'cpu', verify: 'rewrite' });
    expect(report.passes[0]?.rewrites).toEqual({ count: 3, distinct: 1, refuted: [], notCompared: [] });
  });

  it('makes what reads another form of a constant operand', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      // This is a layer norm over the second axis: the kernel takes its scale without the axes of size 1.
      const x = g.input('x', 'float32', ['batch', 8, 'seq']);
      const centred = g.op('Sub', [x, g.op('ReduceMean', [x], { axes: [1] })]);
      const variance = g.op('ReduceMean', [g.op('Mul', [centred, centred])], { axes: [1] });
      const deviation = g.op('Sqrt', [g.op('Add', [variance, g.constant('float32', 1e-5)])]);
      g.output('y', g.op('Mul', [g.op('Div', [centred, deviation]), g.constant(randomWeights([1, 8, 1]))]));
    });
    const { model: after, report } = await optimize(before, 'fuse-norm', { target: 'cpu', verify: 'rewrite' });
    expect(opCounts(after)).toEqual({ Transpose: 2, LayerNormalization: 1 });
    expect(report.passes[0]?.rewrites).toEqual({ count: 1, distinct: 1, refuted: [], notCompared: [] });
  });

  it('finds sizes at which a mask is as long as the past and what is new', async () => {
    const before = decoder({ layers: 2, hidden: 32, heads: 2, kvHeads: 1, intermediate: 48, vocabulary: 50, seed: 0 });
    const { report } = await optimize(before, 'fuse-attn', { target: 'cpu', verify: 'rewrite' });
    expect(report.passes[0]?.rewrites).toMatchObject({ count: 2, refuted: [], notCompared: [] });
  });

  it('does not make what holds at batch 1 only', async () => {
    const before = model((g) => g.op('Transpose', [image(g)], { perm: [1, 0, 2] }));
    // With a batch of one row, swapping the first two axes moves nothing.
    const wrong = rewriting('Transpose', (node, [x]) => {
      const { graph } = node;
      const shape = graph.add('Shape', [x]).output;
      const order = graph.constant(tensorOf('int64', [1, 0, 2]));
      return graph.add('Reshape', [x, graph.add('Gather', [shape, order]).output]).output;
    });
    const { model: after, report } = await optimize(before, [wrong], { target: 'cpu', verify: 'rewrite' });
    expect(opCounts(after)).toEqual({ Transpose: 1 });
    const [refuted] = report.passes[0]?.rewrites?.refuted ?? [];
    expect(refuted?.rule).toBe('Transpose');
    expect(refuted?.detail).toContain('relative L2');
  });

  it('does not make what loses a mask, and runs masks with holes and whole rows', async () => {
    const before = buildModel({ '': 17 }, (g) => {
      const mask = g.input('attention_mask', 'int64', ['batch', 'seq']);
      const isSeen = g.op('Cast', [mask], { to: 9 });
      const scores = g.input('scores', 'float32', ['batch', 'seq']);
      g.output('y', g.op('Where', [isSeen, scores, g.constant('float32', -1e9)]), 'float32', undefined);
    });
    const wrong = rewriting('Where', (node, [, x]) => node.graph.add('Identity', [x]).output);
    const seen: boolean[] = [];
    const right = rewriting('Where', (node, inputs) => node.graph.add('Where', inputs).output, seen);
    const { report } = await optimize(before, [wrong, right], { target: 'cpu', verify: 'rewrite' });
    expect(report.passes[0]).toMatchObject({ status: 'applied', rewrites: { refuted: [{ rule: 'Where' }] } });
    expect(report.passes[1]?.rewrites).toMatchObject({ distinct: 1, refuted: [], notCompared: [] });
    expect(seen.at(-1)).toBe(true);
  });

  it('says so where a rewrite cannot be cut out', async () => {
    const before = model((g) => g.op('Add', [g.op('Relu', [image(g)]), g.input('z', 'float32', ['batch', 'seq', 8])]));
    const facts = inferTypes(before);
    const add = before.graph.outputs[0] as Value;
    const rewrite = { rule: 'r', old: [add], by: [add], operands: [add.producer?.inputs[0] as Value], facts };
    expect(cutOut(rewrite)).toBe('it reads an input beside its operands');
  });

  it('has one key for the same algebra over other weights, and another for other types', () => {
    const keyOf = (size: number, seed: number): string => {
      const one = buildModel({ '': 17 }, (g) => {
        const x = g.input('x', 'float32', ['batch', size]);
        const product = g.op('MatMul', [x, g.constant(randomWeights([size, 16], 1, seed))]);
        g.output('y', g.op('Relu', [product]));
      });
      const facts = inferTypes(one);
      const y = one.graph.outputs[0] as Value;
      const cut = cutOut({ rule: 'r', old: [y], by: [y], operands: [one.graph.inputs[0] as Value], facts });
      return typeof cut === 'string' ? cut : cut.key;
    };
    expect(keyOf(32, 1)).toBe(keyOf(32, 2));
    expect(keyOf(32, 1)).not.toBe(keyOf(64, 1));
  });

  it('cuts behind an embedding of ids, and takes the small table of a mask with it', () => {
    const inputsOf = (rows: number): string[] => {
      const one = buildModel({ '': 17 }, (g) => {
        const table = g.constant(randomWeights([rows, 64], 1, 0));
        g.output('y', g.op('Relu', [g.op('Gather', [table, g.input('ids', 'int64', ['batch'])])]));
      });
      const y = one.graph.outputs[0] as Value;
      const operands = [y.producer?.inputs[0] as Value];
      const cut = cutOut({ rule: 'r', old: [y], by: [y], operands, facts: inferTypes(one) });
      return typeof cut === 'string' ? [cut] : cut.before.graph.inputs.map(({ name }) => name);
    };
    expect(inputsOf(32)).toEqual(['ids']);
    expect(inputsOf(2048)).toEqual(['operand_0']);
  });
});
