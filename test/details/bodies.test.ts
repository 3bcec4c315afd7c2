/** What a report says of nodes in bodies, and of nodes without names. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/ir/build.js';
import { optimizeFile } from '../../src/job/optimize-file.js';
import { closeRuntime } from '../../src/on-demand.js';
import { writeModel } from '../../src/onnx/write.js';
import { type DetailedReport, withDetails } from '../../src/report/html/details.js';
import { GraphChanges } from '../../src/report/html/graph/changes.js';
import { readReport } from '../../src/run/report/read-report.js';

describe('the report of a model with bodies and without names of nodes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  let report: DetailedReport;
  let changes: GraphChanges;

  beforeAll(async () => {
    // A MatMul and an Add in one branch, which simplify makes a Gemm of.
    const model = buildModel({ '': 20 }, (g) => {
      const x = g.op('Tanh', [g.input('x', 'float32', [2, 8])]);
      const weights = g.constant(
        'float32',
        Array.from({ length: 64 }, (_, i) => i / 64),
        [8, 8],
        'w',
      );
      const bias = g.constant('float32', Array(8).fill(0.5), [8], 'b');
      const then = g.body('then', (body) =>
        body.output('t', body.op('Add', [body.op('MatMul', [x, weights]), bias], {}, { outputs: ['sum'] })),
      );
      const otherwise = g.body('else', (body) =>
        body.output('e', body.op('Mul', [x, bias], {}, { outputs: ['product'] })),
      );
      const chosen = g.op('If', [g.input('choice', 'bool', [])], { then_branch: then, else_branch: otherwise });
      g.output('y', chosen, 'float32', [2, 8]);
    });
    await writeModel(model, join(folder, 'model.onnx'));
    const reportPath = join(folder, 'report.json');
    await optimizeFile(join(folder, 'model.onnx'), 'simplify,compact', { reportPath, onGate: 'report', target: 'cpu' });
    report = withDetails(readReport(readFileSync(reportPath, 'utf8')));
    changes = new GraphChanges({ ...report, graph: report.graph! });
  });
  afterAll(async () => {
    await closeRuntime();
    rmSync(folder, { recursive: true });
  });

  const statesOf = (side: 'before' | 'after') =>
    Object.fromEntries(report.graph![side].nodes.map((node) => [node.op, changes.stateOf(node, side)]));

  it('tells those that stay under another name from those that are new', () => {
    const names = (side: 'before' | 'after') => report.graph![side].nodes.find(({ op }) => op === 'Tanh')!.name;
    expect(names('after')).not.toBe(names('before'));
    expect(report.lineage).toContainEqual(
      expect.objectContaining({ nodes: [names('after')], from: [names('before')], pass: '' }),
    );
    expect(statesOf('before')).toEqual({ Tanh: 'kept', If: 'kept', Mul: 'kept', MatMul: 'gone', Add: 'gone' });
    expect(statesOf('after')).toEqual({ Tanh: 'kept', If: 'kept', Mul: 'kept', Gemm: 'new' });
  });

  it('has the times of both models on their nodes', () => {
    for (const { nodes } of Object.values(report.graph!))
      expect(nodes.filter(({ ms }) => ms !== undefined).map(({ op }) => op)).toEqual(
        expect.arrayContaining(['Tanh', 'If']),
      );
  });
});
