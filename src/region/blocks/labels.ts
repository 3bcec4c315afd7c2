/**
 * What makes two nodes alike: op, attributes, types, bodies; names and the numbers of weights do not count. Dims that are
 * not numbers are alike, so that a layer behind another one, whose dims have other symbols, is the same layer.
 */
import type { Attribute } from '../../ir/attribute.js';
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { bigintsOf } from '../../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { isInteger, type Type } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import type { Wiring } from './wiring.js';

/** Integer constants up to this many elements are shapes, axes and indices: nodes that share them are more alike. */
const SHORT = 64;

export interface NodeLabels {
  /** Nodes of equal label can play the same part; exact. */
  readonly kind: Int32Array;
  /** By radius: nodes of equal number have, most likely, equal surroundings up to so many edges away. */
  readonly rings: readonly Float64Array[];
}

/** `radius`: how far the surroundings reach. Linear in nodes and edges, times the radius. */
export function labelsOf(wiring: Wiring, radius: number): NodeLabels {
  const writer = new LabelWriter();
  const numbers = new Map<string, number>();
  const number = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  };
  const kind = new Int32Array(wiring.nodes.length);
  const first = new Float64Array(wiring.nodes.length);
  wiring.nodes.forEach((node, at) => {
    const { kind: text, exact } = writer.node(node, wiring.reads[at] ?? []);
    kind[at] = number(text);
    first[at] = exact === undefined ? (kind[at] as number) : number(`=${exact}`);
  });
  const rings: Float64Array[] = [first];
  while (rings.length <= radius) rings.push(widen(wiring, rings[rings.length - 1] as Float64Array));
  return { kind, rings };
}

/** Mixes two numbers below 2^53 into one; equal results of different pairs are rare, and harmless: see `kind`. */
function mix(a: number, b: number): number {
  let low = Math.imul((a | 0) ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul((a / 0x100000000) | 0, 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 15) ^ (b | 0), 0x27d4eb2f);
  let high = Math.imul(low ^ (low >>> 13) ^ ((b / 0x100000000) | 0), 0x165667b1);
  high ^= high >>> 16;
  return (high >>> 11) * 0x100000000 + (low >>> 0);
}

/** The sum of two such numbers, in any order, kept below 2^53. */
const blend = (a: number, b: number): number => (a + b) % 0x1fffffffffffff;

/** One edge further in both directions. The readers of a value have no order, so their numbers are added. */
function widen({ producers, readers, reads }: Wiring, ring: Float64Array): Float64Array {
  return ring.map((own, node) => {
    let result = mix(own, 1);
    producers[node]?.forEach((producer, place) => {
      if (producer >= 0)
        result = mix(result, mix(ring[producer] as number, place * 64 + (reads[node]?.[place]?.index ?? 0)));
    });
    readers[node]?.forEach((list, output) => {
      let sum = 0;
      for (const reader of list) sum = blend(sum, mix(ring[reader.node] as number, reader.place * 64 + output));
      result = mix(result, sum);
    });
    return result;
  });
}

/** Writes what counts of nodes and bodies as text. */
class LabelWriter {
  readonly #constants = new Map<Value, string>();
  readonly #large = new Map<Tensor, number>();

  /**
   * As text of its kind; and, where it reads constants, as exact text: there a constant is unlike a computed value of its
   * type, and short integer constants count with their numbers.
   */
  node(node: Node, reads: readonly (Value | undefined)[]): { kind: string; exact: string | undefined } {
    let made = '';
    for (const value of node.outputs) made += value ? `${typeKey(value.type)},` : '-,';
    const op = this.#op(node);
    const text = (exact: boolean) => {
      let read = '';
      for (const value of reads) read += value ? `${this.#read(value, exact)},` : '-,';
      return `${op}(${read})${made}`;
    };
    return { kind: text(false), exact: reads.some((value) => value?.tensor) ? text(true) : undefined };
  }

  #op(node: Node): string {
    if (node.attributes.size === 0) return `${node.domain}.${node.opType}.${node.overload}{}`;
    const attributes = [...node.attributes].sort(([a], [b]) => (a < b ? -1 : 1));
    const text = attributes.map(([name, attribute]) => `${name}=${this.#attribute(attribute)}`).join(';');
    return `${node.domain}.${node.opType}.${node.overload}{${text}}`;
  }

  #read(value: Value, exact: boolean): string {
    if (!exact || !value.tensor) return typeKey(value.type);
    const { type, shape } = value.tensor;
    const held = `#${type}[${shape}]`;
    if (!isInteger(type) || elementCount(shape) > SHORT) return held;
    let text = this.#constants.get(value);
    if (text === undefined) {
      text = `${held}${bigintsOf(value.tensor)}`;
      this.#constants.set(value, text);
    }
    return text;
  }

  #attribute(attribute: Attribute): string {
    switch (attribute.type) {
      case 'ref':
        return `ref ${attribute.name}`;
      case 'graph':
        return this.#body(attribute.value, new Map());
      case 'graphs':
        return attribute.value.map((body) => this.#body(body, new Map())).join();
      case 'tensor':
      case 'sparse_tensor':
        return this.#tensor(attribute.value);
      case 'tensors':
      case 'sparse_tensors':
        return attribute.value.map((tensor) => this.#tensor(tensor)).join();
      case 'type_proto':
        return typeKey(attribute.value);
      case 'type_protos':
        return attribute.value.map(typeKey).join();
      default:
        return `${attribute.type} ${attribute.value}`;
    }
  }

  /** Short tensors by their numbers; a long one is like itself alone. */
  #tensor(tensor: Tensor): string {
    const head = `${tensor.type}[${tensor.shape}]`;
    if (tensor.byteLength > 0 && tensor.byteLength <= SHORT * 8) return `${head}${tensor.bytes()}`;
    if (!this.#large.has(tensor)) this.#large.set(tensor, this.#large.size);
    return `${head}@${this.#large.get(tensor)}`;
  }

  /** Values are numbered as they come, captured ones included: that is the order in which captures are read. */
  #body(graph: Graph, known: Map<Value, string>): string {
    const name = (value: Value | undefined): string => {
      if (!value) return '-';
      let text = known.get(value);
      if (text === undefined) {
        text = `${known.size}:${this.#read(value, true)}`;
        known.set(value, text);
      }
      return text;
    };
    const inputs = graph.inputs.map(name).join();
    const lines = [...graph.nodeSet, graph.end].map((node) => {
      const bodies = node.bodies.map((body) => this.#body(body, known)).join();
      const op = node.bodies.length ? node.opType : this.#op(node);
      return `${node.outputs.map(name)}=${op}(${node.inputs.map(name)})${bodies}`;
    });
    return `[${inputs}|${lines.join('\n')}]`;
  }
}

/** A type without the names of its dims. */
function typeKey(type: Type | undefined): string {
  if (!type) return '?';
  switch (type.kind) {
    case 'tensor':
    case 'sparse':
      return `${type.kind === 'sparse' ? 's' : ''}${type.elem}[${type.shape?.map((dim) => (typeof dim === 'number' ? dim : '?')) ?? '*'}]`;
    case 'map':
      return `map(${type.key},${typeKey(type.value)})`;
    case 'opaque':
      return `${type.domain}.${type.name}`;
    default:
      return `${type.kind}(${typeKey(type.elem)})`;
  }
}
