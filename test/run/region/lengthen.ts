/** Models of a few layers made longer: what exporters write, with as many layers as people have. */

import { inferTypes } from '../../../src/infer/index.js';
import type { Attribute } from '../../../src/ir/attribute.js';
import { cloneModel, fill } from '../../../src/ir/clone.js';
import { Graph } from '../../../src/ir/graph.js';
import type { Model } from '../../../src/ir/model.js';
import type { Node } from '../../../src/ir/node.js';
import { numbersOf, tensorOf } from '../../../src/ir/numbers.js';
import type { Tensor } from '../../../src/ir/tensor.js';
import { isFloat } from '../../../src/ir/types.js';
import type { Value } from '../../../src/ir/value.js';
import { type Block, findBlocks } from '../../../src/match/blocks/index.js';
import { isSameTensor } from '../../../src/run/region/same.js';
import { nodesBySegment, segmentOfReader, segmentsOf } from '../../../src/run/region/segments.js';
import { sweep } from '../../../src/run/sweep.js';

export interface Lengthening {
  /** Of each chain, at least. */
  readonly layers: number;
  /** Every copy reads the weights of the layer it was copied from. Else each has its own, a little different. */
  readonly isShared?: boolean;
}

/** A repeat counts as layers where it covers this share of the nodes. */
const LAYERS = 0.1;

/** A copy whose chains of repeats have so many; undefined where it has none. */
export function lengthened(model: Model, { layers, isShared = false }: Lengthening): Model | undefined {
  const copy = cloneModel(model);
  inferTypes(copy);
  const repeats = new Map<number, Block[]>();
  for (const block of findBlocks(copy.graph)) repeats.set(block.repeat, [...(repeats.get(block.repeat) ?? []), block]);
  const { size } = copy.graph.nodeSet;
  let chains = 0;
  for (const pieces of repeats.values()) {
    const rows = (pieces[0] as Block).instances.map((_, at) =>
      pieces.flatMap(({ instances }) => [...(instances[at]?.nodes ?? [])]),
    );
    if (rows.length * (rows[0]?.length ?? 0) < LAYERS * size) continue;
    if (new Lengthener(copy, rows, isShared).run(Math.max(0, layers - rows.length))) chains++;
  }
  sweep(copy);
  return chains > 0 ? copy : undefined;
}

class Lengthener {
  readonly #graph: Graph;
  readonly #segments: ReadonlyMap<Node, number>;
  /** The segment that is copied, and the place of the one behind it. */
  readonly #own: readonly Node[];
  readonly #at: number;
  /** Of nodes of the copied segment and before, what plays their part in the next. */
  readonly #next = new Map<Node, Node>();
  /** What the copied segment reads for itself, each with what the next reads there. */
  readonly #carried = new Map<Value, Value>();
  /** What the next and its values were called. */
  readonly #names = new Map<Node | Value, string>();
  /** Outputs of the graph that the copied segment gives, each with what the next's was called. */
  readonly #ports = new Map<string, string>();

