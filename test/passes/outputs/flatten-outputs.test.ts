import { describe, expect, it } from 'vitest';
import { flattenOutputs } from '../../../passes/flatten-outputs.js';
import { contractOf } from '../../../src/contract/contract.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { type Type, tensorType } from '../../../src/ir/types.js';
import { applyPass, checkMiss, opCounts } from '../../check-pass.js';
import { flattenAndRun, runFlat } from '../../run-flat.js';
import { made, opsets, portsOf, sequence, x3 } from './flatten-models.js';

describe('maps', () => {
  const classifier = (labels: Record<string, readonly number[] | readonly string[]>): Model =>
    buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', ['batch', 3]);
      const elem: Type = { kind: 'map', key: 'int64', value: tensorType('float32', []) };
      const zipMap = g.op('ZipMap', [g.op('Identity', [x])], labels, { domain: 'ai.onnx.ml' });
      g.output('p', zipMap, { kind: 'sequence', elem });
    });
  const feeds = { x: tensorOf('float32', [1, 2, 3, 4, 5, 6], [2, 3]) };

  it('are the probabilities under the name of the ZipMap output, and come back with their labels', async () => {
    const { model, values } = await flattenAndRun(classifier({ classlabels_int64s: [7, 8, 9] }), feeds);
    expect(opCounts(model)).toEqual({ Identity: 1 });
    expect(contractOf(model).outputs).toEqual([{ name: 'p', type: 'float32', dims: ['batch', 3], same: 'x' }]);
    expect(values).toEqual({
      p: [
        { 7: 1, 8: 2, 9: 3 },
        { 7: 4, 8: 5, 9: 6 },
      ],
    });
  });

  it('keep labels that are strings, and int64 beyond 2^53', async () => {
    const { values } = await flattenAndRun(classifier({ classlabels_strings: ['a"b', 'ü', ''] }), feeds);
    expect(values.p).toEqual([
      { 'a"b': 1, ü: 2, '': 3 },
      { 'a"b': 4, ü: 5, '': 6 },
    ]);
    const before = classifier({ classlabels_int64s: [1, 2, 3] });
    const zipMap = before.graph.outputs[0]?.producer;
    if (!zipMap) throw new Error('no ZipMap');
    before.graph.setAttribute(zipMap, 'classlabels_int64s', { type: 'ints', value: [2n ** 60n, 2n ** 60n + 1n, -1n] });
    const large = await flattenAndRun(before, feeds);
    expect(Object.keys((large.values.p as object[])[0] as object)).toContain('1152921504606846977');
  });

  it('out of both branches of an If are one, if the labels are the same', async () => {
    const branches = (labels: readonly number[]) =>
      buildModel(opsets, (g) => {
        const x = g.input('x', 'float32', ['batch', 2]);
        const zip = (scale: number, classlabels_int64s: readonly number[]) =>
          g.body('branch', (b) => {
            const p = b.op('Mul', [x, b.constant('float32', scale)]);
            b.output('z', b.op('ZipMap', [p], { classlabels_int64s }, { domain: 'ai.onnx.ml' }));
          });
        const attributes = { then_branch: zip(2, [0, 1]), else_branch: zip(3, labels) };
        const elem: Type = { kind: 'map', key: 'int64', value: tensorType('float32', []) };
        g.output('z', g.op('If', [g.input('c', 'bool', [])], attributes), { kind: 'sequence', elem });
      });
    const run = { x: tensorOf('float32', [1, 2], [1, 2]), c: tensorOf('bool', 0, []) };
    const { values } = await flattenAndRun(branches([0, 1]), run);
    expect(values.z).toEqual([{ 0: 3, 1: 6 }]);
    await checkMiss(flattenOutputs(), { before: branches([0, 2]), reason: 'no ZipMap with known labels' });
  });

  it('that DictVectorizer reads are a row; those that CastMap reads stay', async () => {
    const reading = (op: string, attributes: Record<string, readonly string[] | string>, elem: 'float32' | 'float64') =>
      buildModel(opsets, (g) => {
        const m = g.input('m', { kind: 'map', key: 'string', value: tensorType(elem, []) });
        g.output('y', g.op('Identity', [g.op(op, [m], attributes, { domain: 'ai.onnx.ml' })]), elem, [1, 2]);
      });
    const before = reading('DictVectorizer', { string_vocabulary: ['a', 'b'] }, 'float32');
    const { model, values } = await flattenAndRun(before, { m: tensorOf('float32', [5, 6], [1, 2]) });
    expect(values.y).toEqual([[1, 2], 5, 6]);
    expect(contractOf(model).structure.inputs.m).toMatchObject({ kind: 'maps', labels: ['a', 'b'] });
    const castMap = reading('CastMap', { cast_to: 'TO_FLOAT' }, 'float32');
    await checkMiss(flattenOutputs(), { before: castMap, reason: 'CastMap' });
  });
});

