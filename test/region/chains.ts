/** Chains of layers built by hand, and the comparison of what is compiled once with what is compiled whole. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Attribute } from '../../src/ir/attribute.js';
import { buildModel, type GraphBuilder } from '../../src/ir/build.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Target } from '../../src/ir/targets.js';
import type { Tensor } from '../../src/ir/tensor.js';
import { typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { builtIn } from '../../src/plugins.js';
import { parsePasses } from '../../src/run/parse.js';
import type { PassResult } from '../../src/run/pipeline-result.js';
import { applyPasses, randomWeights } from '../check-pass.js';

export const WIDTH = 8;

/** A layer: what it gives, from what the one before gives and its place from 0. */
export type Layer = (g: GraphBuilder, x: Value, at: number) => Value;

/** Layers of [batch, sequence, 8], one after another, from an embedding to a head. */
export function chain(layer: Layer, count = 9): Model {
  return buildModel({ '': 17 }, (g) => {
    let x = g.op('Tanh', [g.input('x', 'float32', ['batch', 'sequence', WIDTH])], {}, { name: 'embed' });
    for (let at = 0; at < count; at++) x = layer(g, x, at);
    g.output('y', g.op('Sigmoid', [x]));
  });
}

/** x + tanh(x W + b) V, with what is given in place of a weight. */
export const block = (
  g: GraphBuilder,
  x: Value,
  at: number,
  own: Partial<Record<'w' | 'b' | 'v', Value>> = {},
): Value => {
  const name = (part: string) => ({ name: `layer.${at}.${part}` });
  const w = own.w ?? weight(g, `layer.${at}.w`);
  const b = own.b ?? weight(g, `layer.${at}.b`, WIDTH);
  const v = own.v ?? weight(g, `layer.${at}.v`);
  const hidden = g.op('Add', [g.op('MatMul', [x, w], {}, name('in')), b], {}, name('bias'));
  const out = g.op('MatMul', [g.op('Tanh', [hidden], {}, name('act')), v], {}, name('out'));
  return g.op('Add', [x, out], {}, name('add'));
};

/** A constant or a value that is made once for a graph. */
export function once(make: (g: GraphBuilder, x: Value) => Value): (g: GraphBuilder, x: Value) => Value {
  const known = new Map<GraphBuilder, Value>();
  return (g, x) => {
    const value = known.get(g) ?? make(g, x);
    known.set(g, value);
    return value;
  };
}

export const attention = (g: GraphBuilder, x: Value, at: number, mask?: Value): Value => {
  const [q, k, v] = ['q', 'k', 'v'].map((part) =>
    g.op('MatMul', [x, weight(g, `layer.${at}.${part}`)], {}, { name: `layer.${at}.${part}` }),
  ) as [Value, Value, Value];
  const scores = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 2, 1] })]);
  const scaled = g.op('Mul', [scores, g.constant('float32', 0.5)]);
  const masked = mask ? g.op('Add', [scaled, mask]) : scaled;
  const context = g.op('MatMul', [g.op('Softmax', [masked], { axis: -1 }), v]);
  return g.op('Add', [x, context]);
};

/** A weight of its own for each name. */
export const weight = (g: GraphBuilder, name: string, ...shape: number[]): Value =>
  g.constant(
    randomWeights(shape.length > 0 ? shape : [WIDTH, WIDTH], 0.3, Buffer.from(hashOf(name)).readUInt32LE()),
    name,
  );

const hashOf = (text: string): string => createHash('sha1').update(text).digest('base64');

