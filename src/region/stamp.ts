/**
 * Stamps the members of a shortened run out of what the passes made of its stand-ins.
 *
 * The compiled graph is cut into segments again, by where the marks of the banks stand. What the second and the third
 * stand-in became must be the same: then it is what every member becomes, borders included, because each of the two stood
 * between neighbours of its kind. Where they differ, nothing is stamped: the passes saw a difference between the repeats.
 */

import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { instanceOf, MIXED, markOf } from '../ir/tensors/bank.js';
import { setTensor } from '../ir/tensors/constants.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';
import { Renaming } from './names.js';
import { type GivenOutput, givenBy, outputOf } from './ports.js';
import { placesIn } from './segments.js';
import { type Shift, shiftOf } from './shift.js';
import { type ShortRun, THIRD } from './short-run.js';
import { type StandIns, standInsOf } from './stand-ins.js';

/** What stamping a run takes. */
interface StampParts {
  readonly standIns: StandIns;
  readonly shift: Shift;
  readonly given: ReadonlyMap<string, GivenOutput>;
}

/** What it takes to put the members of the run into the graph; the reason where its stand-ins are not alike. Edits nothing. */
export function partsToStamp(model: Model, run: ShortRun): StampParts | string {
  const { graph } = model;
  const standIns = standInsOf(model, run);
  const { segments, lists } = standIns;
  for (const value of graph.constants)
    if (
      standIns.partsOf(value)[0]?.standIn === THIRD &&
      [...value.uses].some(({ node }) => segments.get(node) !== THIRD)
    )
      return 'a weight is read in another repeat than its own';
  if (!lists[THIRD - 1]?.length || !lists[THIRD]?.length || !lists[THIRD + 1]?.length)
    return 'nothing tells its repeats apart any more';
  const seeds = seedsOf(graph, run, standIns);
  const { matches } = standIns;
  const shift = shiftOf({ graph, segments, lists, places: placesIn(lists), from: THIRD - 1, seeds, matches });
  if (typeof shift === 'string') return shift;
  const given = givenBy(graph, run.ports, shift);
  return typeof given === 'string' ? given : { standIns, shift, given };
}