describe('sequences of known length', () => {
  it('are what was put into them', async () => {
    const before = made((g, x) => {
      const double = g.op('Add', [x, x]);
      const both = g.op('SequenceConstruct', [x, double]);
      const three = g.op('SequenceInsert', [both, g.op('Neg', [x]), g.constant('int64', -1)]);
      return g.op('SequenceErase', [g.op('SequenceInsert', [three, x]), g.constant('int64', 0)]);
    });
    const { model, values, notes } = await flattenAndRun(before, x3);
    expect(portsOf(model)).toEqual(['s.0', 's.1', 's.2']);
    expect(opCounts(model)).toEqual({ Add: 1, Neg: 1 });
    expect(values.s).toEqual([
      [[3], -1, -2, -3],
      [[3], 2, 4, 6],
      [[3], 1, 2, 3],
    ]);
    expect(notes[0]).toContain('output "s" is the tensors "s.0", "s.1", "s.2"');
  });

  it('stay inside where something else reads them', async () => {
    const before = made((g, x) => {
      const s = g.op('SequenceConstruct', [x, x]);
      g.output('n', g.op('SequenceLength', [s]));
      return s;
    });
    const { model, values } = await flattenAndRun(before, x3);
    expect(opCounts(model)).toEqual({ SequenceConstruct: 1, SequenceLength: 1 });
    expect(values.n).toEqual([[], 2]);
  });

  it.each([
    [
      'parts of one',
      {},
      undefined,
      [
        [[1], 1],
        [[1], 2],
        [[1], 3],
      ],
    ],
    [
      'without the axis',
      { keepdims: 0 },
      undefined,
      [
        [[], 1],
        [[], 2],
        [[], 3],
      ],
    ],
    [
      'of a size',
      {},
      [2, []] as const,
      [
        [[2], 1, 2],
        [[1], 3],
      ],
    ],
    [
      'of sizes',
      {},
      [[1, 2], [2]] as const,
      [
        [[1], 1],
        [[2], 2, 3],
      ],
    ],
  ])('are the parts of a tensor: %s', async (_, attributes, split, expected) => {
    const before = made((g, x) => {
      const sizes = split && g.constant('int64', split[0] as number, split[1] as readonly number[]);
      return g.op('SplitToSequence', [x, sizes].slice(0, sizes ? 2 : 1), attributes);
    });
    const { model, values } = await flattenAndRun(before, x3);
    expect(opCounts(model)).not.toHaveProperty('SplitToSequence');
    expect(values.s).toEqual(expected);
  });

  it('come out of both branches of an If, captured values and nested Ifs included', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [3]);
      const c = g.input('c', 'bool', []);
      const plain = g.body('plain', (b) => b.output('t', b.op('SequenceConstruct', [x, b.op('Neg', [x])])));
      const inner = (b: GraphBuilder, sign: string) =>
        b.body(sign, (n) => n.output('u', n.op('SequenceConstruct', [n.op(sign, [x]), x])));
      const nested = g.body('nested', (b) => {
        const attributes = { then_branch: inner(b, 'Exp'), else_branch: inner(b, 'Abs') };
        b.output('t', b.op('Identity', [b.op('If', [b.op('Not', [c])], attributes)]));
      });
      g.output('s', g.op('If', [c], { then_branch: plain, else_branch: nested }), sequence);
    });
    const { model, values } = await flattenAndRun(before, { ...x3, c: tensorOf('bool', 1, []) });
    expect(opCounts(model)).toEqual({ If: 2, Not: 1, Neg: 1, Exp: 1, Abs: 1 });
    expect(portsOf(model)).toEqual(['s.0', 's.1']);
    expect(values.s).toEqual([
      [[3], 1, 2, 3],
      [[3], -1, -2, -3],
    ]);
    const other = await runFlat(model, { ...x3, c: tensorOf('bool', 0, []) });
    expect((other.s as number[][])[1]).toEqual([[3], 1, 2, 3]);
    expect((other.s as number[][])[0]?.[1]).toBeCloseTo(Math.E);
  });

  it('are mapped one by one', async () => {
    const before = made((g, x) => {
      const body = g.body('body', (b) => {
        const [item, other] = [b.input('item', 'float32', [3]), b.input('other', 'float32', [3])];
        b.output('r', b.op('Mul', [item, other]));
      });
      return g.op('SequenceMap', [g.op('SequenceConstruct', [x, g.op('Neg', [x])]), x], { body });
    });
    const { model, values } = await flattenAndRun(before, x3);
    expect(opCounts(model)).toEqual({ Neg: 1, Mul: 2 });
    expect(values.s).toEqual([
      [[3], 1, 4, 9],
      [[3], -1, -4, -9],
    ]);
  });

  it('of no element have no port, and alone are left', async () => {
    const empty = (g: GraphBuilder) => g.op('SequenceEmpty', [], { dtype: 1 });
    await checkMiss(flattenOutputs(), { before: made(empty), reason: 'no output would be left' });
    const before = made((g, x) => {
      g.output('y', g.op('Neg', [x]));
      return empty(g);
    });
    const { values } = await flattenAndRun(before, x3);
    expect(values).toEqual({ y: [[3], -1, -2, -3], s: [] });
  });
});

it('leaves a model of tensors as it is', async () => {
  const before = buildModel(opsets, (g) => {
    const x = g.input('x', 'float32', [3]);
    g.output('y', x);
    g.output('z', x);
    g.output('w', g.constant('float32', [1]));
  });
  const { passes } = await applyPass(flattenOutputs(), before);
  expect(passes[0]?.status).toBe('unchanged');
  expect(contractOf(before).outputs).toMatchObject([{ same: 'x' }, { same: 'x' }, { constant: true }]);
});

it('refuses sparse outputs with the reason', async () => {
  const before = buildModel(opsets, (g) =>
    g.output('y', g.input('x', { kind: 'sparse', elem: 'float32', shape: [3] })),
  );
  await checkMiss(flattenOutputs(), { before, reason: 'sparse' });
});
