/** Inputs that are sequences, optionals or maps ⟶ tensors, and the operators that make the input of them. */
import { body, emptySequence } from '../../src/contract/extract.js';
import type { Structure } from '../../src/contract/structure.js';
import { unknownDim } from '../../src/ir/dims.js';
import type { Model } from '../../src/ir/model.js';
import { type TensorType, type Type, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { Refusal } from './form.js';
import { labelsOf } from './labels.js';

/** The inputs that take the place of one, in order, and what they are together. */
interface Replaced {
  readonly inputs: readonly Value[];
  readonly structure: Structure;
}

/** Replaces one input. `length` is what its caller says of a sequence. Throws Refusal before any edit. */
export function replaceInput(model: Model, input: Value, length: number | undefined): Replaced | undefined {
  const { type } = input;
  if (!type || type.kind === 'tensor') return undefined;
  if (type.kind === 'sequence') return sequenceInput(model, input, tensorIn(type.elem, input), length);
  if (type.kind === 'optional') return optionalInput(model, input, type.elem, length);
  if (type.kind === 'map') return mapInput(model, input);
  throw new Refusal(`an input of kind ${type.kind} has no form in tensors`, input);
}

/** The type of an element. A dim with a name is not the same in all of them. */
function tensorIn(type: Type | undefined, at: Value): TensorType {
  if (type?.kind === 'tensor') return own(type);
  throw new Refusal('a sequence input whose elements are no tensors', at);
}

/** The same, with unknown dims of its own. */
const own = ({ elem, shape }: TensorType): TensorType =>
  tensorType(
    elem,
    shape?.map((dim) => (typeof dim === 'number' ? dim : unknownDim())),
  );

/** Tensor inputs for a sequence, and the sequence that they make. Throws Refusal before any edit. */
function sequenceOf(
  model: Model,
  at: Value,
  elem: TensorType,
  length: number | undefined,
): Replaced & { readonly sequence: Value } {
  const { graph } = model;
  const { name } = at;
  const isSized = elem.shape?.every((dim) => typeof dim === 'number') ?? false;
  if (length === undefined && !isSized)
    throw new Refusal(
      `a sequence input whose length and shapes only its caller knows; give the length: lengths=${name}=3`,
      at,
    );
  if (length === undefined) {
    const stack = graph.input(name, tensorType(elem.elem, [unknownDim(), ...(elem.shape ?? [])]));
    const sequence = graph.add('SplitToSequence', [stack], { attributes: { axis: 0, keepdims: 0 } }).output;
    sequence.type = { kind: 'sequence', elem };
    return { inputs: [stack], sequence, structure: { kind: 'stack', port: name } };
  }
  const inputs = Array.from({ length }, (_, index) => graph.input(`${name}.${index}`, own(elem)));
  const items = inputs.map((one): Structure => ({ kind: 'tensor', port: one.name }));
  const sequence = length === 0 ? emptySequence(graph, elem.elem) : graph.add('SequenceConstruct', inputs).output;
  sequence.type = { kind: 'sequence', elem };
  return { inputs, sequence, structure: { kind: 'list', items } };
}

function sequenceInput(model: Model, input: Value, elem: TensorType, length: number | undefined): Replaced {
  const { sequence, inputs, structure } = sequenceOf(model, input, elem, length);
  model.graph.replaceUses(input, sequence);
  return { inputs, structure };
}

/** A tensor or sequence, and a bool that says whether it is there. */
function optionalInput(model: Model, input: Value, type: Type | undefined, length: number | undefined): Replaced {
  const { graph } = model;
  const { name } = input;
  if (type?.kind !== 'tensor' && type?.kind !== 'sequence')
    throw new Refusal('an optional input of unknown content', input);
  const made =
    type.kind === 'sequence'
      ? sequenceOf(model, input, tensorIn(type.elem, input), length)
      : tensorInput(graph.input(name, type));
  const { inputs, sequence: content, structure: value } = made;
  const present = graph.input(`${name}.present`, tensorType('bool', []));
  for (const { node } of [...input.uses])
    if (node.is('OptionalHasElement')) node.graph.replaceUses(node.output, present);
    else if (node.is('OptionalGetElement')) node.graph.replaceUses(node.output, content);
  const others = [...input.uses].filter(({ node }) => !node.is('OptionalHasElement') && !node.is('OptionalGetElement'));
  if (others.length > 0) {
    const optional = { kind: 'optional', elem: type } as const;
    const branch = (label: string, given: Value | undefined) =>
      body(graph, label, (inner) => {
        const attributes = given ? undefined : { type: { type: 'type_proto', value: type } as const };
        const { output } = inner.add(
          'Optional',
          [given].filter((one) => one !== undefined),
          { attributes },
        );
        output.type = optional;
        inner.output('value', output, optional);
      });
    const { output } = graph.add('If', [present], {
      attributes: { then_branch: branch('present', content), else_branch: branch('absent', undefined) },
    });
    output.type = optional;
    for (const { node, index } of others) node.graph.setInput(node, index, output);
  }
  for (const { node, index } of [...input.uses]) node.graph.setInput(node, index, undefined);
  return { inputs: [...inputs, present], structure: { kind: 'optional', present: present.name, value } };
}

const tensorInput = (value: Value): Replaced & { readonly sequence: Value } => ({
  inputs: [value],
  sequence: value,
  structure: { kind: 'tensor', port: value.name },
});

/** A map that DictVectorizer alone reads ⟶ the row of values that DictVectorizer makes of it. */
function mapInput(model: Model, input: Value): Replaced {
  const { graph } = model;
  const { type } = input;
  const users = input.users;
  const found = users.map((node) => (node.is('DictVectorizer', 'ai.onnx.ml') ? labelsOf(node) : undefined));
  const [labels] = found;
  const elem = type?.kind === 'map' && type.value?.kind === 'tensor' ? type.value.elem : undefined;
  if (users.some((node) => node.is('CastMap', 'ai.onnx.ml')))
    throw new Refusal(
      'a map input that CastMap reads: which keys it has is known only when the model is called',
      input,
    );
  if (!labels || !elem || found.some((one) => JSON.stringify(one) !== JSON.stringify(labels)))
    throw new Refusal('a map input that something else than one DictVectorizer vocabulary reads', input);
  const row = graph.input(input.name, tensorType(elem, [1, labels.labels.length]));
  for (const node of users) {
    graph.replaceUses(node.output, row);
    for (const [index, value] of node.inputs.entries())
      if (value === input) node.graph.setInput(node, index, undefined);
  }
  return { inputs: [row], structure: { kind: 'maps', port: input.name, ...labels } };
}
