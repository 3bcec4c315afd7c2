/** One model of two decoders, the one of the first step and the one that reads a cache, as optimum merges them: an If on `use_cache_branch`, and one pool of weights. */
import { mergeConstants } from '../passes/simplify/constants.js';
import { Graph } from './ir/graph.js';
import { Model } from './ir/model.js';
import type { Entry } from './ir/structure.js';
import { tensorOf } from './ir/tensors/numbers.js';
import { isSameTensor } from './ir/tensors/same-tensor.js';
import { ModelError } from './ir/text/errors.js';
import { type Shape, type Type, tensorType, typeText } from './ir/types.js';
import type { Value } from './ir/value.js';
import { copyConstant, fill } from './ir/whole-model/clone.js';
import { sweep } from './ir/whole-model/sweep.js';

/**
 * The merged decoder: inputs are those of both and `use_cache_branch` [1]; outputs are those of the first step's decoder. What the decoder with past does not
 * give (the cache of an encoder) is empty in its branch: the earlier one stays. Weights of 1 kB and more that both have are stored once, outside of both
 * branches. Metadata is that of both; of a text that both have, the first one's. Throws ModelError where the two do not go together.
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
  // Before IR 4 weights are inputs too: constants, of which each branch has its own.
  const model = new Model(decoder.opsets, Math.max(decoder.irVersion, withPast.irVersion, 4));
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
  const { producerName, producerVersion, domain, modelVersion, docString } = decoder;
  const metadata = commonMetadata(decoder.metadata, withPast.metadata);
  Object.assign(model, { producerName, producerVersion, domain, modelVersion, docString, metadata });
  graph.name = 'merged';
  const ports = new Map<string, Value>();
  for (const value of [...decoder.graph.inputs, ...withPast.graph.inputs]) {
    if (value.isConstant) continue;
    const known = ports.get(value.name);
    if (known) {
      known.type = commonType(known, value);
      checkDefaults(known, value);
    } else {
      const port = graph.input(value.name, value.type);
      const { defaultTensor, carried } = value;
      ports.set(value.name, Object.assign(port, { defaultTensor, carried }));
    }
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
      'The first one is the decoder of the first step, which gives the cache; the second one reads it',
    );
  const branch = (name: string, source: Graph): Graph => {
    const body = new Graph(model, name, model.opsets);
    const inside = (value: Value): Value =>
      value.isConstant ? copyConstant(body, value) : (ports.get(value.name) as Value);
    const values = new Map(source.inputs.map((value) => [value, inside(value)]));
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

/** Throws ModelError where an input that both have may be left out in one alone, or stands for other numbers then. */
function checkDefaults({ name, defaultTensor: a }: Value, { defaultTensor: b }: Value): void {
  if (a === b || (a && b && isSameTensor(a, b))) return;
  throw new ModelError(
    `input "${name}"`,
    'one default in both decoders, or none',
    a && b ? 'two that differ' : `one in the decoder ${a ? 'of the first step' : 'with past'} alone`,
    'Export both with the same default',
  );
}

/** Entries of both, each key once. What passes have noted of a model holds for its ports and sizes: there nothing is chosen. */
function commonMetadata(first: readonly Entry[], second: readonly Entry[]): readonly Entry[] {
  const added = second.filter(({ key, value }) => {
    const known = first.find((entry) => entry.key === key);
    if (known && known.value !== value && key.startsWith('onnx-passes.'))
      throw new ModelError(
        `metadata ${key}`,
        'the same in both decoders',
        `${known.value} and ${value}`,
        'Merge the decoders before the pass that notes it',
      );
    return !known;
  });
  return [...first, ...added];
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
