/**
 * Cut-outs: a rewrite as two small models, what was and what comes, that read the same operands.
 *
 * A cut-out stands for every place where the same ops are wired alike over values of the same types: its key. Weights take no
 * part in the key; scalars and short constants do.
 */

import type { Facts } from '../../infer/index.js';
import { textOf } from '../../ir/attribute.js';
import { append } from '../../ir/collections/lists.js';
import type { Dim } from '../../ir/dims/dims.js';
import { numberedText } from '../../ir/dims/symbols.js';
import type { Graph } from '../../ir/graph.js';
import { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { instanceOf } from '../../ir/tensors/bank.js';
import { numbersOf } from '../../ir/tensors/numbers.js';
import { elementCount, type Tensor } from '../../ir/tensors/tensor.js';
import { isFloat, tensorType, typeText } from '../../ir/types.js';
import type { Value } from '../../ir/value.js';
import type { Rewrite } from '../../match/rule.js';
import { rowOf } from '../../ops/registry.js';

export interface CutOut {
  readonly rule: string;
  readonly key: string;
  readonly before: Model;
  readonly after: Model;
  /** Inputs that hold numbers of shape arithmetic, by name, as dims of the symbols in the other inputs' types. */
  readonly contents: ReadonlyMap<string, readonly Dim[]>;
}

/** More nodes than any rewrite spans: what reaches further is not computed from the operands. */
const LIMIT = 400;
/** Nodes of a mask's own arithmetic, from the inputs on. */
const MASK_LIMIT = 60;
/** Elements of a constant that are part of the key; floats beyond a few are weights, and those of every layer differ. */
const SHORT = 64;
const SHORT_FLOATS = 8;

/** Two models of a rewrite; in words, why it cannot be cut out. */
export function cutOut(rewrite: Rewrite): CutOut | string {
  const leaves = new Set<Value>();
  // A constant is in both sides as it is: what comes may have derived another from it.
  for (const operand of rewrite.operands)
    if (!operand.isConstant) for (const leaf of leavesOf(operand, rewrite)) leaves.add(leaf);
  const order = [...leaves];
  const contents = new Map<string, readonly Dim[]>();
  const write = numberedText();
  const sides = [rewrite.old, rewrite.by].map((outputs) =>
    new SideModel(rewrite, leaves, order, contents, write).model(outputs),
  );
  const [before, after] = sides;
  if (typeof before === 'string') return before;
  if (typeof after === 'string') return after;
  if (!before || !after) throw new TypeError('a rewrite has two sides');
  const key = `${rewrite.rule}\n${before.text}\n⟶\n${after.text}`;
  return { rule: rewrite.rule, key, before: before.model, after: after.model, contents };
}

/**
 * Where the cut goes through for one operand: the operand itself, or, for the arithmetic of a mask, the inputs and integers
 * it is made of, so that what is fed are masks with holes and not noise.
 */
function leavesOf(operand: Value, { facts }: Rewrite): readonly Value[] {
  const leaves = new Set<Value>();
  const seen = new Set<Value>();
  const stack = [operand];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (value.isConstant || facts.contents(value)) continue;
    const node = value.producer;
    if (!node) {
      if (isFloat(value.elem) || value.graph.owner) return [operand];
      leaves.add(value);
      continue;
    }
    if (!standsAlone(node) || seen.size > MASK_LIMIT || readsWeights(node)) return [operand];
    for (const input of node.inputs) if (input) stack.push(input);
  }
  return leaves.size ? [...leaves] : [operand];
}

/** More numbers than the tables that masks are made of have: buckets of distances, slopes, frequencies. */
const WEIGHTS = 2 ** 16;

/** True for an embedding of ids or a layer behind one: no arithmetic of a mask, and large to copy. */
const readsWeights = (node: Node): boolean =>
  node.inputs.some((input, slot) => {
    const tensor = input?.tensor;
    if (!tensor || elementCount(tensor.shape) < WEIGHTS) return false;
    const role = rowOf(node)?.weights?.(node, slot, tensor.shape.length)?.role;
    return role !== undefined && role !== 'elementwise';
  });

/** A node that can be copied on its own: no bodies, no call of a function, no attribute of an enclosing one. */
const standsAlone = (node: Node): boolean =>
  node.bodies.length === 0 && !node.hasReference && !node.graph.model.functionOf(node);

/** Nodes of shape arithmetic on end that one pass adds at most. */
const ADDED = 8;

/** What a value holds; also of the Shapes, Gathers of one axis and Concats that a pass has added since types were inferred. */
function contentsOf(value: Value, facts: Facts, left = ADDED): readonly Dim[] | undefined {
  const known = facts.contents(value);
  const node = value.producer;
  if (known || left === 0 || node?.domain !== '' || node.attributes.has('start')) return known;
  const [first, index] = node.inputs;
  if (node.opType === 'Shape') return first?.shape;
  if (node.opType === 'Concat') {
    const parts = node.inputs.map((input) => input && constantOrContents(input, facts, left - 1));
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  }
  if (node.opType !== 'Gather' || !first || index?.tensor?.shape.length !== 1) return undefined;
  const all = contentsOf(first, facts, left - 1);
  const picked = all && [...numbersOf(index.tensor)].map((at) => all.at(at));
  return picked?.every((dim) => dim !== undefined) ? (picked as Dim[]) : undefined;
}

