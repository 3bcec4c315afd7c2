/**
 * Shortens runs of equal segments to four stand-ins each: the first two, the third for all that follow it but one, and the
 * last. Constants of the third that differ are banks. Every port of the graph stays: outputs of what was left out give the
 * third's values meanwhile, and its inputs are not read. Only the short model is copied; the whole one stays as it is.
 */

import { appendTo } from '../ir/collections/lists.js';
import { NodeNumbers } from '../ir/collections/node-numbers.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { bankOf } from '../ir/tensors/bank.js';
import { setTensor } from '../ir/tensors/constants.js';
import { isSameTensor } from '../ir/tensors/same-tensor.js';
import type { Tensor } from '../ir/tensors/tensor.js';
import type { Value } from '../ir/value.js';
import { cloneModel, type Fill, fill, inOrder } from '../ir/whole-model/clone.js';
import { type Anchor, anchorOf } from './find/anchor.js';
import type { Run } from './find/plan.js';
import { portsOf } from './find/ports.js';
import type { Shift } from './find/shift.js';
import { hasTwins } from './find/twins.js';
import type { Part } from './short-run.js';
import { type ShortRun, THIRD } from './short-run.js';
import type { Names } from './whole/names.js';
import { type Item, lateParts, type PartItems } from './whole/stamp-order.js';

/** A run on its way to be shortened. */
export interface Cut {
  readonly run: ShortRun;
  /** By segment, the nodes that play the parts of the third's, in its order. */
  readonly partners: Partners;
  /** Constants that become banks, or whose stand-ins are told apart by them. */
  readonly marked: readonly { readonly value: Value; readonly bank: Tensor }[];
  readonly anchor: Anchor | undefined;
  /** Constants of the third that the next repeat reads, too, each with the one that the last repeat reads so. */
  readonly instead: readonly (readonly [Value, Value])[];
  /** Parts of the last member, each with that of the third that is to stand in its place. */
  readonly moves: ReadonlyMap<Item, Item>;
}

type Partners = ReadonlyMap<number, readonly Node[]>;

/** What shortening a run takes, or why it cannot be shortened. Edits nothing. */
export function cutOf(graph: Graph, run: Run, id: string): Cut | string {
  const { first, last, lists } = run;
  const third = first + 2;
  const members = range(third, last - 1);
  const partners = partnersOf(run);
  const all = columnsOf(run, partners);
  const columns = all.filter((column) => !isUniform(column));
  const own = columns.filter((column) => !isReadElsewhere(run, column));
  if (columns.some((column) => !column[0]?.isInput && !own.includes(column)))
    return 'a weight of its own is read by others too';
  if (hasTwins(graph, own)) return 'a weight of its own holds what another one does';
  const anchor =
    own.length === 0 ? anchorOf(lists[third] ?? [], (node) => run.segments.get(node) === third - 1) : undefined;
  if (own.length === 0 && !anchor) return 'nothing tells its repeats apart';
  const inputs = new Map<string, Part[]>();
  const inputNames = new Map<string, readonly string[]>();
  const marked: { value: Value; bank: Tensor }[] = [];
  columns.forEach((column, index) => {
    const slot = String(index);
    const at = (segment: number): Value => column[segment - first] as Value;
    const isInput = at(first).isInput;
    if (isInput)
      inputNames.set(
        slot,
        members.map((segment) => at(segment).name),
      );
    segmentsKept(run).forEach((segment, place) => {
      const standIn = place + 1;
      const { name } = at(segment);
      if (isInput) appendTo(inputs, name, { standIn, slot });
      else {
        const tensors = (standIn === THIRD ? members : [segment]).map((one) => at(one).tensor as Tensor);
        marked.push({ value: at(segment), bank: bankOf(tensors, { run: id, standIn, slot }) });
      }
    });
  });
  const called = calledBy(lists[third] ?? []);
  const namesOf = (segment: number): Names => called.map(({ nameOf }) => nameOf(partners.get(segment) ?? []));
  const nodes = members.flatMap((one) => lists[one] ?? []);
  const remarked = nodes.filter((node) => node.docString || node.carried);
  const described = nodes.flatMap(
    ({ outputs }) => outputs.filter((value) => value?.declared ?? value?.carried) as Value[],
  );
  const short: ShortRun = {
    id,
    members,
    inputs,
    telling: new Set(own.flatMap((column) => column.flatMap((value) => (value.isInput ? [value.name] : [])))),
    inputNames,
    anchor: anchor?.tensor,
    ports: portsOf(graph, first + 2, partners),
    parts: new Map(called.map(({ name }, part) => [name, part])),
    names: members.map(namesOf),
    neighbours: [namesOf(first + 1), namesOf(last)],
    remarks: new Map(remarked.map(({ name, docString, carried }) => [name, { docString, carried }])),
    infos: new Map(described.map(({ name, declared, carried }) => [name, { declared, carried }])),
  };
  // The third stands before the last: of what holds the same it reads what the last one's neighbour did.
  const instead = all.flatMap((column): [Value, Value][] => {
    const [value, other] = [column[third - first], column[last - 1 - first]] as [Value, Value];
    const isAhead = [...value.uses].some(({ node }) => run.segments.get(node) === third + 1);
    return isAhead && !columns.includes(column) ? [[value, other]] : [];
  });
  return { run: short, partners, marked, anchor, instead, moves: movesOf(run, partners, all) };
}

