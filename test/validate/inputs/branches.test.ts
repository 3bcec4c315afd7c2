import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../../src/ir/build.js';
import type { Model } from '../../../src/ir/model.js';
import { tensorOf } from '../../../src/ir/tensors/numbers.js';
import type { Value } from '../../../src/ir/value.js';
import { RuntimeProcess } from '../../../src/runtime/isolate.js';
import { toTensorData } from '../../../src/runtime/tensor-data.js';
import { branchCoverage } from '../../../src/validate/inputs/branches.js';

/** x · (mode > 0 ? (mode > 1 ? 2 : 3) : 4), in nested Ifs. */
const nested = (): Model =>
  buildModel({ '': 17 }, (g) => {
    const [x, mode] = [g.input('x', 'float32', ['n']), g.input('mode', 'int64', [])];
    const times = (name: string, by: number) => (b: GraphBuilder) =>
      b.output(name, b.op('Mul', [x, b.constant('float32', by)]));
    const above = (b: GraphBuilder, limit: number) => b.op('Greater', [mode, b.constant('int64', limit)]);
    const inner = (b: GraphBuilder): Value =>
      b.op(
        'If',
        [above(b, 1)],
        { then_branch: b.body('two', times('o', 2)), else_branch: b.body('three', times('p', 3)) },
        { name: 'inner' },
      );
    const y = g.op(
      'If',
      [above(g, 0)],
      { then_branch: g.body('some', (b) => b.output('q', inner(b))), else_branch: g.body('none', times('r', 4)) },
      { name: 'outer' },
    );
    g.output('y', g.op('Neg', [y]));
  });

describe('branches that ran', () => {
  let runtime: RuntimeProcess;
  beforeAll(async () => {
    runtime = await RuntimeProcess.start();
  });
  afterAll(() => runtime.close());

  const covered = (model: Model, modes: readonly number[]) =>
    branchCoverage(
      runtime,
      model,
      'cpu',
      modes.map((mode) => ({
        x: toTensorData(tensorOf('float32', [1, 2])),
        mode: toTensorData(tensorOf('int64', mode)),
      })),
    );

  it.each<[number[], number, string[]]>([
    [[2], 2, ['else of If "outer"', 'else of If "inner"']],
    [[1], 2, ['else of If "outer"', 'then of If "inner"']],
    // The inner If is not reached.
    [[0], 1, ['then of If "outer"', 'then of If "inner"', 'else of If "inner"']],
    [[0, 1, 2], 4, []],
  ])('are told of nested Ifs: modes %j', async (modes, ran, never) => {
    const model = nested();
    const { revision } = model;
    expect(await covered(model, modes)).toEqual({ ran, total: 4, never, unknown: 0 });
    expect(model.revision).toBe(revision);
  });

  it('are not known inside of loops, and none where there is no If', async () => {
    const looped = buildModel({ '': 17 }, (g) => {
      const [x, mode] = [g.input('x', 'float32', ['n']), g.input('mode', 'int64', [])];
      const body = g.body('body', (b) => {
        b.input('i', 'int64', []);
        const condition = b.input('c', 'bool', []);
        const carried = b.input('v', 'float32', ['n']);
        const side = (name: string) => b.body(name, (s) => s.output(`${name}_o`, s.op('Neg', [carried])));
        b.output('again', b.op('Identity', [condition]), 'bool', []);
        b.output('w', b.op('If', [condition], { then_branch: side('then'), else_branch: side('else') }));
      });
      g.output('y', g.op('Loop', [mode, g.constant('bool', 1), x], { body }));
    });
    expect(await covered(looped, [1])).toEqual({ ran: 0, total: 0, never: [], unknown: 1 });
    const plain = buildModel({ '': 17 }, (g) => g.output('y', g.op('Neg', [g.input('x', 'float32', ['n'])])));
    expect(await covered(plain, [1])).toBeUndefined();
  });
});
