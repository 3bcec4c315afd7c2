/** Gives the contents of a compiled model and of its report in a form that does not depend on the order of nodes. */
import { createHash } from 'node:crypto';
import type { Attribute } from '../../src/ir/attribute.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import type { PassResult } from '../../src/run/pipeline/pipeline-result.js';

/** Describes the computation of each value of a scope, names aside: equal texts are equal computations. */
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

/** Describes a result: its ports, its nodes by what they compute, constants and names. */
export const contents = (model: Model) => {
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

export const reported = (passes: readonly PassResult[]) =>
  passes.map(({ name, ops, nodes, bytes, notes, skips, sites }) => ({
    name,
    ops,
    nodes,
    bytes,
    notes: notes.map(({ text }) => text),
    skips: skips.map(({ reason, count }) => ({ reason, count })),
    sites: sites?.map(({ at, fused }) => `${at} ${fused}`).sort(),
  }));

export const hashOf = (text: string): string => createHash('sha1').update(text).digest('base64');
