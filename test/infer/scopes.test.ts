import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import { symbol } from '../../src/ir/dims/dims.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { numbersOf, tensorOf } from '../../src/ir/tensors/numbers.js';
import { equalTypes, tensorType, typeText } from '../../src/ir/types.js';
import { writeModel } from '../../src/onnx/write.js';
import { runModel } from '../run-model.js';
import { checkClaims } from './claims.js';

const outputs = (model: Model) => model.graph.outputs.map(({ type }) => typeText(type).replaceAll(/\?\d+/g, '?'));

describe('bodies', () => {
  it('gives what both branches of an If agree on', () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['b', 4]);
      const branch = (name: string, columns: number) =>
        g.body(name, (inner) => {
          inner.output(`${name} same`, inner.op('Relu', [x]));
          inner.output(`${name} other`, inner.op('Tile', [x, inner.ints(1, columns)]));
        });
      const node = g.node(
        'If',
        [g.input('c', 'bool', [])],
        { then_branch: branch('a', 1), else_branch: branch('b', 2) },
        { outputs: 2 },
      );
      node.outputs.forEach((value, i) => {
        if (value) g.output(`y${i}`, value);
      });
    });
    inferTypes(model);
    expect(outputs(model)).toEqual(['float32[b, 4]', 'float32[b, ?]']);
  });

  it('does not know what a Loop makes longer, and knows the rest', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const x = g.input('x', 'float32', ['b', 4]);
      const body = g.body('body', (inner) => {
        inner.input('i', 'int64', []);
        const condition = inner.input('c', 'bool', []);
        const grown = inner.input('grown', 'float32');
        const kept = inner.input('kept', 'float32');
        inner.output('c out', inner.op('Identity', [condition]));
        inner.output('grown out', inner.op('Concat', [grown, x], { axis: 0 }));
        inner.output('kept out', inner.op('Relu', [kept]));
        inner.output('scanned', inner.op('ReduceSum', [kept, inner.ints(0)], { keepdims: 0 }));
      });
      const loop = g.node('Loop', [g.constant('int64', 3), undefined, x, x], { body }, { outputs: 3 });
      loop.outputs.forEach((value, i) => {
        if (value) g.output(`y${i}`, value);
      });
    });
    const { wrong } = await checkClaims(model, [{ x: tensorOf('float32', new Float32Array(8), [2, 4]) }]);
    expect(outputs(model)).toEqual(['float32[?, 4]', 'float32[b, 4]', 'float32[3, 4]']);
    expect(wrong).toEqual([]);
  });

  it('leaves open the shape of a condition that the body of a Loop leaves open', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const body = g.body('body', (inner) => {
        const step = inner.input('i', 'int64', [1]);
        inner.input('c', 'bool');
        const kept = inner.input('kept', 'float32');
        inner.output('c out', inner.op('Less', [step, inner.ints(2)]), 'bool');
        inner.output('kept out', inner.op('Neg', [kept]));
      });
      const inputs = [undefined, g.input('go', 'bool', [1]), g.input('x', 'float32', [2])];
      g.output('y', g.op('Loop', inputs, { body }), 'float32', [2]);
    });
    inferTypes(model);
    // The runtime refuses a body that says bool[] here.
    const feeds = { go: tensorOf('bool', [1], [1]), x: tensorOf('float32', [1, 2]) };
    const { y } = await runModel(await writeModel(model), feeds);
    expect(y && [...numbersOf(y)]).toEqual([-1, -2]);
  });

  it('slices what a Scan reads and stacks what it gives', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      const body = g.body('body', (inner) => {
        const state = inner.input('state', 'float32');
        const item = inner.input('item', 'float32');
        const sum = inner.op('Add', [state, item]);
        inner.output('state out', sum);
        inner.output('item out', inner.op('Identity', [sum]));
      });
      const inputs = [g.input('s', 'float32', [4]), g.input('x', 'float32', ['n', 4])];
      const scan = g.node('Scan', inputs, { body, num_scan_inputs: 1 }, { outputs: 2 });
      scan.outputs.forEach((value, i) => {
        if (value) g.output(`y${i}`, value);
      });
    });
    const feed = { s: tensorOf('float32', new Float32Array(4)), x: tensorOf('float32', new Float32Array(12), [3, 4]) };
    const { wrong } = await checkClaims(model, [feed]);
    expect(outputs(model)).toEqual(['float32[4]', 'float32[n, 4]']);
    expect(wrong).toEqual([]);
  });
});