/** A copy of the model with the stand-ins of these runs alone. `copies` is filled with what became of each value. */
export function shorten(
  model: Model,
  runs: readonly { readonly of: Run; readonly cut: Cut }[],
  copies: Map<Value, Value>,
): Model {
  const gone = new NodeNumbers();
  const instead = new Map<Value, Value>();
  /** Whether anything reads it that stays. */
  const isRead = ({ uses }: Value): boolean => {
    for (const { node } of uses) if (!gone.has(node)) return true;
    return false;
  };
  for (const { cut } of runs) {
    const [third = [], ...others] = cut.run.members.map((segment) => cut.partners.get(segment) ?? []);
    for (const member of others) for (const node of member) gone.set(node, 1);
    for (const member of others)
      member.forEach((node, place) => {
        node.outputs.forEach((value, index) => {
          const other = third[place]?.outputs[index];
          if (value && other && isRead(value)) instead.set(value, other);
        });
      });
  }
  const moved = new Map(runs.flatMap(({ cut }) => [...cut.moves]));
  const movedHere = new Set(moved.values());
  const isGone = (value: Value): boolean => value.uses.size > 0 && !isRead(value);
  const items = function* (graph: Graph): Iterable<Value | Node> {
    for (const item of inOrder(graph)) {
      const third = moved.get(item);
      if (third) yield third;
      else if (!movedHere.has(item) && !('uses' in item ? isGone(item) : gone.has(item))) yield item;
    }
  };
  const fillShort: Fill = (target, source, values) => fill(target, source, values, { items: items(source), instead });
  const copy = cloneModel(model, fillShort, copies);
  for (const { of, cut } of runs) {
    for (const { value, bank } of cut.marked) setTensor(copies.get(value) as Value, bank);
    for (const pair of cut.instead) {
      const [value, other] = pair.map((one) => copies.get(one));
      if (value && other) copy.graph.replaceUses(value, other);
    }
    const { anchor } = cut;
    if (!anchor) continue;
    segmentsKept(of).forEach((segment, place) => {
      const tensors = place + 1 === THIRD ? cut.run.members.map(() => anchor.tensor) : [anchor.tensor];
      const bank = bankOf(tensors, { run: cut.run.id, standIn: place + 1, slot: 'anchor' });
      const readers = anchor.slots.map(({ place: at, index }) => {
        const output = cut.partners.get(segment)?.[at]?.outputs.find((one) => one) as Value;
        return { node: copies.get(output)?.producer as Node, index };
      });
      // Whoever else reads it reads the first's: so it is one again in the end, and all that was made of it.
      const original = copies.get(anchor.value) as Value;
      const isOriginal = readers.every(({ node, index }) => node.inputs[index] === original);
      const isFirst = place === 0 && isOriginal && original.tensor === anchor.tensor;
      const own = isFirst ? original : copy.graph.constant(bank, anchor.value.name);
      setTensor(own, bank);
      for (const { node, index } of readers) copy.graph.setInput(node, index, own);
    });
  }
  return copy;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** The segments that become the stand-ins. */
const segmentsKept = ({ first, last }: Run): number[] => [first, first + 1, first + 2, last];

function partnersOf({ lists, shifts, first, last }: Run): Partners {
  const third = first + 2;
  const partners = new Map<number, readonly Node[]>([[third, lists[third] ?? []]]);
  const step = (at: number, next: number, { from, to }: Shift): void => {
    const [own, other] = next > at ? [from, to] : [to, from];
    const known = partners.get(at) as readonly Node[];
    // Most often all stand in the same order.
    if (known.every((node, place) => node === own[place])) partners.set(next, other);
    else {
      const places = new Map(own.map((node, place) => [node, place]));
      partners.set(
        next,
        known.map((node) => other[places.get(node) as number] as Node),
      );
    }
  };
  for (let at = third; at > first; at--) step(at, at - 1, shifts[at - 1] as Shift);
  for (let at = third; at < last; at++) step(at, at + 1, shifts[at] as Shift);
  return new Map(range(first, last).map((segment) => [segment, partners.get(segment) as Node[]]));
}

/** Of each part of the last member that the third's is to stand in the place of, the third's. */
function movesOf({ first, last }: Run, partners: Partners, columns: readonly (readonly Value[])[]): Map<Item, Item> {
  const third = first + 2;
  const part = (itemAt: (segment: number) => Item | undefined) =>
    [third - 1, third, third + 1, last - 1].map(itemAt) as unknown as PartItems;
  const nodes = (partners.get(third) ?? []).map((_, place) => part((at) => partners.get(at)?.[place]));
  const constants = columns.filter(([one]) => !one?.isInput).map((column) => part((at) => column[at - first]));
  return new Map(lateParts([...nodes, ...constants]).map(([, own, , end]) => [end, own]));
}

/** Constants and inputs of the graph that differ between the segments: each column is one of every segment, in order. */
function columnsOf(run: Run, partners: Partners): (readonly Value[])[] {
  const columns = new Map<Value, readonly Value[]>();
  const all = [...partners.values()];
  run.lists[run.first + 2]?.forEach((node, place) => {
    node.inputs.forEach((value, index) => {
      if (!value || value.producer || columns.has(value)) return;
      const column = all.map((nodes) => nodes[place]?.inputs[index] as Value);
      if (column.some((one) => one !== value)) columns.set(value, column);
    });
  });
  return [...columns.values()];
}

/** True for constants that hold the same: small ones are known to where they must; of large ones the first two tell. */
function isUniform(column: readonly Value[]): boolean {
  const tensors = column.map(({ tensor }) => tensor);
  if (column[0]?.isInput || !tensors[0]) return false;
  return tensors.every((one) => one && isSameTensor(tensors[0] as Tensor, one));
}

/** True where a node of another segment reads one of the constants or inputs. */
function isReadElsewhere({ segments, first }: Run, column: readonly Value[]): boolean {
  return column.some(({ uses }, index) => {
    for (const { node } of uses) if (segments.get(node) !== first + index) return true;
    return false;
  });
}

/** What nodes, their outputs, constants and inputs are called: each name once, and how to find the part's in another segment. */
function calledBy(nodes: readonly Node[]): readonly { name: string; nameOf: (own: readonly Node[]) => string }[] {
  const all = new Map<string, (own: readonly Node[]) => string>();
  nodes.forEach((node, place) => {
    all.set(node.name, (own) => own[place]?.name ?? '');
    node.outputs.forEach((value, index) => {
      if (value) all.set(value.name, (own) => own[place]?.outputs[index]?.name ?? value.name);
    });
    node.inputs.forEach((value, index) => {
      if (value && !value.producer) all.set(value.name, (own) => own[place]?.inputs[index]?.name ?? value.name);
    });
  });
  all.delete('');
  return [...all].map(([name, nameOf]) => ({ name, nameOf }));
}