  constructor(
    readonly model: Model,
    rows: readonly (readonly Node[])[],
    readonly isShared: boolean,
  ) {
    this.#graph = model.graph;
    this.#at = rows.length - 1;
    const tags = new Map(rows.flatMap((nodes, index) => nodes.map((node) => [node, index + 1] as const)));
    this.#segments = segmentsOf(this.#graph, { node: (node) => tags.get(node) ?? 0, value: () => 0 });
    const list = nodesBySegment(this.#graph, this.#segments)[this.#at] ?? [];
    const [a = [], b = []] = rows.slice(-2);
    for (const [place, node] of a.entries()) this.#pair(node, b[place] as Node);
    // What comes before the first repeat and feeds it alone is in its segment, but no part of it.
    const own = new Set<Node>();
    const isBehind = ({ inputs }: Node) => inputs.some((value) => value?.producer && own.has(value.producer));
    for (const node of list) if (a.includes(node) || this.#next.has(node) || isBehind(node)) own.add(node);
    this.#own = [...own];
    for (const node of this.#own)
      node.inputs.forEach((value, index) => {
        const other = this.#next.get(node)?.inputs[index];
        if (value && other && value !== other && !(value.producer && own.has(value.producer)))
          this.#carried.set(value, other);
      });
  }

  #pair(a: Node, b: Node): void {
    if (this.#next.has(a) || a === b || a.opType !== b.opType) return;
    if (this.#segments.get(a) !== this.#at || this.#segments.get(b) !== this.#at + 1) return;
    this.#next.set(a, b);
    a.inputs.forEach((value, index) => {
      const other = b.inputs[index];
      if (!value || !other || value === other) return;
      if (value.producer && other.producer && value.index === other.index) this.#pair(value.producer, other.producer);
    });
  }

  #isOwn = ({ producer }: Value): boolean => producer !== undefined && this.#own.includes(producer);

  /** False where the next reads nothing of the copied segment: it is no chain. */
  run(more: number): boolean {
    if (![...this.#carried.values()].some((value) => this.#isOwn(value))) return false;
    const behind = this.#own.flatMap(({ outputs }) =>
      outputs.flatMap((value) =>
        [...(value?.uses ?? [])]
          .filter(
            ({ node }) => node !== this.#graph.end && segmentOfReader(node, this.#graph, this.#segments) > this.#at,
          )
          .map((use) => ({ ...use, value: value as Value })),
      ),
    );
    this.#renameNext(more + 1);
    let last: ReadonlyMap<Value, Value> = new Map();
    for (let nth = 1; nth <= more; nth++) last = this.#copy(nth, last);
    for (const { node, index, value } of behind) node.graph.setInput(node, index, last.get(value) ?? value);
    return true;
  }

  /** The next is so many layers behind the copied one. */
  #renameNext(nth: number): void {
    const values = new Map([...this.#carried].filter(([, other]) => !other.producer));
    for (const [a, b] of this.#next) {
      this.#names.set(b, b.name);
      b.name = renamed(a.name, b.name, nth) ?? b.name;
      a.outputs.forEach((value, index) => {
        const other = b.outputs[index];
        if (value && other) values.set(value, other);
      });
    }
    for (const [value, other] of values) {
      this.#names.set(other, other.name);
      other.name = renamed(value.name, other.name, nth) ?? other.name;
    }
    const { end, outputPorts, outputs } = this.#graph;
    const ports = outputPorts.map((port, index) => ({ port: { ...port }, value: outputs[index] as Value }));
    for (const [value, other] of values) {
      const [a, b] = [value, other].map((one) => [...one.uses].find(({ node }) => node === end)?.index ?? -1);
      const [port, its] = [ports[a as number]?.port, ports[b as number]?.port];
      if (!port || !its) continue;
      this.#ports.set(port.name, its.name);
      its.name = renamed(port.name, its.name, nth) ?? its.name;
    }
    this.#graph.setOutputs(ports);
  }

  #copy(nth: number, before: ReadonlyMap<Value, Value>): ReadonlyMap<Value, Value> {
    const copies = new Map<Value, Value>();
    const inputOf = (value: Value): Value => {
      const known = copies.get(value);
      if (known) return known;
      const other = this.#carried.get(value) ?? (this.#isPrivate(value) ? value : undefined);
      if (!other) return value;
      // What the one before gives: the copied segment itself at first.
      if (other.producer && this.#isOwn(other)) return before.get(other) ?? other;
      const name = this.#nameOf(value, other, nth);
      const made = this.#made(value, other, name, nth);
      copies.set(value, made);
      return made;
    };
    for (const node of this.#own) {
      const partner = this.#next.get(node);
      const { opType, domain, overload } = node;
      const copy = this.#graph.add(
        opType,
        node.inputs.map((value) => value && inputOf(value)),
        {
          domain,
          overload,
          name: node.name && this.#nameOf(node, partner, nth),
          attributes: Object.fromEntries(node.attributes) as Record<string, Attribute>,
          outputs: node.outputs.map((value, index) => value && this.#nameOf(value, partner?.outputs[index], nth)),
        },
      );
      node.outputs.forEach((value, index) => {
        const made = copy.outputs[index];
        if (!value || !made) return;
        made.isDeclared = value.isDeclared;
        made.type = value.type;
        copies.set(value, made);
        for (const use of value.uses) {
          if (use.node !== this.#graph.end) continue;
          const port = this.#graph.outputPorts[use.index];
          if (port) this.#graph.output(numbered(port.name, this.#ports.get(port.name), nth), made, port.type);
        }
      });
      for (const [name, attribute] of node.attributes) {
        if (attribute.type !== 'graph') continue;
        const body = new Graph(this.model, attribute.value.name, this.#graph.opsets);
        fill(body, attribute.value, new Map([...copies, ...this.#outer(inputOf)]));
        this.#graph.setAttribute(copy, name, { ...attribute, value: body });
      }
    }
    return copies;
  }

  #outer = (inputOf: (value: Value) => Value): [Value, Value][] =>
    [...this.#carried.keys()].map((value) => [value, inputOf(value)]);

  /** True for a constant that the copied segment alone reads. */
  #isPrivate = (value: Value): boolean =>
    value.tensor !== undefined && [...value.uses].every(({ node }) => this.#own.includes(node));

  /** A constant or an input of its own. */
  #made(value: Value, other: Value, name: string, nth: number): Value {
    if (value.isInput && other.isInput) return this.#graph.input(name, value.type);
    if (!value.tensor || this.isShared) return value;
    const isSame = other.tensor && isSameTensor(value.tensor, other.tensor);
    const made = this.#graph.constant(isSame ? value.tensor : varied(value.tensor, nth), name);
    made.constantNode = value.constantNode && { ...value.constantNode, name };
    return made;
  }

  #nameOf<T extends Node | Value>(one: T, other: T | undefined, nth: number): string {
    return numbered(one.name, other && (this.#names.get(other) ?? other.name), nth);
  }
}

/** What the copy number `nth` is called of something that in the next is called `next`. */
const numbered = (name: string, next: string | undefined, nth: number): string =>
  (next !== undefined && renamed(name, next, nth)) || `${name}.${nth}`;

/** `layer.3` where one is called `layer.0`, the next `layer.1`, and the third behind it is asked for; undefined where they are called otherwise. */
function renamed(name: string, next: string, nth: number): string | undefined {
  const [a, b] = [name, next].map((text) => text.split(/(\d+)/)) as [string[], string[]];
  if (a.length !== b.length) return undefined;
  const places = a.flatMap((part, place) => (part === b[place] ? [] : [place]));
  const isIndex = (place: number) => Number(b[place]) === Number(a[place]) + 1;
  if (places.length === 0 || !places.every(isIndex)) return undefined;
  return a.map((part, place) => (places.includes(place) ? String(Number(part) + nth) : part)).join('');
}

/** Numbers a little different, floats and quantized ones; what is no number of a model stays. */
function varied(tensor: Tensor, nth: number): Tensor {
  const isReal = isFloat(tensor.type);
  if (!isReal && !/^u?int8$/.test(tensor.type)) return tensor;
  const vary = (one: number, by: number) => (isReal ? one * (1 + 0.01 * by) : one - Math.sign(one) * Number(by > 0.5));
  return tensorOf(
    tensor.type,
    Array.from(numbersOf(tensor), (one, at) => vary(one, Math.sin(1 + at * 7 + nth * 13))),
    tensor.shape,
  );
}