describe('functions', () => {
  /** twice(x) = Concat(x, x) along `axis`. */
  const withFunction = (define: (g: GraphBuilder) => void): Model => {
    const model = buildModel({ '': 17, local: 1 }, define);
    const graph = new Graph(model, 'twice');
    const f = new GraphBuilder(graph);
    const x = graph.input('x');
    f.output('y', f.op('Concat', [x, x], { axis: { type: 'ref', name: 'axis', of: 'int' } }));
    model.functions.push({
      domain: 'local',
      name: 'twice',
      overload: '',
      graph,
      attributes: ['axis'],
      defaults: new Map(),
      docString: '',
    });
    return model;
  };

  it('infers each call by what it is called with', () => {
    const model = withFunction((g) => {
      const x = g.input('x', 'float32', ['b', 4]);
      g.output('rows', g.op('twice', [x], { axis: 0 }, { domain: 'local' }));
      g.output('columns', g.op('twice', [x], { axis: 1 }, { domain: 'local' }));
    });
    inferTypes(model);
    expect(outputs(model)).toEqual(['float32[2*b, 4]', 'float32[b, 8]']);
    // Inside, what holds for every call.
    const [inside] = model.functions[0]?.graph.outputs ?? [];
    expect(typeText(inside?.type).replaceAll(/\?\d+/g, '?')).toBe('float32[?, ?]');
  });

  it('does not take unknown dims of two calls for the same', () => {
    const model = withFunction((g) => {
      const [a, b] = ['a', 'b'].map((name) =>
        g.op('twice', [g.op('NonZero', [g.input(name, 'float32', [5])])], { axis: 0 }, { domain: 'local' }),
      );
      if (a && b) g.output('y', g.op('Concat', [a, b], { axis: 1 }));
    });
    inferTypes(model);
    const [a, b] = model.graph
      .nodes()
      .filter((node) => node.opType === 'twice')
      .map((node) => node.output.type);
    expect(typeText(a)).toBe(typeText(b));
    expect(equalTypes(a, b)).toBe(false);
  });
});

describe('declared types', () => {
  const relu = () =>
    buildModel({ '': 17 }, (g) => {
      const y = g.op('Relu', [g.input('x', 'float32', ['b', 4])]);
      y.type = tensorType('float32', [7, 5]);
      y.declared = y.type;
      g.output('z', g.op('Neg', [y]), 'float32', ['b', 5]);
    });

  it('are refuted by inference, which names both sources', () => {
    const model = relu();
    const { contradictions } = inferTypes(model);
    expect(outputs(model)).toEqual(['float32[b, 4]']);
    expect(contradictions.map(({ text }) => text)).toEqual([
      expect.stringMatching(/value_info says float32\[7, 5\]; Relu gives float32\[b, 4\]$/),
      expect.stringMatching(/the graph output says float32\[b, 5\]; Neg gives float32\[b, 4\]$/),
    ]);
    expect(inferTypes(model).contradictions).toHaveLength(2);
  });

  it('are all there is for an operator that no schema knows', () => {
    const model = buildModel({ '': 17 }, (g) => {
      const y = g.op('Mystery', [g.input('x', 'float32', ['b'])], {}, { domain: 'org.example' });
      g.output('y', y, 'int64', ['n', 3]);
    });
    inferTypes(model);
    expect(outputs(model)).toEqual(['int64[n, 3]']);
  });
});

describe('the whole', () => {
  it('changes nothing the second time', () => {
    const model = buildModel({ '': 17 }, (g) => g.output('y', g.op('NonZero', [g.input('x', 'float32', ['b', 4])])));
    inferTypes(model);
    // An edit that says nothing of types: all is inferred again.
    model.docString = 'edited';
    const { revision } = model;
    inferTypes(model);
    expect(model.revision).toBe(revision);
  });

  it('is inferred once for all who ask between two edits', () => {
    const model = buildModel({ '': 17 }, (g) => g.output('y', g.op('Relu', [g.input('x', 'float32', ['b', 4])])));
    const facts = inferTypes(model);
    expect(inferTypes(model)).toBe(facts);
    const [x] = model.graph.inputs;
    x!.type = tensorType('float32', [2, 3]);
    expect(inferTypes(model)).not.toBe(facts);
    expect(outputs(model)).toEqual(['float32[2, 3]']);
  });

  it('puts dims in place of symbols', () => {
    const model = buildModel({ '': 17 }, (g) =>
      g.output('y', g.op('Tile', [g.input('x', 'float32', ['b', 's']), g.ints(1, 2)])),
    );
    inferTypes(model, {
      bindings: new Map([
        ['b', 3],
        ['s', symbol('length')],
      ]),
    });
    expect(outputs(model)).toEqual(['float32[3, 2*length]']);
  });
});
