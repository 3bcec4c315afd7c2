/** Why places are not fused, as trees in the report: the same that `explain` draws, each once. */
import { expect, it } from 'vitest';
import { explain } from '../../src/explain.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Value } from '../../src/ir/value.js';
import { optimize } from '../../src/optimize.js';
import { withDetails } from '../../src/report/html/details.js';
import { GraphChanges } from '../../src/report/html/graph/changes.js';
import { treeParts } from '../../src/run/report/details/trees.js';
import { readReport } from '../../src/run/report/read-report.js';
import { reportJson } from '../../src/run/report/report-json.js';

/** A GELU but for its half: nothing of the kind. */
const almost = (g: GraphBuilder, x: Value, name: string, half: number): Value => {
  const erf = g.op('Erf', [g.op('Div', [x, g.constant('float32', Math.SQRT2)])], {}, { name: `${name}/erf` });
  const sum = g.op('Add', [erf, g.constant('float32', 1)], {}, { name: `${name}/add` });
  return g.op('Mul', [g.op('Mul', [x, sum], {}, { name: `${name}/mul` }), g.constant('float32', half)]);
};

const model = buildModel({ '': 20 }, (g) => {
  const x = g.input('x', 'float32', [2, 8]);
  const [a, b, c] = [
    almost(g, x, 'a', 0.6),
    almost(g, g.op('Neg', [x]), 'b', 0.6),
    almost(g, g.op('Abs', [x]), 'c', 0.5),
  ];
  g.output('y', g.op('Add', [g.op('Add', [a, b]), c]), 'float32', [2, 8]);
});

const options = { verify: 'none', target: 'cpu' } as const;

it('are those of explain, one for all places where the same was found', async () => {
  const { report } = await optimize(model, 'fuse-act', { ...options, details: true });
  const [{ sites = [] } = {}] = report.passes;
  const explained = (await explain(model, { rule: 'fuse-act' })).filter(({ fused }) => !fused);
  expect(sites.map(({ fused, tree }) => [fused, tree])).toEqual([
    [false, 0],
    [false, 0],
    [true, undefined],
  ]);
  expect(report.details?.trees).toEqual([treeParts(explained[0]!.trace!)]);
  expect(report.details?.trees?.[0]?.some(({ mark }) => mark === 'failed')).toBe(true);
  const read = readReport(reportJson(report));
  expect(read.details).toEqual(report.details);
  const { graph, ...rest } = withDetails(read);
  const changes = new GraphChanges({ ...rest, graph: graph! });
  const treeOf = (name: string) => {
    const node = changes.after.nodes.find((one) => one.name === name);
    return new Map(changes.detailsOf(node!, 'after')).get('tree');
  };
  expect(treeOf('a/erf')).toMatch(/✗ .*\n/);
  expect(treeOf('a/erf')).not.toContain('another place');
  expect(treeOf('b/erf')).toContain('Nodes are those of another place');
});

it('are absent where no details were asked for', async () => {
  const { report } = await optimize(model, 'fuse-act', options);
  expect(report.details).toBeUndefined();
  expect(report.passes[0]?.sites?.some((site) => 'tree' in site || 'trace' in site)).toBe(false);
});
