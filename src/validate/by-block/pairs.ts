/**
 * Pairs the values that two models share. Passes keep names where they keep values. Where names tell nothing, values
 * are paired by their edges: from the outputs inwards, and from paired values onwards where only one way to pair is
 * open.
 */
import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { isFloat } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';

/** Names are believed if at least this share of the values with a common name is computed by the same op. */
const BELIEVED = 0.5;

/**
 * A mapping from the original's values of the main graph to the result's. Constants are paired too, also with computed
 * values that were folded into them. Types should have been inferred.
 */
export function pairsOf(original: Model, result: Model): Map<Value, Value> {
  const pairing = new Pairing();
  original.graph.inputs.forEach((value, at) => {
    const { inputs } = result.graph;
    const other = inputs.find(({ name }) => name === value.name) ?? inputs[at];
    if (other) pairing.add(value, other);
  });
  original.graph.outputPorts.forEach(({ name }, at) => {
    const other = result.graph.outputPorts.findIndex((port) => port.name === name);
    if (other >= 0) pairing.add(original.graph.outputs[at] as Value, result.graph.outputs[other] as Value);
  });
  for (const [value, other] of sameNames(original.graph, result.graph)) pairing.add(value, other);
  pairing.spread();
  return pairing.pairs;
}

/** Values of one name. None where names are numbers with another meaning in each model. */
function sameNames(original: Graph, result: Graph): [Value, Value][] {
  const named = new Map<string, Value>();
  for (const value of result.values()) if (value.name) named.set(value.name, value);
  const found: [Value, Value][] = [];
  let [same, computed] = [0, 0];
  for (const value of original.values()) {
    const other = value.name ? named.get(value.name) : undefined;
    if (!other) continue;
    found.push([value, other]);
    if (!value.producer || !other.producer) continue;
    computed++;
    if (isSameOp(value.producer, other.producer)) same++;
  }
  return same >= BELIEVED * computed ? found : [];
}

const isSameOp = (a: Node, b: Node): boolean => a.opType === b.opType && a.domain === b.domain;

/**
 * True where both can hold the same: text, numbers of any float type, or numbers of one type, in sizes that do not
 * contradict.
 */
function isAlike(a: Value, b: Value): boolean {
  const [own, its] = [a.type, b.type];
  if (own?.kind !== 'tensor' || its?.kind !== 'tensor') return false;
  if (own.elem !== its.elem && !(isFloat(own.elem) && isFloat(its.elem))) return false;
  if (!own.shape || !its.shape) return true;
  if (own.shape.length !== its.shape.length) return false;
  return own.shape.every((dim, axis) => {
    const other = its.shape?.[axis];
    return typeof dim !== 'number' || typeof other !== 'number' || dim === other;
  });
}

class Pairing {
  readonly pairs = new Map<Value, Value>();
  readonly #taken = new Set<Value>();
  readonly #waiting: [Value, Value][] = [];

  add(value: Value, other: Value): void {
    if (this.pairs.has(value) || this.#taken.has(other)) return;
    if ((value.tensor && !other.tensor) || !isAlike(value, other)) return;
    this.pairs.set(value, other);
    this.#taken.add(other);
    this.#waiting.push([value, other]);
  }

  /** Spreads from every pair until nothing is added. */
  spread(): void {
    for (let pair = this.#waiting.pop(); pair; pair = this.#waiting.pop()) {
      const [value, other] = pair;
      if (value.producer && other.producer) this.#nodes(value.producer, other.producer);
      this.#readers(value, other);
    }
  }

  /** Pairs the inputs and other outputs of two nodes of one op that compute a pair. */
  #nodes(a: Node, b: Node): void {
    if (!isSameOp(a, b) || a.inputs.length !== b.inputs.length) return;
    const others = this.#isSwapped(a, b) ? [...b.inputs].reverse() : b.inputs;
    a.inputs.forEach((input, at) => {
      const other = others[at];
      if (input && other) this.add(input, other);
    });
    a.outputs.forEach((output, at) => {
      const other = b.outputs[at];
      if (output && other) this.add(output, other);
    });
  }

  /** True for a sum or product with its operands swapped: the paired or constant operand stands on the other side. */
  #isSwapped(a: Node, b: Node): boolean {
    const [[x, y], [u, v]] = [a.inputs, b.inputs];
    if (a.inputs.length !== 2 || !/^(Add|Mul)$/.test(a.opType) || !x || !y || !u || !v) return false;
    if (this.pairs.get(x) === v || this.pairs.get(y) === u) return true;
    return (
      Boolean(x.tensor) !== Boolean(y.tensor) &&
      Boolean(x.tensor) === Boolean(v.tensor) &&
      Boolean(u.tensor) !== Boolean(v.tensor)
    );
  }

  /** Pairs nodes that are the only readers of their op at the same input of a pair. */
  #readers(value: Value, other: Value): void {
    const theirs = readersByOp(other);
    for (const [key, nodes] of readersByOp(value)) {
      const candidates = theirs.get(key);
      if (nodes.length !== 1 || candidates?.length !== 1) continue;
      const [a, b] = [nodes[0] as Node, candidates[0] as Node];
      if (a.graph !== value.graph || b.graph !== other.graph) continue;
      const [first, second] = [a.outputs[0], b.outputs[0]];
      if (first && second) this.add(first, second);
    }
  }
}

function readersByOp({ uses }: Value): Map<string, Node[]> {
  const found = new Map<string, Node[]>();
  for (const { node, index } of uses) {
    if (node.isEnd) continue;
    const key = `${node.domain}.${node.opType} ${index}`;
    const list = found.get(key);
    if (list) list.push(node);
    else found.set(key, [node]);
  }
  return found;
}