/** Puts the members of the run into the graph. */
export function stamp(model: Model, run: ShortRun, parts: StampParts): void {
  const stamper = new Stamper(model, run, parts);
  for (let member = 1; member < run.members.length; member++) stamper.member(member);
  stamper.connect();
  resolve(model, run);
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

/** Pairs of nodes that read the same part of two stand-ins in a row, or give the same output of the graph. */
function* seedsOf(graph: Graph, run: ShortRun, { partsOf }: StandIns): Iterable<readonly [Node, Node]> {
  const bySlot = new Map<string, Value[][]>();
  for (const value of [...graph.inputs, ...graph.constants])
    for (const { slot, standIn } of partsOf(value)) {
      if (slot === MIXED) continue;
      const columns = bySlot.get(slot) ?? [];
      bySlot.set(slot, columns);
      columns[standIn] ??= [];
      columns[standIn]?.push(value);
    }
  for (const columns of bySlot.values())
    for (const [standIn, values] of columns.entries()) {
      const next = columns[standIn + 1];
      if (!values || next?.length !== values.length) continue;
      for (const [index, value] of values.entries()) yield* readersOf(value, next[index] as Value);
    }
  for (const [a, b] of run.ports) {
    const [x, y] = [a, b].map((name) => outputOf(graph, name));
    if (x?.producer && y?.producer && x.index === y.index) yield [x.producer, y.producer];
  }
}

/** Readers at the same slot, in order of creation. */
function* readersOf(a: Value, b: Value): Iterable<readonly [Node, Node]> {
  const sorted = (value: Value) =>
    [...value.uses]
      .filter(({ node }) => !node.isEnd && node.graph === value.graph)
      .sort((x, y) => x.node.sequence - y.node.sequence || x.index - y.index);
  const [left, right] = [sorted(a), sorted(b)];
  if (left.length !== right.length) return;
  for (const [index, use] of left.entries()) {
    const other = right[index];
    if (other?.index === use.index && other.node.opType === use.node.opType) yield [use.node, other.node];
  }
}

class Stamper {
  /** Values of the third stand-in, each with that of the member that was stamped last. */
  #last: ReadonlyMap<Value, Value> = new Map();
  readonly #renaming: Renaming;
  readonly #back: ReadonlyMap<Node, Node>;
  /** Values of the segment before the third's, each with the third's own that plays its part. */
  readonly #next = new Map<Value, Value>();
  /** Before anything was stamped: who reads the third's values in later segments, and which outputs give them. */
  readonly #outside: { readonly node: Node; readonly index: number; readonly value: Value }[] = [];
  readonly #copies: ReadonlyMap<Value, Value>[] = [];
  readonly standIns: StandIns;
  readonly given: ReadonlyMap<string, GivenOutput>;

  constructor(
    readonly model: Model,
    readonly run: ShortRun,
    { standIns, shift, given }: StampParts,
  ) {
    [this.standIns, this.given] = [standIns, given];
    this.#renaming = new Renaming(run.names, run.neighbours);
    this.#back = new Map(shift.to.map((node, place) => [node, shift.from[place] as Node]));
    const isBehind = (node: Node) => (standIns.segments.get(node) ?? 0) > THIRD;
    const isPlain = (value: Value | undefined) => value?.tensor && standIns.partsOf(value).length === 0;
    for (const [b, a] of this.#back) {
      // A constant that all hold alike may be read by a repeat and by the next.
      const constants = a.inputs.map((value, index) =>
        isPlain(value) && value !== b.inputs[index] ? value : undefined,
      );
      for (const [values, others] of [
        [a.outputs, b.outputs],
        [constants, b.inputs],
      ] as const)
        values.forEach((value, index) => {
          const other = others[index];
          if (value && other) this.#next.set(value, other);
        });
    }
    for (const value of new Set(this.#next.values()))
      for (const use of value.uses)
        if (standIns.segments.get(use.node) !== THIRD && (value.producer || isBehind(use.node)))
          this.#outside.push({ ...use, value });
  }

  get #own(): readonly Node[] {
    return this.standIns.lists[THIRD] ?? [];
  }

  member(member: number): void {
    const [{ graph }, { remarks, infos }] = [this.model, this.run];
    const copies = new Map<Value, Value>();
    for (const node of this.#own) {
      const { opType, domain, overload } = node;
      const inputs = node.inputs.map((value, index) => {
        const before = this.#back.get(node)?.inputs[index];
        return value && (copies.get(value) ?? this.#input(value, before as Value, member, copies));
      });
      const name = this.#renaming.of(node.name, member);
      const copy = graph.add(opType, inputs, {
        domain,
        overload,
        name,
        attributes: Object.fromEntries(node.attributes),
        outputs: node.outputs.map((value) => value && this.#renaming.of(value.name, member)),
      });
      const remark = remarks.get(name) ?? (remarks.has(node.name) ? undefined : node);
      if (remark) [copy.docString, copy.carried] = [remark.docString, remark.carried];
      node.outputs.forEach((value, index) => {
        const made = copy.outputs[index];
        if (!value || !made) return;
        made.type = value.type;
        // What a pass has declared anew is so in all members.
        const isAsRead = infos.get(value.name)?.declared === value.declared;
        const { declared, carried } = (isAsRead ? infos.get(made.name) : undefined) ?? value;
        Object.assign(made, { declared, carried });
        copies.set(value, made);
      });
    }
    this.#last = copies;
    this.#copies[member] = copies;
  }

  /** What a member reads where the third reads `value` and the second `before`. */
  #input(value: Value, before: Value, member: number, copies: Map<Value, Value>): Value {
    // Everyone's.
    if (value === before) return value;
    if (value.producer || this.#next.has(value)) {
      const own = this.#next.get(value) as Value;
      return this.#last.get(own) ?? own;
    }
    const { graph } = this.model;
    if (value.isInput) {
      const name = this.run.inputNames.get(this.standIns.slotOf(before, value) ?? '')?.[member];
      return graph.inputs.find((input) => input.name === name) as Value;
    }
    if (this.run.anchor && this.standIns.partsOf(value).length > 0) return value;
    const copy = graph.constant(instanceOf(value.tensor as Tensor, member), this.#renaming.of(value.name, member));
    copy.type = value.type;
    copy.constantNode = value.constantNode && {
      ...value.constantNode,
      name: this.#renaming.of(value.constantNode.name, member),
    };
    copy.declared = value.declared;
    copies.set(value, copy);
    return copy;
  }

  /** What reads the third from behind reads the last member; each member gives its outputs of the graph. */
  connect(): void {
    const { graph } = this.model;
    for (const { node, index, value } of this.#outside) {
      const copy = this.#last.get(value);
      if (copy) node.graph.setInput(node, index, copy);
    }
    for (const [index, { name }] of graph.outputPorts.entries()) {
      const { member, value } = this.given.get(name) ?? {};
      if (value) graph.setInput(graph.end, index, this.#copies[member as number]?.get(value) ?? value);
    }
    this.#renameMoved();
  }

  /** A part of the third that the passes left behind it is the last member's now, and one from behind that is in it the second's. */
  #renameMoved(): void {
    for (const node of this.#own) {
      node.name = this.#renaming.of(node.name, 0);
      for (const value of node.outputs) if (value) value.name = this.#renaming.of(value.name, 0);
    }
    const { parts, names } = this.run;
    const own = (name: string) => names.at(-1)?.[parts.get(name) ?? -1] ?? name;
    for (const list of this.standIns.lists.slice(THIRD + 1))
      for (const node of list) {
        node.name = own(node.name);
        for (const value of node.outputs) if (value) value.name = own(value.name);
      }
  }
}
