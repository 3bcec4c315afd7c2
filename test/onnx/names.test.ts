/** Names in written files: ports keep theirs, everything else gives way. */
import { describe, expect, it } from 'vitest';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Model } from '../../src/ir/model.js';
import { ModelError } from '../../src/ir/text/errors.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { optimize } from '../../src/optimize.js';
import { info, int64s, modelBytes, node } from './bytes.js';
import { graphOf, lines, run } from './written.js';

const build = (define: (g: GraphBuilder) => void, irVersion?: number): Model =>
  buildModel({ '': 17 }, define, irVersion);

describe('output ports', () => {
  it('that give an input go through an Identity', async () => {
    const model = build((g) => g.output('y', g.input('x', 'float32', [2])));
    expect(lines(await graphOf(model))).toEqual(['Identity(x) → y']);
    expect(await run(model)).toEqual({ y: [1, -2] });
  });

  it('that give the input of their own name need nothing', async () => {
    const model = build((g) => {
      const x = g.input('x', 'float32', [2]);
      g.output('x', x);
      g.output('y', g.op('Neg', [x]));
    });
    expect(lines(await graphOf(model))).toEqual(['Neg(x) → y']);
  });

  it('with the name of an input and another value cannot be written', async () => {
    const model = build((g) => g.output('x', g.op('Neg', [g.input('x', 'float32', [2])], {}, { outputs: ['n'] })));
    await expect(writeModel(model)).rejects.toThrow(
      new ModelError(
        'graph "main"',
        'output "x" to be the input of that name, or to have another name',
        'another value, "n"',
      ),
    );
  });

  it('that give one value: the first names it', async () => {
    const model = build((g) => {
      const value = g.op('Neg', [g.input('x', 'float32', [2])]);
      g.output('a', value);
      g.output('b', value);
    });
    expect(lines(await graphOf(model))).toEqual(['Neg(x) → a', 'Identity(a) → b']);
    expect(await run(model)).toEqual({ a: [-1, 2], b: [-1, 2] });
  });

  it('that give a constant name it', async () => {
    const model = build((g) => {
      const constant = g.constant('float32', [3, 4], [2], 'label');
      g.output('y', constant);
      g.output('z', g.op('Add', [g.input('x', 'float32', [2]), constant]));
    });
    const graph = await graphOf(model);
    expect(graph.initializer?.map(({ name }) => name)).toEqual(['y']);
    expect(await run(model)).toEqual({ y: [3, 4], z: [4, 2] });
  });
});

describe('labels', () => {
  it('that are taken get a number', async () => {
    const model = build((g) => {
      const x = g.input('x', 'float32', [2]);
      const a = g.op('Neg', [x], {}, { outputs: ['x'] });
      const b = g.op('Neg', [a], {}, { outputs: ['y'] });
      const c = g.op('Add', [b, g.constant('float32', [1, 1], [2], 'x')], {}, { name: 'x' });
      g.output('y', g.op('Neg', [c]));
    });
    expect(lines(await graphOf(model))[0]).toMatch(/^Neg\(x\) → x_\d$/);
    const names = lines(await graphOf(model)).map((line) => line.split(' → ')[1]);
    expect(new Set(names).size).toBe(names.length);
    expect(await run(model)).toEqual({ y: [-2, 1] });
  });
});

