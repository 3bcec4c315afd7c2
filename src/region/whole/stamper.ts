/** Copies a model with the members of a shortened run stamped out of what the passes made of its stand-ins. */

import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { instanceOf, MIXED, markOf } from '../../ir/tensors/bank.js';
import { setTensor } from '../../ir/tensors/constants.js';
import type { Tensor } from '../../ir/tensors/tensor.js';
import type { Value } from '../../ir/value.js';
import {
  cloneModel,
  copyAttributes,
  copyConstant,
  copyInputs,
  copyNode,
  copyOutputs,
  inOrder,
} from '../../ir/whole-model/clone.js';
import type { GivenOutput } from '../find/ports.js';
import type { Shift } from '../find/shift.js';
import { type ShortRun, THIRD } from '../short-run.js';
import type { StandIns } from '../stand-ins.js';
import { Renaming } from './names.js';
import { type Item, orderOfAll } from './stamp-order.js';

/** What stamping a run takes. */
export interface StampParts {
  readonly standIns: StandIns;
  /** From the second stand-in to the third. */
  readonly shift: Shift;
  readonly given: ReadonlyMap<string, GivenOutput>;
}

/** A copy of the model with all members of the run. */
export function stamped(model: Model, run: ShortRun, parts: StampParts): Model {
  const copy = cloneModel(model, (target, source, values) => new Stamper(target, source, values, run, parts).fill());
  resolve(copy, run);
  return copy;
}

/** Gives every constant of the run the tensor of its own stand-in; of the third, that of the first member. */
function resolve(model: Model, run: ShortRun): void {
  for (const graph of model.graphs()) {
    // Where an anchor alone is marked, what was made of it is the same in all repeats, and is one constant again.
    const shared = new Map<string, Value>();
    for (const value of [...graph.constants]) {
      const tensor = value.tensor as Tensor;
      const mark = markOf(tensor);
      if (mark?.run !== run.id) continue;
      setTensor(value, instanceOf(tensor, 0));
      if (!run.anchor || mark.slot === MIXED) continue;
      const known = shared.get(mark.slot) ?? value;
      shared.set(mark.slot, known);
      graph.replaceUses(value, known);
    }
  }
}

type Values = ReadonlyMap<Value, Value>;

const isNode = (item: Item): item is Node => 'opType' in item;

class Stamper {
  readonly #renaming: Renaming;
  readonly #last: number;
  /** Nodes of the third stand-in and constants that each member has for itself, each with what plays its part in the second. */
  readonly #own = new Map<Item, Item>();
  /** Values of the second, each with the third's own that plays its part. */
  readonly #next = new Map<Value, Value>();
  /** Plain constants of the third that may be read behind it. */
  readonly #ahead = new Set<Value>();
  /** By member, what became of the third's own values. */
  readonly #members: readonly Map<Value, Value>[];

