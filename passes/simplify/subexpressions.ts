/** Common subexpressions: nodes that compute the same from the same, by the same bodies. Random nodes are never the same. */
import { type Attribute, attributeText } from '../../src/ir/attribute.js';
import type { Graph } from '../../src/ir/graph.js';
import type { Model } from '../../src/ir/model.js';
import type { Node } from '../../src/ir/node.js';
import { uniformOf } from '../../src/ir/tensors/bank.js';
import type { Tensor } from '../../src/ir/tensors/tensor.js';
import { typeText } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { rowOf } from '../../src/ops/registry.js';
import { isPure } from './pure.js';

/** Nodes by their expression; an inner scope sees the nodes before its owner. */
class ComputedNodes {
  readonly #nodes = new Map<string, Node>();
  constructor(readonly outer?: ComputedNodes) {}
  find(key: string): Node | undefined {
    return this.#nodes.get(key) ?? this.outer?.find(key);
  }
  set(key: string, node: Node): void {
    this.#nodes.set(key, node);
  }
}

/** Tensors beyond this size are the same if they are one object. */
const SMALL = 4096;

/** True where inputs may change places bit for bit. Of 0 and −0, Max and Min may give either. */
const isCommutative = (node: Node): boolean => {
  const row = rowOf(node);
  return row?.isCommutative === true && !row.moves;
};

/** Equal names mean the same value, or the same tensor. */
type NameOf = (one: Value | Tensor) => string;

/** A node's expression as text; undefined where it has no comparable one. */
function keyOf(node: Node, nameOf: NameOf, depth = 0): string | undefined {
  if (!isPure(node)) return undefined;
  const inputs = node.inputs.map((value) => (value ? nameOf(value) : ''));
  if (isCommutative(node) && inputs.length === 2) inputs.sort();
  while (inputs.at(-1) === '') inputs.pop();
  const attributes: string[] = [];
  for (const [name, attribute] of node.attributes) {
    const text = attributeKey(attribute, nameOf, depth);
    if (text === undefined) return undefined;
    attributes.push(`${name}=${text}`);
  }
  // Split and others divide by the number of their outputs.
  const outputs = node.is('Split') ? node.outputs.length : '';
  return `${node.domain}.${node.opType}:${node.overload}(${inputs})${outputs}{${attributes.sort().join(';')}}`;
}

/** A body's expression: inner values are named by position, constants by their numbers, captured values as outside. */
function bodyKey(body: Graph, outer: NameOf, depth: number): string | undefined {
  const own = new Map<Value | Tensor, string>();
  const nameOf: NameOf = (one) => own.get(one) ?? outer(one);
  const lines: string[] = [];
  const define = (values: readonly (Value | undefined)[], text: string) => {
    for (const value of values) if (value) own.set(value, `${depth}.${own.size}`);
    lines.push(`${values.map((value) => value && own.get(value))} = ${text}`);
  };
  for (const value of body.inputs) define([value], typeText(value.type));
  for (const { value, tensor } of constantsOf(body)) define([value], tensorKey(tensor) ?? nameOf(tensor));
  for (const node of body.nodes()) {
    const key = keyOf(node, nameOf, depth);
    if (key === undefined) return undefined;
    define(node.outputs, key);
  }
  return `${lines.join('\n')}\n=> ${body.outputs.map(nameOf)}`;
}

function constantsOf(body: Graph): { value: Value; tensor: Tensor }[] {
  return [...body.constants].flatMap((value) => (value.tensor ? [{ value, tensor: value.tensor }] : []));
}

function attributeKey(attribute: Attribute, nameOf: NameOf, depth: number): string | undefined {
  switch (attribute.type) {
    case 'graph':
      return bodyKey(attribute.value, nameOf, depth + 1);
    case 'tensor':
      return tensorKey(attribute.value);
    default:
      return attributeText(attribute);
  }
}

function tensorKey(tensor: Tensor): string | undefined {
  const uniform = uniformOf(tensor);
  if (!uniform || uniform.strings || uniform.byteLength > SMALL) return undefined;
  return `${uniform.type}[${uniform.shape}]${uniform.bytes()}`;
}

function mergeIn(graph: Graph, outer: ComputedNodes | undefined, nameOf: NameOf): void {
  const computed = new ComputedNodes(outer);
  for (const node of graph.nodes()) {
    for (const body of node.bodies) mergeIn(body, computed, nameOf);
    // An equal node would read it as well.
    if (node.inputs.some((value) => value?.uses.size === 1)) continue;
    const key = keyOf(node, nameOf);
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
  const ids = new Map<Value | Tensor, number>();
  const nameOf: NameOf = (one) => {
    const id = ids.get(one) ?? ids.size;
    ids.set(one, id);
    return String(id);
  };
  mergeIn(model.graph, undefined, nameOf);
  for (const { graph } of model.functions) mergeIn(graph, undefined, nameOf);
}
