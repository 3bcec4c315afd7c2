/** Tests ports whose form only a run tells: sequences of open length, optionals, and inputs of these kinds. */
import { describe, expect, it } from 'vitest';
import { flattenOutputs } from '../../../passes/flatten-outputs.js';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import { type Type, tensorType } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { applyPass, checkMiss, opCounts } from '../../check-pass.js';
import { flattenAndRun, runFlat } from '../../run-flat.js';
import { kindsOf, made, opsets, portsOf, sequence, x3 } from './flatten-models.js';

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