/** What each value of a scope is computed of, whatever it is called: equal texts are equal computations. */
function computed(graph: Graph, outer?: ReadonlyMap<Value, string>): { nodes: string[]; ports: string[] } {
  const known = new Map(outer);
  for (const { name, index } of graph.inputs)
    known.set(graph.inputs[index] as Value, graph.owner ? `input ${index}` : `input ${name}`);
  for (const value of graph.constants) known.set(value, textOf(value.tensor as Tensor));
  const nodes = graph.nodes().map((node) => {
    const inputs = node.inputs.map((value) => value && known.get(value));
    const attributes = [...node.attributes].map(([name, one]) => `${name}=${attributeText(one, known)}`).sort();
    const hash = hashOf(JSON.stringify([node.domain, node.opType, node.overload, inputs, attributes]));
    node.outputs.forEach((value, index) => {
      if (value) known.set(value, `${hash} ${index} ${typeText(value.type)}`);
    });
    return `${node.opType} ${hash}`;
  });
  const ports = graph.outputPorts.map(({ name, type }, index) =>
    [graph.owner ? index : name, typeText(type), known.get(graph.outputs[index] as Value)].join(' '),
  );
  return { nodes: nodes.sort(), ports };
}

const textOf = (tensor: Tensor): string =>
  `${tensor.type}[${tensor.shape}] ${hashOf(tensor.strings ? String(tensor.strings) : Buffer.from(tensor.bytes()).toString('base64'))}`;

function attributeText(attribute: Attribute, known: ReadonlyMap<Value, string>): string {
  if (attribute.type === 'graph') return hashOf(JSON.stringify(computed(attribute.value, known)));
  if (attribute.type === 'tensor') return textOf(attribute.value);
  if (attribute.type === 'ref') return `ref ${attribute.name}`;
  return JSON.stringify(attribute.value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one));
}

/** What the result says: its ports, nodes by what they compute, constants and names. */
const contents = (model: Model) => {
  const { graph } = model;
  const { nodes, ports } = computed(graph);
  return {
    opsets: [...model.opsets].sort(),
    metadata: model.metadata,
    inputs: graph.inputs.map(({ name, type }) => `${name} ${typeText(type)}`),
    ports,
    nodes,
    constants: [...graph.constants].map(({ tensor }) => textOf(tensor as Tensor)).sort(),
    names: graph
      .nodes()
      .flatMap((node) => [node.name, ...node.outputs.map((value) => value?.name)])
      .sort(),
  };
};

const reported = (passes: readonly PassResult[]) =>
  passes
    .filter(({ name }) => name !== 'regional')
    .map(({ name, ops, nodes, bytes, notes, skips, sites }) => ({
      name,
      ops,
      nodes,
      bytes,
      notes: notes.map(({ text }) => text),
      skips: skips.map(({ reason, count }) => ({ reason, count })),
      sites: sites?.map(({ at, fused }) => `${at} ${fused}`).sort(),
    }));

export interface Compiled {
  readonly once: Model;
  readonly notes: readonly string[];
  readonly skips: readonly string[];
}

/** Compiles with `regional` first and without, and demands the same nodes over the same weights, names, and report. */
export async function compiledAlike(
  before: Model,
  list: string,
  target: Target = 'cpu',
  called = '',
): Promise<Compiled> {
  const whole = await applyPasses(parsePasses(list, builtIn), before, target);
  const once = await applyPasses(parsePasses(list ? `regional,${list}` : 'regional', builtIn), before, target);
  expect(contents(once.model), called).toEqual(contents(whole.model));
  expect(reported(once.passes), called).toEqual(reported(whole.passes));
  const { notes, skips } = once.passes[0] as PassResult;
  return { once: once.model, notes: notes.map(({ text }) => text), skips: skips.map(({ reason }) => reason) };
}

const lists = ['', 'simplify', 'exact', 'half', 'quarter', 'fp16'];

/** `apart`: of the chains whose repeats are compiled each by itself, the reason. */
export function checkChains(
  title: string,
  cases: Readonly<Record<string, () => Model>>,
  apart: Readonly<Record<string, string>>,
): void {
  const all = Object.entries(cases).flatMap(([name, build]) => lists.map((list) => [name, list, build] as const));
  describe(`compiled once as whole: ${title}`, () => {
    it.each(all)('%s: %s', async (name, list, build) => {
      const { notes, skips } = await compiledAlike(build(), list);
      if (list === 'simplify') expect([...notes, ...skips].join()).toContain(apart[name] ?? 'one is compiled for');
    });
  });
}
