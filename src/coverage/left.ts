/**
 * Lists the weights that stay float although passes that store fewer bits ran, each with its bytes and the reason that a pass gave. A pass names the
 * node or the value that it left; the weight of that node is found through nodes that only move it.
 */
import { maxOf } from '../ir/collections/lists.js';
import { formerNames } from '../ir/former-names.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { outermost } from '../ir/scopes/scopes.js';
import { elementCount, type Tensor } from '../ir/tensors/tensor.js';
import { dataTypes, isFloat, isInteger } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { rowOf } from '../ops/registry.js';
import { isMover } from '../ops/row.js';

/** The report on a pass that stores fewer bits, as far as this room reads it. */
export interface NarrowingPass {
  readonly name: string;
  readonly fidelity: 'exact' | 'rounding' | 'lossy';
  readonly status: 'applied' | 'unchanged' | 'rolled back';
  readonly options: unknown;
  readonly skips: readonly { readonly reason: string; readonly places: readonly string[] }[];
  readonly takenBack?: { readonly places: readonly string[] } | undefined;
}

export interface LeftWeightGroup {
  readonly reason: string;
  readonly type: string;
  readonly bytes: number;
  readonly weights: readonly { readonly name: string; readonly bytes: number }[];
}

const NOT_ASKED = 'no pass that stores fewer bits was asked for';
const SCALES = 'scales of quantized weights stay float';
const VECTOR = 'a vector: bias, norm or scale';

/** Passes leave smaller constants alone unless their options say otherwise. */
const MIN_ELEMENTS = 1024;
/** The most ops that are named where no pass named the place. */
const MOST_OPS = 3;
/** The most views through which a weight is followed to its readers. */
const MOST_VIEWS = 8;

/** Gathers the reasons for weights that stay float, from the reports of passes. */
class Reasons {
  /** The fewest bits that the passes could store. */
  readonly bits: number;
  readonly #byPlace = new Map<string, string>();
  readonly #minElements: number;
  #rolledBack: string | undefined;
  /** The reason of a pass that did nothing, where it names no place. */
  #everywhere: string | undefined;
  readonly #names: string;

  constructor(passes: readonly NarrowingPass[]) {
    const narrowing = passes.filter(({ fidelity }) => fidelity !== 'exact');
    this.#names = [...new Set(narrowing.map(({ name }) => name))].join(', ');
    this.bits = narrowing.length === 0 ? 0 : narrowing.some(({ fidelity }) => fidelity === 'lossy') ? 8 : 16;
    this.#minElements = narrowing.reduce((most, { options }) => {
      const own = (options as { readonly minElements?: unknown } | undefined)?.minElements;
      return typeof own === 'number' ? Math.max(most, own) : most;
    }, MIN_ELEMENTS);
    // The reason of a later pass counts, because it tried last.
    for (const { name, status, skips, takenBack } of narrowing) {
      for (const { reason, places } of skips) {
        for (const place of places) this.#byPlace.set(place, reason);
        if (places.length === 0 && status === 'unchanged') this.#everywhere = reason;
      }
      for (const place of takenBack?.places ?? []) this.#byPlace.set(place, `${name} breaks its gate here`);
      if (status === 'rolled back') this.#rolledBack ??= `${name} was rolled back`;
    }
  }

  of(value: Value, tensor: Tensor): string {
    if (this.bits === 0) return NOT_ASKED;
    const { readers, ports } = readersOf(value);
    const [former, ...formerReaders] = formerNames(value);
    // What is said of a value without a name is said at its reader.
    const named = [value, ...ports].filter(({ name }) => name !== '');
    for (const place of [former, ...named.map(placeOf)]) {
      const said = place ? this.#byPlace.get(place) : undefined;
      if (said) return said;
    }
    if (readers.some((node) => rowOf(node)?.precision?.takesScales || isScaled(node, value))) return SCALES;
    const count = elementCount(tensor.shape);
    if (count < this.#minElements) return `fewer than ${this.#minElements} elements`;
    // A reason for a node is about its weight, not about its bias.
    if (maxOf(tensor.shape, 1) === count) return VECTOR;
    for (const place of [...formerReaders, ...readers.map(placeOf)]) {
      const saidOf = this.#byPlace.get(place);
      if (saidOf) return saidOf;
    }
    return this.#rolledBack ?? this.#everywhere ?? this.#formless(readers);
  }

  #formless(readers: readonly Node[]): string {
    const ops = [...new Set(readers.map(({ opType }) => opType))].sort().slice(0, MOST_OPS).join(', ');
    const has = this.#names.includes(',') ? 'have' : 'has';
    return `${this.#names} ${has} no form for a constant of ${ops || 'no node'}`;
  }
}

