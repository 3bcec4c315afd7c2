/** What nodes compute, as numbers that are equal for equal computations in both models. */
import { attributeText } from '../../ir/attribute.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import type { Attribute } from '../../ir/structure.js';
import { hashOfBeginning } from '../../ir/tensors/same-tensor.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import { typeText } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import { type DiffSide, tensorOf } from '../side.js';

/** Constants up to this many bytes are told by their numbers, others by what they are paired with. */
const SMALL = 256;

/** Gives equal numbers for equal texts; one for both models. */
export class Numbering {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/**
 * A number for each node: of its operator, its attributes and what it reads, down to the inputs and constants. `paired`: nodes with a counterpart
 * have its number in place of that. `constantId`: equal for constants that are each other's counterpart.
 */
export function nodeKeys(
  { model, names }: DiffSide,
  numbering: Numbering,
  paired: ReadonlyMap<Node, number>,
  constantId: (value: Value) => string | undefined,
): Map<Node, number> {
  const keys = new Map<Node, number>();
  const ids = new Map<Value, string>();
  const idOf = (value: Value | undefined): string => {
    if (!value) return '';
    return ids.get(value) ?? constantText(value, constantId) ?? `${value.graph === model.graph ? value.name : '?'}`;
  };
  const visit = (graph: Graph, scope: string): void => {
    for (const [index, value] of graph.inputs.entries())
      ids.set(value, scope ? `${scope}#${index}` : `in ${value.name}`);
    for (const node of graph.nodes()) {
      for (const body of node.bodies) visit(body, names.scopeOf(body.end) || node.opType);
      const number = paired.get(node);
      const key = numbering.of(number === undefined ? textOf(node, idOf) : `pair ${number}`);
      keys.set(node, key);
      for (const [index, value] of node.outputs.entries()) if (value) ids.set(value, `${key}.${index}`);
    }
  };
  for (const { graph, domain, name } of model.functions) visit(graph, `${domain}.${name}`);
  visit(model.graph, '');
  return keys;
}

function textOf(node: Node, idOf: (value: Value | undefined) => string): string {
  const attributes = [...node.attributes].map(([name, one]) => `${name}=${attributeKey(one, idOf)}`).sort();
  const { domain, opType, overload } = node;
  return `${domain}.${opType}:${overload}(${node.inputs.map(idOf)})${node.outputs.length}{${attributes.join(';')}}`;
}

function attributeKey(attribute: Attribute, idOf: (value: Value | undefined) => string): string {
  const text = attributeText(attribute);
  if (text !== undefined) return text;
  switch (attribute.type) {
    case 'graph':
    case 'graphs':
      return [attribute.value]
        .flat()
        .map((body) => `[${body.outputs.map(idOf)}]`)
        .join();
    case 'type_proto':
      return typeText(attribute.value);
    case 'type_protos':
      return attribute.value.map((type) => typeText(type)).join();
    case 'tensor':
    case 'tensors':
    case 'sparse_tensor':
    case 'sparse_tensors':
      return [attribute.value].flat().map(tensorText).join();
    default:
      return attribute.type;
  }
}

const tensorText = (tensor: Tensor): string =>
  `${tensor.type}[${tensor.shape}]${hashOfBeginning(tensor, Number.POSITIVE_INFINITY)}`;

function constantText(value: Value, constantId: (value: Value) => string | undefined): string | undefined {
  const tensor = tensorOf(value);
  if (!tensor) return undefined;
  return tensor.byteLength > 0 && tensor.byteLength <= SMALL ? tensorText(tensor) : constantId(value);
}
