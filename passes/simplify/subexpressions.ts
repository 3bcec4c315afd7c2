/** Common subexpressions: nodes that compute the same from the same. Random nodes are never the same. */
import type { Attribute } from '../../src/ir/attribute.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import type { Tensor } from '../../src/ir/tensor.js';
import type { Value } from '../../src/ir/value.js';
import { isPure } from './pure.js';

/** Nodes by what they compute; an inner scope sees those that come before its owner. */
class Computed {
  readonly #nodes = new Map<string, Node>();
  constructor(readonly outer?: Computed) {}
  find(key: string): Node | undefined {
    return this.#nodes.get(key) ?? this.outer?.find(key);
  }
  set(key: string, node: Node): void {
    this.#nodes.set(key, node);
  }
}

/** Ops whose two inputs may be swapped, bit for bit. */
const commutative = new Set(['Add', 'Mul', 'And', 'Or', 'Xor', 'Equal']);

/** Tensors in attributes beyond this size are not compared. */
const SMALL = 4096;

/** What a node computes, as text; undefined where that cannot be told. */
function keyOf(node: Node, idOf: (value: Value) => number): string | undefined {
  if (node.bodies.length > 0 || !isPure(node)) return undefined;
  const inputs = node.inputs.map((value) => (value ? idOf(value) : -1));
  if (node.domain === '' && commutative.has(node.opType) && inputs.length === 2) inputs.sort((a, b) => a - b);
  while (inputs.at(-1) === -1) inputs.pop();
  const attributes: string[] = [];
  for (const [name, attribute] of node.attributes) {
    const text = attributeKey(attribute);
    if (text === undefined) return undefined;
    attributes.push(`${name}=${text}`);
  }
  // Split and others divide by the number of their outputs.
  const outputs = node.is('Split') ? node.outputs.length : '';
  return `${node.domain}.${node.opType}:${node.overload}(${inputs})${outputs}{${attributes.sort().join(';')}}`;
}

function attributeKey(attribute: Attribute): string | undefined {
  switch (attribute.type) {
    case 'ref':
      return `ref ${attribute.name}`;
    case 'tensor':
      return tensorKey(attribute.value);
    case 'float':
      return `float ${floatKey(attribute.value)}`;
    case 'floats':
      return `floats ${attribute.value.map(floatKey)}`;
    case 'int':
      return `int ${attribute.value}`;
    case 'ints':
      return `ints ${attribute.value}`;
    case 'string':
      return `string ${attribute.value}`;
    case 'strings':
      return `strings ${attribute.value.map((text) => `[${text}]`)}`;
    default:
      return undefined;
  }
}

const floatKey = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function tensorKey(tensor: Tensor): string | undefined {
  if (tensor.strings || tensor.byteLength > SMALL) return undefined;
  return `${tensor.type}[${tensor.shape}]${tensor.bytes()}`;
}

function mergeIn(graph: Graph, outer: Computed | undefined, idOf: (value: Value) => number): void {
  const computed = new Computed(outer);
  for (const node of graph.nodes()) {
    for (const body of node.bodies) mergeIn(body, computed, idOf);
    const key = keyOf(node, idOf);
    if (key === undefined) continue;
    const same = computed.find(key);
    const isCovered = same && node.outputs.every((value, index) => !value?.uses.size || same.outputs[index]);
    if (!isCovered) {
      computed.set(key, node);
      continue;
    }
    node.outputs.forEach((value, index) => {
      const other = same.outputs[index];
      if (value && other) graph.replaceUses(value, other);
    });
  }
}

/** Makes one node of those that are equal; in a body, also of one outside that is computed anyway. */
export function mergeSubexpressions(model: Model): void {
  const ids = new Map<Value, number>();
  const idOf = (value: Value): number => {
    const id = ids.get(value) ?? ids.size;
    ids.set(value, id);
    return id;
  };
  mergeIn(model.graph, undefined, idOf);
  for (const { graph } of model.functions) mergeIn(graph, undefined, idOf);
}