describe('bodies', () => {
  /** An If whose branches are the same. */
  const branches = (g: GraphBuilder, define: (b: GraphBuilder) => void) =>
    g.op('If', [g.input('c', 'bool', [])], { then_branch: g.body('t', define), else_branch: g.body('e', define) });

  it('name nothing as an outer value', async () => {
    const model = build((g) => {
      const x = g.input('x', 'float32', [2]);
      const hidden = g.op('Neg', [x], {}, { outputs: ['v'] });
      const out = branches(g, (b) => {
        const inner = b.op('Abs', [x], {}, { outputs: ['v'] });
        b.output('v', b.op('Add', [inner, hidden]));
      });
      g.output('y', out);
    });
    expect(await run(model)).toEqual({ y: [0, 4] });
  });

  it('rename a port that would hide an outer value', async () => {
    const model = build((g) => {
      const x = g.input('x', 'float32', [2]);
      const state = g.op('Neg', [x], {}, { outputs: ['s'] });
      const body = g.body('body', (b) => {
        b.input('i', 'int64', []);
        const keep = b.input('keep', 'bool', []);
        const carried = b.input('s', 'float32', [2]);
        b.output('keep_out', b.op('Identity', [keep]));
        b.output('x', b.op('Add', [b.op('Add', [carried, state]), x]));
      });
      g.output('y', g.op('Loop', [g.constant('int64', 3), undefined, state], { body }));
    });
    // s = -x, three times s + (-x) + x.
    expect(await run(model)).toEqual({ y: [-1, 2] });
    const read = await readModel(await writeModel(model));
    expect((await writeModel(read)).length).toBe((await writeModel(model)).length);
  });

  it('may give one value twice under one name, as a Loop does that carries and collects it', async () => {
    const body = {
      name: 'b',
      input: [info('i', 7, []), info('keep', 9, []), info('s')],
      node: [node('Identity', ['keep'], ['on']), node('Neg', ['s'], ['64'])],
      output: [info('on', 9, []), info('64'), info('64')],
    };
    const model = await readModel(
      modelBytes(
        {},
        {
          initializer: [int64s('n', [2], [])],
          input: [info('x')],
          node: [node('Loop', ['n', '', 'x'], ['last', 'all'], { attribute: [{ name: 'body', type: 5, g: body }] })],
          output: [info('last'), info('all', 1, [2, 2])],
        },
      ),
    );
    const expected = { last: [1, -2], all: [-1, 2, 1, -2] };
    expect(await run(model)).toEqual(expected);
    for (const passes of ['simplify', 'fp16']) {
      const { model: result } = await optimize(model, passes, { verify: 'none' });
      expect(await run(result)).toEqual(expected);
    }
    // Once the two are not the same, the second gets another name.
    const [loop] = model.graph.nodes();
    const end = loop?.bodies[0]?.end;
    if (!end) throw new Error('no body');
    end.graph.setInput(end, 2, end.graph.add('Abs', [end.inputs[2]]).output);
    expect(await run(model)).toEqual({ last: [1, -2], all: [1, 2, 1, 2] });
  });

  it('keep the names of ports for BeamSearch and its kind, which ask for them', async () => {
    const model = buildModel({ '': 17, 'com.microsoft': 1 }, (g) => {
      const ids = g.input('input_ids', 'int32', ['batch', 'length']);
      const decoder = g.body('decoder', (b) =>
        b.output('logits', b.op('Neg', [b.input('input_ids', 'int32', ['b', 's'])])),
      );
      g.output('logits', g.op('GreedySearch', [ids], { decoder }, { domain: 'com.microsoft' }));
    });
    const [search] = (await readModel(await writeModel(model))).graph.nodes();
    const [body] = search?.bodies ?? [];
    expect(body?.inputs.map(({ name }) => name)).toEqual(['input_ids']);
    expect(body?.outputPorts.map(({ name }) => name)).toEqual(['logits']);
  });

  it('rename what hides an outer value in the file: runtimes refuse that', async () => {
    const body = { name: 'b', node: [node('Neg', ['x'], ['y'])], output: [info('y')] };
    const attribute = ['then_branch', 'else_branch'].map((name) => ({ name, type: 5, g: body }));
    const model = await readModel(
      modelBytes({}, { input: [info('x'), info('c', 9, [])], node: [node('If', ['c'], ['y'], { attribute })] }),
    );
    // Unedited it is written as it was.
    model.docString = 'edited';
    expect(await run(model)).toEqual({ y: [-1, 2] });
  });

  it('give an outer value through an Identity', async () => {
    const model = build((g) => {
      const x = g.input('x', 'float32', [2]);
      g.output(
        'y',
        branches(g, (b) => b.output('x', x)),
      );
    });
    expect(await run(model)).toEqual({ y: [1, -2] });
  });
});

it('nodes of one name get numbers: runtimes refuse two of one name', async () => {
  const model = build((g) => {
    const x = g.input('x', 'float32', [2]);
    g.output(
      'y',
      g.op('Neg', [g.op('Neg', [g.op('Neg', [x], {}, { name: 'n' })], {}, { name: 'n' })], {}, { name: 'n_1' }),
    );
  });
  expect((await graphOf(model)).node?.map(({ name }) => name)).toEqual(['n', 'n_1', 'n_1_1']);
  expect(await run(model)).toEqual({ y: [-1, 2] });
});
