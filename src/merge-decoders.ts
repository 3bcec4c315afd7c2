/** One model of two decoders, the one of the first step and the one that reads a cache, as optimum merges them: an If on `use_cache_branch`, and one pool of weights. */
import { mergeConstants } from '../passes/simplify/constants.js';
import { Graph } from './ir/graph.js';
import { Model } from './ir/model.js';
import { tensorOf } from './ir/tensors/numbers.js';
import { ModelError } from './ir/text/errors.js';
import { type Shape, type Type, tensorType, typeText } from './ir/types.js';
import type { Value } from './ir/value.js';
import { fill } from './ir/whole-model/clone.js';
import { sweep } from './ir/whole-model/sweep.js';

/**
 * The merged decoder: inputs are those of both and `use_cache_branch` [1]; outputs are those of the first step's decoder. What the decoder with past does not
 * give (the cache of an encoder) is empty in its branch: the earlier one stays. Weights of 1 kB and more that both have are stored once, outside of both
 * branches. Throws ModelError where the two do not go together.
 */
export function mergeDecoders(decoder: Model, withPast: Model): Model {
  for (const model of [decoder, withPast])
    if (model.functions.length > 0)
      throw new ModelError(
        'merge-decoders',
        'decoders without functions',
        'functions',
        'Run --passes inline on both first',
      );
  const model = new Model(decoder.opsets, Math.max(decoder.irVersion, withPast.irVersion));
  for (const [domain, version] of withPast.opsets) {
    const own = model.opsets.get(domain) ?? version;
    if (own !== version)
      throw new ModelError(
        'merge-decoders',
        `decoders of one operator set`,
        `${domain || 'ai.onnx'} ${own} and ${version}`,
        `Run --passes opset:to=${Math.max(own, version)} on both first`,
      );
    model.opsets.set(domain, version);
  }
  const { graph } = model;
  Object.assign(model, { producerName: decoder.producerName, docString: decoder.docString });
  graph.name = 'merged';
  const ports = new Map<string, Value>();
  for (const value of [...decoder.graph.inputs, ...withPast.graph.inputs]) {
    const known = ports.get(value.name);
    if (known) known.type = commonType(known, value);
    else ports.set(value.name, graph.input(value.name, value.type));
  }
  if (ports.has('use_cache_branch'))
    throw new ModelError(
      'merge-decoders',
      'two decoders',
      'one that is merged already: it has an input use_cache_branch',
    );
  const condition = graph.input('use_cache_branch', tensorType('bool', [1]));
  const outputs = decoder.graph.outputPorts;
  const missing = withPast.graph.outputPorts.filter(({ name }) => !outputs.some((one) => one.name === name));
  if (missing.length > 0)
    throw new ModelError(
      'merge-decoders',
      'outputs that the decoder of the first step has too',
      `"${missing[0]?.name}" in the one with past alone`,
    );
  const branch = (name: string, source: Graph): Graph => {
    const body = new Graph(model, name, model.opsets);
    const values = new Map(source.inputs.map((value) => [value, ports.get(value.name) as Value]));
    fill(body, source, values, { isInlined: true });
    for (const port of outputs) {
      const at = source.outputPorts.findIndex((one) => one.name === port.name);
      const own = source.outputs[at];
      const type = source.outputPorts[at]?.type ?? own?.type;
      body.output(port.name, own ? (values.get(own) ?? own) : emptyLike(body, port.type), type);
    }
    return body;
  };
  const node = graph.add('If', [condition], {
    name: 'optimum::if',
    attributes: { then_branch: branch('with_past', withPast.graph), else_branch: branch('no_past', decoder.graph) },
    outputs: outputs.map(({ name }) => name),
  });
  for (const [at, port] of outputs.entries())
    graph.output(port.name, node.outputs[at] as Value, port.type ?? decoder.graph.outputs[at]?.type);
  mergeConstants(model);
  sweep(model);
  return model;
}

/** The type of an input that both have: sizes in which they differ are symbolic where one is. */
function commonType(first: Value, second: Value): Type | undefined {
  const [a, b] = [first.type, second.type];
  if (a?.kind !== 'tensor' || b?.kind !== 'tensor') return a;
  if (a.elem !== b.elem)
    throw new ModelError(`input "${first.name}"`, `one type in both decoders`, `${typeText(a)} and ${typeText(b)}`);
  if (!a.shape || !b.shape || a.shape.length !== b.shape.length) return tensorType(a.elem);
  const { shape: other } = b;
  const shape: Shape = a.shape.map((dim, axis) => (typeof dim === 'number' ? (other[axis] as typeof dim) : dim));
  return tensorType(a.elem, shape);
}

/** An empty tensor of a type: no rows, and one of everything else that is open. */
function emptyLike(body: Graph, type: Type | undefined): Value {
  if (type?.kind !== 'tensor' || !type.shape)
    throw new ModelError(
      'merge-decoders',
      'outputs of a known rank',
      'one that the decoder with past does not give, of unknown rank',
    );
  const shape = type.shape.map((dim, axis) => (axis === 0 ? 0 : typeof dim === 'number' ? dim : 1));
  return body.constant(tensorOf(type.elem, [], shape));
}
