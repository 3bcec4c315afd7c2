/** What each node of a result stands for. */
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encoder } from '../../fixtures/encoder.js';
import { buildModel, GraphBuilder } from '../../src/ir/build.js';
import { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { tensorOf } from '../../src/ir/tensors/numbers.js';
import { closeRuntime } from '../../src/on-demand.js';
import { type OptimizeOptions, optimize } from '../../src/optimize.js';
import { type DetailedReport, withDetails } from '../../src/report/html/details.js';
import type { PassesLike } from '../../src/run/parse.js';
import { definePass } from '../../src/run/pass.js';

const scalar = (g: GraphBuilder, n: number) => g.constant(tensorOf('float32', [n], []), `c${n}`);

/** x·Φ(x), every node named. */
function gelu(g: GraphBuilder, x: ReturnType<GraphBuilder['input']>, name: string) {
  const half = g.op('Div', [x, scalar(g, Math.SQRT2)], {}, { name: `${name}/div` });
  const erf = g.op('Erf', [half], {}, { name: `${name}/erf` });
  const sum = g.op('Add', [erf, scalar(g, 1)], {}, { name: `${name}/add` });
  const product = g.op('Mul', [x, sum], {}, { name: `${name}/mul` });
  return g.op('Mul', [product, scalar(g, 0.5)], {}, { name: `${name}/half` });
}

const geluParts = ['half', 'mul', 'add', 'erf', 'div'].map((part) => `a/${part}`);

/** A GELU between two Relus. */
const between = (): Model =>
  buildModel({ '': 20 }, (g) => {
    const before = g.op('Relu', [g.input('x', 'float32', [2, 8])], {}, { name: 'before' });
    g.output('y', g.op('Relu', [gelu(g, before, 'a')], {}, { name: 'behind' }), 'float32', [2, 8]);
  });

async function detailed(model: Model, passes: PassesLike, options: OptimizeOptions = {}): Promise<DetailedReport> {
  const { report } = await optimize(model, passes, { details: true, onGate: 'report', target: 'cpu', ...options });
  return withDetails(report);
}

/** Adds 1 to the output: wrong. */
const spoil = definePass({
  name: 'spoil',
  summary: '',
  fidelity: 'exact',
  options: z.object({}),
  run({ graph }) {
    const old = graph.outputs[0]!;
    const added = graph.add('Add', [undefined, graph.constant(tensorOf('float32', [1], []))]);
    graph.replaceUses(old, added.output);
    graph.setInput(added, 0, old);
  },
});

/** A Relu behind another, which is as good as one. */
const twoRelus = definePass({
  name: 'two-relus',
  summary: '',
  fidelity: 'exact',
  options: z.object({}),
  run({ graph }) {
    const last = graph.outputs[0]!;
    graph.replaceUses(last, graph.add('Relu', [graph.add('Relu', last.producer!.inputs).output]).output);
  },
});

describe('lineage', () => {
  afterAll(closeRuntime);

  it('names the nodes that a rule replaced, and how that was proven', async () => {
    const { lineage = [], graph } = await detailed(between(), 'fuse-act');
    expect(lineage).toHaveLength(1);
    const [{ nodes, from, ...rest }] = lineage as [(typeof lineage)[number]];
    expect(new Set(from)).toEqual(new Set(geluParts));
    expect(graph?.after.nodes.map(({ name, op }) => [name, op])).toEqual([
      ['before', 'Relu'],
      [nodes[0], 'Gelu'],
      ['behind', 'Relu'],
    ]);
    expect(rest).toMatchObject({ pass: 'fuse-act', rule: 'gelu', proof: { how: 'rewrite compared' } });
    expect(rest.proof.error).toBeLessThan(1e-5);
    expect(graph?.before.nodes.map(({ name }) => name)).toContain('a/erf');
  });

  it('says what was not compared, and what was only as a whole', async () => {
    const [none] = (await detailed(between(), 'fuse-act', { verify: 'none' })).lineage ?? [];
    expect(none?.proof).toEqual({ how: 'not compared' });
    const [end] = (await detailed(between(), [twoRelus()], { verify: 'end' })).lineage ?? [];
    expect(end).toMatchObject({ from: ['behind'], proof: { how: 'end compared', error: 0 } });
  });

  it('goes through passes: what is made of a fused node stands for all that was fused', async () => {
    const two = definePass({
      name: 'two',
      summary: '',
      fidelity: 'exact',
      options: z.object({}),
      run({ graph }) {
        const found = graph.nodes().find((node) => node.is('Gelu'))!;
        graph.replaceUses(found.output, graph.add('Identity', [graph.add('Gelu', found.inputs).output]).output);
      },
    });
    const { lineage = [] } = await detailed(between(), ['fuse-act', two()]);
    expect(lineage).toHaveLength(1);
    expect(lineage[0]?.nodes).toHaveLength(2);
    expect(new Set(lineage[0]?.from)).toEqual(new Set(geluParts));
    expect(lineage[0]).toMatchObject({ pass: 'two', proof: { how: 'pass compared' } });
  });

  it('has nothing of a pass that was rolled back, and of nodes that stay', async () => {
    const { lineage, passes } = await detailed(between(), [spoil()]);
    expect(passes[0]?.status).toBe('rolled back');
    expect(lineage).toEqual([]);
  });

  it('lists what was put in with no source', async () => {
    const { lineage } = await detailed(between(), [spoil()], { verify: 'none' });
    expect(lineage).toMatchObject([{ from: [], pass: 'spoil', proof: { how: 'exact by construction' } }]);
  });

  it('is the same where repeats are compiled once, node by node', async () => {
    const model = encoder({
      hidden: 16,
      heads: 2,
      intermediate: 24,
      vocabulary: 20,
      seed: 0,
      layers: 10,
      positions: 16,
    });
    const [once, each] = [
      await detailed(model, 'fuse-act,fp16', { regional: true, verify: 'none' }),
      await detailed(model, 'fuse-act,fp16', { regional: false, verify: 'none' }),
    ];
    expect(once.repeats?.[0]?.once).toBe(5);
    const sorted = ({ lineage = [] }: DetailedReport) =>
      lineage.map(({ nodes, from, pass, rule }) => `${[...nodes].sort()} ⟵ ${[...from].sort()} ${pass} ${rule}`).sort();
    expect(sorted(once)).toEqual(sorted(each));
    expect(once.graph).toEqual(each.graph);
    const rules = once.lineage?.filter(({ rule }) => rule !== undefined) ?? [];
    expect(rules.length).toBe(10);
  });

  it('takes an inlined body for the node of the function and the call', async () => {
    const model = buildModel({ '': 20, local: 1 }, (g) => {
      const x = g.input('x', 'float32', [2, 8]);
      const first = g.op('Act', [x], {}, { domain: 'local', name: 'first' });
      g.output('y', g.op('Act', [first], {}, { domain: 'local', name: 'second' }), 'float32', [2, 8]);
    });
    const graph = new Graph(model, 'Act', new Map(model.opsets));
    const body = new GraphBuilder(graph);
    graph.output('y', body.op('Neg', [graph.input('x')], {}, { name: 'inner' }));
    const rest = { domain: 'local', overload: '', attributes: [], docString: '', defaults: new Map() };
    model.functions.push({ ...rest, name: 'Act', graph });
    const report = await detailed(model, 'inline', { verify: 'none' });
    expect(report.graph?.before.nodes.map(({ name, scope }) => [name, scope])).toEqual([
      ['first', undefined],
      ['second', undefined],
      ['inner', 'local.Act'],
    ]);
    expect(report.lineage?.map(({ from }) => from)).toEqual([['inner']]);
    expect(report.lineage?.[0]?.nodes).toHaveLength(2);
  });

  it('reaches into bodies', async () => {
    const model = buildModel({ '': 20 }, (g) => {
      const x = g.input('x', 'float32', [2, 8]);
      const then = g.body('then', (body) => body.output('z', gelu(body, x, 'a')));
      const otherwise = g.body('else', (body) => body.output('z', body.op('Neg', [x], {}, { name: 'neg' })));
      const chosen = g.op('If', [g.input('choice', 'bool', [])], { then_branch: then, else_branch: otherwise });
      g.output('y', chosen, 'float32', [2, 8]);
    });
    const { lineage = [], graph } = await detailed(model, 'fuse-act', { verify: 'none' });
    expect(lineage.map(({ from }) => new Set(from))).toEqual([new Set(geluParts)]);
    expect(graph?.after.nodes.find(({ op }) => op === 'Gelu')?.scope).toMatch(/then_branch/);
  });

  it('costs the input model nothing, and records nothing unless it is asked', async () => {
    const model = between();
    const { revision } = model;
    const { model: result, report } = await optimize(model, 'fuse-act', { verify: 'none' });
    expect([model.revision, model.trail, result.trail, report.details]).toEqual([
      revision,
      ...Array(3).fill(undefined),
    ]);
    const traced = await optimize(model, 'fuse-act', { verify: 'none', details: true });
    expect([model.revision, model.trail, traced.model.trail]).toEqual([revision, undefined, undefined]);
  });
});
