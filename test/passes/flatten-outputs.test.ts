import { describe, expect, it } from 'vitest';
import { flattenOutputs } from '../../passes/flatten-outputs.js';
import { contractOf } from '../../src/contract/contract.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { tensorOf } from '../../src/ir/numbers.js';
import { type Type, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { applyPass, checkMiss, opCounts } from '../check-pass.js';
import { flattenAndRun, runFlat } from '../run-flat.js';

const opsets = { '': 17, 'ai.onnx.ml': 1 };
const sequence: Type = { kind: 'sequence', elem: tensorType('float32') };
const x3 = { x: tensorOf('float32', [1, 2, 3], [3]) };

/** One output `s`, made of the input x: float32[3]. */
const made = (define: (g: GraphBuilder, x: Value) => Value, type: Type = sequence): Model =>
  buildModel(opsets, (g) => g.output('s', define(g, g.input('x', 'float32', [3])), type));

const kindsOf = (model: Model) => Object.values(contractOf(model).structure.outputs).map(({ kind }) => kind);
const portsOf = (model: Model) => model.graph.outputPorts.map(({ name }) => name);

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

/** A Loop over x: float32[3] that runs n times and hands on a sequence. */
const loop = (
  step: (b: GraphBuilder, x: Value, at: Value, s: Value) => Value,
  start: 'empty' | 'one' = 'empty',
): Model =>
  buildModel(opsets, (g) => {
    const x = g.input('x', 'float32', [3]);
    const first = start === 'one' ? g.op('SequenceConstruct', [x]) : g.op('SequenceEmpty', [], { dtype: 1 });
    const body = g.body('body', (b) => {
      const at = b.input('at', 'int64', []);
      const go = b.input('go', 'bool', []);
      const s = b.input('in', sequence);
      b.output('go_out', b.op('Identity', [go]), 'bool', []);
      b.output('out', step(b, x, at, s), sequence);
    });
    g.output('s', g.op('Loop', [g.input('n', 'int64', []), undefined, first], { body }), sequence);
  });
const times = (n: number) => ({ ...x3, n: tensorOf('int64', n, []) });

describe('sequences whose length only a run tells', () => {
  const append = (b: GraphBuilder, x: Value, at: Value, s: Value) =>
    b.op('SequenceInsert', [s, b.op('Mul', [x, b.op('Cast', [at], { to: 1 })])]);

  it('are stacked where a Loop appends tensors of one shape', async () => {
    const { model, values } = await flattenAndRun(loop(append), times(2));
    expect(kindsOf(model)).toEqual(['stack']);
    expect(opCounts(model)).toEqual({ Loop: 1, Identity: 1, Cast: 1, Mul: 1 });
    expect(values.s).toEqual([
      [[3], 0, 0, 0],
      [[3], 1, 2, 3],
    ]);
    expect((await runFlat(model, times(0))).s).toEqual([]);
  });

  it('begin with what was in them before', async () => {
    const { model, values } = await flattenAndRun(loop(append, 'one'), times(1));
    expect(values.s).toEqual([
      [[3], 1, 2, 3],
      [[3], 0, 0, 0],
    ]);
    expect((await runFlat(model, times(0))).s).toEqual([[[3], 1, 2, 3]]);
  });

  it('are packed where shapes differ', async () => {
    const grow = (b: GraphBuilder, x: Value, at: Value, s: Value) => {
      const end = b.op('Unsqueeze', [at, b.ints(0)]);
      return b.op('SequenceInsert', [s, b.op('Slice', [x, b.ints(0), end]), b.constant('int64', 0)]);
    };
    const { model, values } = await flattenAndRun(loop(grow), times(3));
    expect(portsOf(model)).toEqual(['s', 's.shapes']);
    expect(values.s).toEqual([[[2], 1, 2], [[1], 1], [[0]]]);
    expect((await runFlat(model, times(0))).s).toEqual([]);
  });

  it('say their ranks where those differ', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [3]);
      const branch = (build: (b: GraphBuilder) => readonly Value[]) =>
        g.body('branch', (b) => b.output('t', b.op('SequenceConstruct', build(b))));
      const attributes = {
        then_branch: branch((b) => [x, b.op('ReduceSum', [x], { keepdims: 0 })]),
        else_branch: branch((b) => [b.op('Unsqueeze', [x, b.ints(0)])]),
      };
      g.output('s', g.op('If', [g.input('c', 'bool', [])], attributes), sequence);
    });
    const { model, values } = await flattenAndRun(before, { ...x3, c: tensorOf('bool', 1, []) });
    expect(portsOf(model)).toEqual(['s', 's.shapes', 's.ranks']);
    expect(values.s).toEqual([
      [[3], 1, 2, 3],
      [[], 6],
    ]);
    expect((await runFlat(model, { ...x3, c: tensorOf('bool', 0, []) })).s).toEqual([[[1, 3], 1, 2, 3]]);
  });

  it('are the slices of a tensor along an open axis', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [2, 'n']);
      g.output('s', g.op('SplitToSequence', [x], { axis: 1, keepdims: 0 }), sequence);
      g.output('t', g.op('SplitToSequence', [x], { axis: -1 }), sequence);
    });
    const { model, values } = await flattenAndRun(before, { x: tensorOf('float32', [1, 2, 3, 4], [2, 2]) });
    expect(opCounts(model)).not.toHaveProperty('SplitToSequence');
    expect(values).toEqual({
      s: [
        [[2], 1, 3],
        [[2], 2, 4],
      ],
      t: [
        [[2, 1], 1, 3],
        [[2, 1], 2, 4],
      ],
    });
  });
});

