import { describe, expect, it } from 'vitest';
import { inferTypes } from '../../src/infer/index.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { stringsTensor } from '../../src/ir/tensors/numbers.js';
import { tensorType } from '../../src/ir/types.js';
import { optimize } from '../../src/optimize.js';
import { inspectModel } from '../../src/report/inspect/inspection.js';
import { reportMarkdown } from '../../src/report/markdown.js';
import { inspectionText } from '../../src/report/text/inspection.js';
import { reportText } from '../../src/report/text.js';

/** An If in the main graph, and a function whose body computes a shape; the file lies about one value. */
function scopes(): Model {
  const model = buildModel({ '': 17, local: 1 }, (g) => {
    const x = g.input('x', 'float32', ['b', 4]);
    const y = g.op('Relu', [x], {}, { outputs: ['y'] });
    y.type = tensorType('float32', [7, 5]);
    y.declared = y.type;
    const branch = (name: string) => g.body(name, (inner) => inner.output(`${name} out`, inner.op('Neg', [y])));
    const chosen = g.node(
      'If',
      [g.input('c', 'bool', [])],
      { then_branch: branch('a'), else_branch: branch('b') },
      { name: 'choice' },
    );
    g.output('z', chosen.output, 'float32', ['b', 4]);
    g.output('flat', g.op('flat', [x], {}, { domain: 'local' }), 'float32', ['n']);
  });
  const graph = new Graph(model, 'flat');
  const f = new GraphBuilder(graph);
  const input = graph.input('in');
  const [length, rest] = [f.op('Size', [input], {}, { outputs: ['length'] }), f.ints(0)];
  f.output('out', f.op('Reshape', [input, f.op('Unsqueeze', [length, rest], {}, { outputs: ['shape'] })]));
  const { domain, overload, docString } = { domain: 'local', overload: '', docString: '' };
  model.functions.push({ domain, name: 'flat', overload, graph, attributes: [], defaults: new Map(), docString });
  return model;
}

const inspected = (values: boolean) => {
  const model = scopes();
  return inspectModel(model, inferTypes(model), { values });
};

describe('inspect', () => {
  it('lists every value of every scope where asked, and not otherwise', () => {
    const { values } = inspected(true);
    const named = (name: string) => values?.find((value) => value.name === name);
    expect(new Set(values?.map(({ scope }) => scope))).toEqual(
      new Set(['', 'If "choice".then_branch/', 'If "choice".else_branch/', 'local.flat']),
    );
    expect(named('y')).toMatchObject({ kind: 'node', op: 'Relu', elem: 'float32', dims: ['b', '4'] });
    expect(named('length')).toMatchObject({
      scope: 'local.flat',
      op: 'Size',
      elem: 'int64',
      dims: [],
      contents: ['4*b'],
    });
    expect(named('shape')).toMatchObject({ dims: ['1'], contents: ['4*b'] });
    expect(inspected(false)).not.toHaveProperty('values');
  });

  it('lists of a long value what it begins with', () => {
    const model = buildModel({ '': 17 }, (g) => {
      const range = g.op('Range', [g.constant('int64', 0), g.constant('int64', 100), g.constant('int64', 1)]);
      g.output('y', range, 'int64', [100]);
    });
    const value = inspectModel(model, inferTypes(model), { values: true }).values?.at(-1);
    expect(value).toMatchObject({ dims: ['100'], omitted: 36 });
    expect(value?.contents).toHaveLength(64);
  });

  it('quotes strings: one may be empty, or hold a space', () => {
    const model = buildModel({ '': 17 }, (g) => {
      g.output('y', g.op('Identity', [g.constant(stringsTensor(['a b', '']))]), 'string', [2]);
    });
    const inspection = inspectModel(model, inferTypes(model), { values: true });
    expect(inspectionText(inspection, { isColoured: false })).toContain('= "a b" ""');
  });

  it('names both sources of a contradiction', () => {
    const inspection = inspected(false);
    expect(inspection.contradictions).toEqual([
      {
        scope: '',
        name: 'y',
        declared: 'float32[7, 5]',
        declaredBy: 'value_info',
        inferred: 'float32[b, 4]',
        inferredBy: expect.stringContaining('Relu'),
      },
    ]);
    expect(inspectionText(inspection, { isColoured: false })).toMatch(
      /y: value_info says float32\[7, 5\]; .*Relu.* gives float32\[b, 4\]/,
    );
  });
});

describe('the report', () => {
  it('warns of what the file declares and its nodes refute', async () => {
    const { report } = await optimize(scopes(), 'simplify', { verify: 'none' });
    const both = /"y": value_info says float32\[7, 5\]; .*Relu.* gives float32\[b, 4\]/;
    expect(report.warnings).toEqual([{ text: expect.stringMatching(both), at: 'y' }]);
    expect(reportText(report).replaceAll(/\s+/g, ' ')).toMatch(both);
    expect(reportMarkdown(report)).toMatch(both);
  });

  it('has no warnings where there is nothing to warn of', async () => {
    const model = buildModel({ '': 17 }, (g) => {
      g.output('y', g.op('Relu', [g.input('x', 'float32', ['b', 4])]), 'float32', ['n', 4]);
    });
    const { report } = await optimize(model, 'simplify', { verify: 'none' });
    expect(report.warnings).toBeUndefined();
  });
});
