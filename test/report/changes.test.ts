import { expect, it } from 'vitest';
import { type DetailedReport, withDetails } from '../../src/report/html/details.js';
import { GraphChanges } from '../../src/report/html/graph/changes.js';
import { PageBuilder } from '../../src/report/html/page-builder.js';
import { sectionMarkup } from '../../src/report/html/sections/section.js';
import { nodesSection } from '../../src/report/html/sections/tables.js';
import { detailed as packedReport } from './detailed.js';

type Detailed = DetailedReport & Required<Pick<DetailedReport, 'graph'>>;

const detailed = (layers: number): Detailed => withDetails(packedReport(layers)) as Detailed;

/** Each node of the result as `2 MatMul: kept`, those of the original behind it. */
function states(report: Detailed): string[] {
  const changes = new GraphChanges(report);
  return (['after', 'before'] as const).flatMap((side) =>
    changes[side].nodes.map((node) => `${node.op}: ${changes.stateOf(node, side)}`),
  );
}

it('keeps a node whose name alone is another, as compact writes them, and none of another operator', () => {
  const named = detailed(1);
  const expected = [
    ...['MatMul: kept', 'com.microsoft::Gelu: new'],
    ...['MatMul: kept', 'Div: gone', 'Erf: gone', 'Add: gone', 'Mul: gone'],
  ];
  expect(states(named)).toEqual(expected);
  const short = new Map(named.graph.after.nodes.map(({ name }, i) => [name, `${i}`]));
  const nodes = named.graph.after.nodes.map((node) => ({ ...node, name: short.get(node.name) as string }));
  const proof = { how: 'exact by construction' } as const;
  const lineage = [
    ...(named.lineage ?? []).map((one) => ({ ...one, nodes: one.nodes.map((name) => short.get(name) as string) })),
    { nodes: ['0'], from: [named.graph.before.nodes[0]?.name as string], pass: '', proof },
  ];
  const renamed = { ...named, lineage, graph: { ...named.graph, after: { ...named.graph.after, nodes } } };
  expect(states(renamed)).toEqual(expected);
  const [matMul] = named.graph.before.nodes;
  const details = new GraphChanges(renamed).detailsOf(matMul as NonNullable<typeof matMul>, 'before');
  expect(details).toContainEqual(['now', '0']);
});

it('says which part of the time is with nodes that are listed', () => {
  const report = detailed(1);
  const nodes = report.graph.after.nodes.map((node) => ({ ...node, ms: 1 }));
  const profile = { after: { provider: 'cpu', ms: 10, matched: 2, byOp: {} } };
  const timed = { ...report, profile, graph: { ...report.graph, after: { ...report.graph.after, nodes } } };
  const { text } = sectionMarkup(nodesSection(new GraphChanges(timed), new PageBuilder()));
  expect(text).toContain('2.00 ms of 10.0 ms are with a node of the result');
});