const constantOrContents = (value: Value, facts: Facts, left: number): readonly Dim[] | undefined =>
  value.tensor ? [...numbersOf(value.tensor)] : contentsOf(value, facts, left);

/** One side of a rewrite as a model of its own. */
class SideModel {
  readonly #model: Model;
  readonly #copies = new Map<Value, Value>();
  readonly #lines: string[] = [];
  #constants = 0;
  #nodes = 0;

  constructor(
    readonly rewrite: Rewrite,
    readonly leaves: ReadonlySet<Value>,
    order: readonly Value[],
    readonly contents: Map<string, readonly Dim[]>,
    readonly dimText: (dim: Dim) => string,
  ) {
    const [first] = rewrite.old;
    const origin = first?.graph as Graph;
    this.#model = new Model([...origin.opsets], origin.model.irVersion);
    order.forEach((leaf, i) => {
      // The name of ids and masks says what to feed; everything else is numbered, alike at every place.
      const isNamed = !leaf.producer && (!isFloat(leaf.elem) || /mask/i.test(leaf.name));
      const name = isNamed ? leaf.name : `operand_${i}`;
      this.#copies.set(leaf, this.#model.graph.input(name, leaf.type));
      this.#lines.push(`${name}: ${typeText(leaf.type, dimText)}`);
    });
  }

  model(outputs: readonly Value[]): { model: Model; text: string } | string {
    for (const [i, output] of outputs.entries()) {
      const copy = this.#copyAll(output);
      if (typeof copy === 'string') return copy;
      this.#model.graph.output(`output_${i}`, copy);
      this.#lines.push(`output ${copy.name}`);
    }
    return { model: this.#model, text: this.#lines.join('\n') };
  }

  /** Copies what a value is computed from, the deepest first; without recursion, graphs may be deep. */
  #copyAll(root: Value): Value | string {
    const stack = [root];
    while (stack.length) {
      const value = stack.at(-1) as Value;
      if (this.#copies.has(value)) {
        stack.pop();
        continue;
      }
      const ready = this.#leaf(value);
      if (ready) {
        this.#copies.set(value, ready);
        stack.pop();
        continue;
      }
      const node = value.producer;
      if (!node) return 'it reads an input beside its operands';
      if (!standsAlone(node)) return 'it spans a body or a function';
      if (node.graph !== root.graph) return 'it reads from an outer graph';
      const missing = node.inputs.filter((input): input is Value => input !== undefined && !this.#copies.has(input));
      if (missing.length) append(stack, missing);
      else if (this.#nodes >= LIMIT) return 'it reads beyond its operands';
      else this.#copy(node);
    }
    return this.#copies.get(root) as Value;
  }

  /** A constant or a known shape; undefined for what is computed. */
  #leaf(value: Value): Value | undefined {
    if (value.tensor) {
      const tensor = instanceOf(value.tensor, 0);
      const { type, shape } = tensor;
      const copy = this.#model.graph.constant(tensor, `c${this.#constants++}`);
      const isShort = elementCount(shape) <= (isFloat(type) ? SHORT_FLOATS : SHORT) && !tensor.strings;
      this.#lines.push(`${copy.name}: ${type}[${shape}] ${isShort ? tensor.bytes() : ''}`);
      return copy;
    }
    const dims = contentsOf(value, this.rewrite.facts);
    if (!dims) return undefined;
    const type = value.type ?? tensorType('int64', [dims.length]);
    const name = `${typeText(type, this.dimText)} ${dims.map(this.dimText).join(', ')}`;
    this.contents.set(name, dims);
    return this.#model.graph.inputs.find((input) => input.name === name) ?? this.#model.graph.input(name, type);
  }

  #copy(node: Node): void {
    const copy = this.#model.graph.add(
      node.opType,
      node.inputs.map((input) => input && this.#copies.get(input)),
      {
        domain: node.domain,
        attributes: Object.fromEntries(node.attributes),
        outputs: node.outputs.map((value, i) => value && `v${this.#nodes}.${i}`),
      },
    );
    this.#nodes++;
    node.outputs.forEach((value, i) => {
      if (value) this.#copies.set(value, copy.outputs[i] as Value);
    });
    const place = (value: Value | undefined): string => value?.name ?? '';
    this.#lines.push(
      `${copy.outputs.map(place)} = ${node.domain}.${node.opType}(${copy.inputs.map(place)}) ${attributesText(node)}`,
    );
  }
}

/** The attributes of a node in words, equal where they are; a body is none of them. */
export const attributesText = ({ attributes }: Node): string =>
  [...attributes]
    .map(([name, one]) => `${name}=${'value' in one && textOfValue(one.value)}`)
    .sort()
    .join();

function textOfValue(value: unknown): string {
  if (value instanceof Uint8Array) return textOf(value);
  if (Array.isArray(value)) return value.map(textOfValue).join(' ');
  const isTensor = typeof value === 'object' && value !== null && 'bytes' in value;
  return isTensor ? String((value as Tensor).bytes()) : String(value);
}
