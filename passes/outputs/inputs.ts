/** An input that is a sequence, an optional or a map ⟶ tensors, and operators that build the old input from them. */
import { assembled } from '../../src/contract/assemble.js';
import type { Structure } from '../../src/contract/structure.js';
import { unknownDim } from '../../src/ir/dims/dims.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import { freeName } from '../../src/ir/text/free-name.js';
import { type TensorType, type Type, tensorType } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { FormRefusal } from './form.js';
import { labelsOf } from './labels.js';

/** The inputs that replace one, in order, and their common structure. */
interface ReplacedInput {
  readonly inputs: readonly Value[];
  readonly structure: Structure;
}

/** Replaces one input. `length` is what its caller says of a sequence. Throws Refusal before any edit. */
export function replaceInput(model: Model, input: Value, length: number | undefined): ReplacedInput | undefined {
  const { type } = input;
  if (!type || type.kind === 'tensor') return undefined;
  if (model.graph.outputPorts.some(({ name }) => name === input.name))
    throw new FormRefusal('an output has the name of the input', input);
  if (type.kind === 'map') return mapInput(model, input);
  if (type.kind !== 'sequence' && type.kind !== 'optional')
    throw new FormRefusal(`an input of kind ${type.kind} has no form in tensors`, input);
  const made =
    type.kind === 'sequence'
      ? sequenceInput(model, input, tensorIn(type.elem, input), length)
      : optionalInput(model, input, type.elem, length);
  handOver(model.graph, input, made);
  return made;
}

/** The type of an element. A dim with a name is not the same in all of them. */
function tensorIn(type: Type | undefined, at: Value): TensorType {
  if (type?.kind === 'tensor' && type.elem !== 'undefined') return own(type);
  throw new FormRefusal('a sequence input whose elements are no tensors', at);
}

/** The same type with unknown dims of its own. */
const own = ({ elem, shape }: TensorType): TensorType =>
  tensorType(
    elem,
    shape?.map((dim) => (typeof dim === 'number' ? dim : unknownDim())),
  );

const addInput = (graph: Graph, name: string, type: TensorType): Value =>
  graph.input(
    freeName(name, (one) => graph.inputs.some((input) => input.name === one)),
    type,
  );

/** Tensor inputs for a sequence. Throws Refusal before any edit. */
function sequenceInput({ graph }: Model, at: Value, elem: TensorType, length: number | undefined): ReplacedInput {
  const { name } = at;
  const isSized = elem.shape?.every((dim) => typeof dim === 'number') ?? false;
  if (length === undefined && !isSized)
    throw new FormRefusal(
      `a sequence input whose length and shapes only its caller knows; give the length: lengths=${name}=3`,
      at,
    );
  if (length === undefined) {
    const stack = graph.input(name, tensorType(elem.elem, [unknownDim(), ...(elem.shape ?? [])]));
    return { inputs: [stack], structure: { kind: 'stack', port: name } };
  }
  const inputs = Array.from({ length }, (_, index) => addInput(graph, `${name}.${index}`, own(elem)));
  const items = inputs.map((one): Structure => ({ kind: 'tensor', port: one.name }));
  return { inputs, structure: { kind: 'list', items } };
}

/** Tensor inputs for a tensor or sequence, and a bool that says whether it is there. */
function optionalInput(model: Model, input: Value, type: Type | undefined, length: number | undefined): ReplacedInput {
  const { graph } = model;
  const { name } = input;
  if ((type?.kind !== 'tensor' || type.elem === 'undefined') && type?.kind !== 'sequence')
    throw new FormRefusal('an optional input of unknown content', input);
  const { inputs, structure: value } =
    type.kind === 'sequence'
      ? sequenceInput(model, input, tensorIn(type.elem, input), length)
      : { inputs: [graph.input(name, type)], structure: { kind: 'tensor', port: name } as const };
  const present = addInput(graph, `${name}.present`, tensorType('bool', []));
  return { inputs: [...inputs, present], structure: { kind: 'optional', present: present.name, value } };
}

/** Lets all readers of the input read the value that is built from the new inputs. */
function handOver(graph: Graph, input: Value, { inputs, structure }: ReplacedInput): void {
  const { type } = input;
  const port = (name: string): Value => inputs.find((one) => one.name === name) as Value;
  const make = (one: Structure, wanted: Type | undefined): Value => assembled(graph, one, wanted, port) as Value;
  if (structure.kind === 'optional') {
    const reading = (opType: string): Value[] =>
      [...input.uses].filter(({ node }) => node.is(opType)).map(({ node }) => node.output);
    for (const asked of reading('OptionalHasElement')) graph.replaceUses(asked, port(structure.present));
    const taken = reading('OptionalGetElement');
    const content = type?.kind === 'optional' && taken.length > 0 && make(structure.value, type.elem);
    if (content) for (const value of taken) graph.replaceUses(value, content);
    for (const node of input.users)
      if (node.is('OptionalHasElement') || node.is('OptionalGetElement')) node.graph.setInput(node, 0, undefined);
    if (input.uses.size === 0) return;
  }
  graph.replaceUses(input, make(structure, type));
}

/** A map with DictVectorizer as its only reader ⟶ the row of values that DictVectorizer would make. */
function mapInput(model: Model, input: Value): ReplacedInput {
  const { graph } = model;
  const { type } = input;
  const users = input.users;
  const found = users.map((node) => (node.is('DictVectorizer', 'ai.onnx.ml') ? labelsOf(node) : undefined));
  const [labels] = found;
  const elem = type?.kind === 'map' && type.value?.kind === 'tensor' ? type.value.elem : undefined;
  if (users.some((node) => node.is('CastMap', 'ai.onnx.ml')))
    throw new FormRefusal(
      'a map input that CastMap reads: which keys it has is known only when the model is called',
      input,
    );
  if (!labels || !elem || found.some((one) => JSON.stringify(one) !== JSON.stringify(labels)))
    throw new FormRefusal('a map input that something else than one DictVectorizer vocabulary reads', input);
  const row = graph.input(input.name, tensorType(elem, [1, labels.labels.length]));
  for (const node of users) {
    graph.replaceUses(node.output, row);
    for (const [index, value] of node.inputs.entries())
      if (value === input) node.graph.setInput(node, index, undefined);
  }
  return { inputs: [row], structure: { kind: 'maps', port: input.name, ...labels } };
}