describe('optionals', () => {
  const optional: Type = { kind: 'optional', elem: tensorType('float32', [3]) };
  const none = (b: GraphBuilder) =>
    b.op('Optional', [], { type: { type: 'type_proto', value: tensorType('float32', [3]) } });

  it('that are there are what they hold', async () => {
    const { model, values } = await flattenAndRun(
      made((g, x) => g.op('Optional', [g.op('Neg', [x])]), optional),
      x3,
    );
    expect(opCounts(model)).toEqual({ Neg: 1 });
    expect(values.s).toEqual([[3], -1, -2, -3]);
  });

  it('that are never there are null, and leave no port', async () => {
    const before = made((g, x) => {
      g.output('y', g.op('Neg', [x]));
      return none(g);
    }, optional);
    const { model, values } = await flattenAndRun(before, x3);
    expect(portsOf(model)).toEqual(['y']);
    expect(values.s).toBe(null);
  });

  it('that only a run tells come with a bool', async () => {
    const before = buildModel(opsets, (g) => {
      const x = g.input('x', 'float32', [3]);
      const some = g.body('some', (b) => b.output('o', b.op('Optional', [b.op('Neg', [x])])));
      const attributes = { then_branch: some, else_branch: g.body('none', (b) => b.output('o', none(b))) };
      g.output('s', g.op('If', [g.input('c', 'bool', [])], attributes), optional);
    });
    const { model, values } = await flattenAndRun(before, { ...x3, c: tensorOf('bool', 1, []) });
    expect(portsOf(model)).toEqual(['s', 's.present']);
    expect(values.s).toEqual([[3], -1, -2, -3]);
    expect((await runFlat(model, { ...x3, c: tensorOf('bool', 0, []) })).s).toBe(null);
  });

  it('as inputs are a tensor and a bool', async () => {
    const before = buildModel({ '': 18 }, (g) => {
      const o = g.input('o', optional);
      g.output('has', g.op('OptionalHasElement', [o]));
      g.output('same', g.op('Identity', [o]), optional);
    });
    const feeds = (isThere: number) => ({ o: x3.x, 'o.present': tensorOf('bool', isThere, []) });
    const { model, values } = await flattenAndRun(before, feeds(1));
    expect(values).toEqual({ has: [[], 1], same: [[3], 1, 2, 3] });
    expect(await runFlat(model, feeds(0))).toEqual({ has: [[], 0], same: null });
  });
});

describe('sequences as inputs', () => {
  const reading = (dims: readonly string[] | readonly number[]): Model =>
    buildModel(opsets, (g) => {
      const before = g.input('a', 'float32', [3]);
      const s = g.input('s', { kind: 'sequence', elem: tensorType('float32', dims as readonly number[]) });
      const after = g.input('b', 'float32', [3]);
      g.output('r', g.op('SequenceInsert', [s, g.op('Add', [before, after])]), sequence);
    });

  it('are as many tensors as their caller says', async () => {
    const feeds = { a: x3.x, b: x3.x, 's.0': x3.x, 's.1': x3.x };
    const { model, values } = await flattenAndRun(reading([3]), feeds, { lengths: ['s=2'] });
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(['a', 's.0', 's.1', 'b']);
    expect(values.r).toEqual([
      [[3], 1, 2, 3],
      [[3], 1, 2, 3],
      [[3], 2, 4, 6],
    ]);
  });

  it('are stacked where all elements have one shape', async () => {
    const feeds = { a: x3.x, b: x3.x, s: tensorOf('float32', [1, 2, 3, 4, 5, 6], [2, 3]) };
    const { model, values } = await flattenAndRun(reading([3]), feeds);
    expect((values.r as unknown[]).length).toBe(3);
    const none = { ...feeds, s: tensorOf('float32', [], [0, 3]) };
    expect((await runFlat(model, none)).r).toEqual([[[3], 2, 4, 6]]);
  });

  it('of unknown shapes need a length', async () => {
    const before = buildModel(opsets, (g) => {
      const s = g.input('s', { kind: 'sequence', elem: tensorType('float32') });
      g.output('y', g.op('SequenceAt', [s, g.constant('int64', 0)]), 'float32');
    });
    await checkMiss(flattenOutputs(), { before, reason: 'give the length: lengths=s=3' });
    await expect(applyPass(flattenOutputs({ lengths: ['t=2'] }), before)).rejects.toThrow('unknown sequence input "t"');
    await expect(applyPass(flattenOutputs({ lengths: ['s'] }), before)).rejects.toThrow('expected name=3');
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