  constructor(
    readonly target: Graph,
    readonly source: Graph,
    readonly values: Map<Value, Value>,
    readonly run: ShortRun,
    readonly parts: StampParts,
  ) {
    this.#renaming = new Renaming(run.names, run.neighbours);
    this.#last = run.members.length - 1;
    this.#members = run.members.map(() => new Map());
    const { standIns, shift } = parts;
    const isPlain = (value: Value | undefined) => value?.tensor && standIns.partsOf(value).length === 0;
    shift.to.forEach((node, place) => {
      const before = shift.from[place] as Node;
      this.#own.set(node, before);
      before.outputs.forEach((value, index) => {
        const other = node.outputs[index];
        if (value && other) this.#next.set(value, other);
      });
      // A constant that all hold alike may be read by a repeat and by the next.
      before.inputs.forEach((value, index) => {
        const other = node.inputs[index];
        if (!value || !other || value === other || !isPlain(value)) return;
        this.#next.set(value, other);
        this.#ahead.add(other);
      });
    });
    for (const [node, before] of [...this.#own] as [Node, Node][])
      node.inputs.forEach((value, index) => {
        const other = before.inputs[index];
        if (value && other && value !== other && this.#isEachOnes(value)) this.#own.set(value, other);
      });
  }

  /** Whether each member has a constant like this for itself. */
  #isEachOnes(value: Value): boolean {
    const isShared = this.run.anchor && this.parts.standIns.partsOf(value).length > 0;
    return !value.producer && !value.isInput && !this.#next.has(value) && !isShared;
  }

  fill(): void {
    const { target, source, values } = this;
    copyInputs(target, source, values);
    const nodes: (readonly [Node, Node, number | undefined])[] = [];
    const items = [...inOrder(source)];
    const isNobodys = (item: Item) => this.#isNobodys(item);
    for (const [item, member] of orderOfAll({ items, own: this.#own, last: this.#last, isNobodys })) {
      const copy = this.#copy(item, member);
      if (isNode(item)) nodes.push([item, copy as Node, member]);
    }
    for (const [value, copy] of this.#members[this.#last] as Values) if (value.producer) values.set(value, copy);
    for (const [node, copy, member] of nodes) {
      const inputs = node.inputs.map((value, index) => value && this.#input(node, index, value, member));
      target.connect(copy, inputs);
      copyAttributes(node, copy, values);
    }
    copyOutputs(target, source, (value, index) => {
      const { member, value: own } = this.parts.given.get(source.outputPorts[index]?.name ?? '') ?? {};
      const given = own && this.#members[member as number]?.get(own);
      return given ?? this.#mapped(own ?? value);
    });
  }

  #isNobodys(item: Item): boolean {
    const { segments, partsOf } = this.parts.standIns;
    if (isNode(item)) return segments.get(item) === 0;
    if (partsOf(item).length > 0) return false;
    for (const { node } of item.uses) if (segments.get(node)) return false;
    return true;
  }

  #copy(item: Item, member: number | undefined): Item {
    const { target, values } = this;
    if (!isNode(item)) {
      const name = member === undefined ? item.name : this.#renaming.of(item.name, member);
      const copy = copyConstant(target, item, name, instanceOfMember(item, member));
      if (item.constantNode && member)
        copy.constantNode = { ...item.constantNode, name: this.#renaming.of(item.constantNode.name, member) };
      if (member === undefined) values.set(item, copy);
      else this.#members[member]?.set(item, copy);
      return copy;
    }
    const copy = copyNode(target, item, (name) => this.#nameOf(name, item, member));
    if (member !== undefined) target.model.trail?.stamped(item, copy, member);
    if (member !== undefined || copy.name !== item.name) this.#describe(item, copy);
    const own = member === undefined ? values : (this.#members[member] as Map<Value, Value>);
    item.outputs.forEach((value, index) => {
      if (value) own.set(value, copy.outputs[index] as Value);
    });
    return copy;
  }

  /** A part of the third that the passes left behind it is the last member's now, and one from behind that is in it the second's. */
  #nameOf(name: string, node: Node, member: number | undefined): string {
    if (member !== undefined) return this.#renaming.of(name, member);
    if ((this.parts.standIns.segments.get(node) ?? 0) <= THIRD) return name;
    return this.run.names[this.#last]?.[this.run.parts.get(name) ?? -1] ?? name;
  }

  /** Gives a copy what the file says of the node that has its name. */
  #describe(node: Node, copy: Node): void {
    const { remarks, infos } = this.run;
    const remark = remarks.get(copy.name) ?? (remarks.has(node.name) ? undefined : node);
    [copy.docString, copy.carried] = [remark?.docString ?? '', remark?.carried];
    node.outputs.forEach((value, index) => {
      const made = copy.outputs[index];
      if (!value || !made) return;
      // What a pass has declared anew is so in all members.
      const isAsRead = infos.get(value.name)?.declared === value.declared;
      const { declared, carried } = (isAsRead ? infos.get(made.name) : undefined) ?? value;
      Object.assign(made, { declared, carried });
    });
  }

  #mapped(value: Value): Value {
    return this.values.get(value) ?? this.#members[0]?.get(value) ?? value;
  }

  /** What the copy of a node reads where the node reads this value. */
  #input(node: Node, index: number, value: Value, member: number | undefined): Value {
    const { standIns } = this.parts;
    if (member === undefined) {
      const isBehind = this.#ahead.has(value) && (standIns.segments.get(node) ?? 0) > THIRD;
      return (isBehind ? this.#members[this.#last]?.get(value) : undefined) ?? this.#mapped(value);
    }
    const own = this.#members[member]?.get(value);
    if (own) return own;
    const before = (this.#own.get(node) as Node).inputs[index] as Value;
    // Everyone's, or that of the member before.
    if (value === before || member === 0) return this.#mapped(value);
    const next = this.#next.get(value);
    if (next) return this.#members[member - 1]?.get(next) ?? this.#mapped(next);
    if (!value.isInput) return this.#mapped(value);
    const name = this.run.inputNames.get(standIns.slotOf(before, value) ?? '')?.[member];
    const input = this.source.inputs.find((one) => one.name === name);
    return this.#mapped(input as Value);
  }
}

const instanceOfMember = ({ tensor }: Value, member: number | undefined): Tensor =>
  member === undefined ? (tensor as Tensor) : instanceOf(tensor as Tensor, member);