/** True for a product of a value with integers of few bits, or with their sums. */
function isScaled(node: Node, value: Value): boolean {
  if (!node.is('Mul') && !node.is('Sub')) return false;
  return node.inputs.some((other) => other !== value && isOfIntegers(other));
}

function isOfIntegers(value: Value | undefined): boolean {
  for (let [from, steps] = [value, 0]; from && steps < MOST_VIEWS; steps++) {
    const type = from.tensor?.type ?? from.elem;
    if (type && isInteger(type) && (dataTypes[type].bits <= 8 || from.producer?.is('MatMulInteger'))) return true;
    if (from.producer?.is('DynamicQuantizeLinear')) return true;
    from = from.producer?.inputs[0];
  }
  return false;
}

/** Names a node or value as skips do, with the local function that it is in. */
function placeOf(about: Node | Value): string {
  const text = 'opType' in about ? about.label : about.name;
  const graph = outermost(about.graph);
  return graph.isInFunction ? `${text} in function ${graph.name}` : text;
}

/** The nodes that read a weight, through views and casts, and in the functions that it is handed to, with the inputs that it is there. */
function readersOf(value: Value): { readonly readers: readonly Node[]; readonly ports: readonly Value[] } {
  const found = new Set<Node>();
  const ports: Value[] = [];
  let values = [value];
  for (let views = 0; values.length > 0 && views < MOST_VIEWS; views++) {
    const next: Value[] = [];
    for (const { node, index } of values.flatMap(({ uses }) => [...uses])) {
      if (found.has(node)) continue;
      found.add(node);
      const called = node.graph.model.functionOf(node);
      const handed = called?.graph.inputs[index];
      if (handed) {
        ports.push(handed);
        next.push(handed);
      }
      if (isView(node, index)) next.push(node.output);
    }
    values = next;
  }
  return { readers: [...found], ports };
}

/** True where a node only moves or casts the value of one slot, by constants. */
function isView(node: Node, index: number): boolean {
  const moves = rowOf(node)?.moves;
  const isMoved = node.is('Cast') || node.is('DequantizeLinear') || (moves !== undefined && isMover(moves, node));
  return isMoved && node.inputs.every((value, at) => at === index || !value || value.tensor !== undefined);
}

/** The weights of a model that stay wider than its passes could store them, grouped by reason and type, the most bytes first. */
export function leftIn(model: Model, passes: readonly NarrowingPass[]): LeftWeightGroup[] {
  const reasons = new Reasons(passes);
  const groups = new Map<string, { reason: string; type: string; weights: { name: string; bytes: number }[] }>();
  for (const graph of model.graphs())
    for (const value of [...graph.constants, ...graph.inputs]) {
      const tensor = value.tensor ?? value.defaultTensor;
      if (!tensor || !isFloat(tensor.type) || dataTypes[tensor.type].bits <= reasons.bits) continue;
      const reason = reasons.of(value, tensor);
      const key = `${tensor.type} ${reason}`;
      const group = groups.get(key) ?? { reason, type: tensor.type, weights: [] };
      groups.set(key, group);
      group.weights.push({ name: value.name || (value.users[0]?.label ?? ''), bytes: tensor.byteLength });
    }
  return [...groups.values()]
    .map(({ weights, ...group }) => ({
      ...group,
      bytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
      weights: weights.sort((a, b) => b.bytes - a.bytes),
    }))
    .sort((a, b) => b.bytes - a.bytes);
}
