/**
 * Shortens a run of equal segments to four stand-ins: the first two, the third for all that follow it but one, and the last.
 * Constants of the third that differ are banks. Every port of the graph stays: outputs of what was left out give the
 * third's values meanwhile, and its inputs are not read.
 */
import { bankOf, type Mark } from '../../ir/bank.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import type { Tensor } from '../../ir/tensor.js';
import type { Value } from '../../ir/value.js';
import { anchorOf } from './anchor.js';
import type { Names } from './names.js';
import type { Run } from './plan.js';
import { isSameTensor } from './same.js';
import type { Shift } from './shift.js';

/** What a shortened run needs to be stamped out again. Holds names and tensors alone: it is as good for a clone. */
export interface ShortRun {
  /** Names it in the marks of its banks. */
  readonly id: string;
  readonly chain: string;
  /** Segments of the chain that the third stand-in stands for, in order. */
  readonly members: readonly number[];
  /** Inputs of the graph that stand-ins read for themselves. */
  readonly inputs: ReadonlyMap<string, { readonly standIn: number; readonly slot: string }>;
  /** By slot, the inputs of the members. */
  readonly inputNames: ReadonlyMap<string, readonly string[]>;
  /** Outputs of the graph of the second stand-in, each with the third's. */
  readonly ports: readonly (readonly [string, string])[];
  /** Outputs of the graph that members but the first give, and which member. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** Where repeats share all weights: the tensor of the constant by which they are told apart meanwhile. */
  readonly anchor: Tensor | undefined;
  /** What the parts of each member are called, by what those of the first are. */
  readonly names: readonly Names[];
  /** What those of the second stand-in are called, and of the last. */
  readonly neighbours: readonly [Names, Names];
  /** What the file says of nodes by name, besides what the graph says. */
  readonly remarks: ReadonlyMap<string, Pick<Node, 'docString' | 'carried'>>;
}

/** The stand-in for many. */
export const THIRD = 3;

/** Edits the graph. Returns why the run cannot be shortened: then nothing was edited. */
export function shorten(model: Model, run: Run, id: string): ShortRun | string {
  const { first, last, lists } = run;
  const third = first + 2;
  const members = range(third, last - 1);
  const partners = partnersOf(run);
  const columns = [...columnsOf(run, partners)];
  const shared = columns.find((column) => isReadElsewhere(run, column));
  if (shared) return 'a weight of its own is read by others too';
  let anchor: Tensor | undefined;
  if (columns.length === 0) {
    const column = anchorOf(
      model,
      lists[third] ?? [],
      [...partners.values()].map(({ of }) => of),
    );
    if (!column) return 'nothing tells its repeats apart';
    columns.push(column);
    anchor = column[0]?.tensor;
  }
  const { graph } = model;
  const inputs = new Map<string, { standIn: number; slot: string }>();
  const inputNames = new Map<string, readonly string[]>();
  columns.forEach((column, index) => {
    const slot = String(index);
    const at = (segment: number): Value => column[segment - first] as Value;
    const standIns = [first, first + 1, third, last];
    if (at(first).isInput) {
      standIns.forEach((segment, standIn) => {
        inputs.set(at(segment).name, { standIn: standIn + 1, slot });
      });
      inputNames.set(
        slot,
        members.map((segment) => at(segment).name),
      );
      return;
    }
    standIns.forEach((segment, place) => {
      const standIn = place + 1;
      const own = standIn === THIRD ? members : [segment];
      mark(
        at(segment),
        own.map((one) => at(one).tensor as Tensor),
        { run: id, standIn, slot },
      );
    });
  });
  const short: ShortRun = {
    id,
    chain: run.chain,
    members,
    inputs,
    inputNames,
    anchor,
    ...portsOf(model, run, partners),
    names: members.map((segment) => namesOf(run, partners.get(segment) as Partners, third)),
    neighbours: [
      namesOf(run, partners.get(first + 1) as Partners, third),
      namesOf(run, partners.get(last) as Partners, third),
    ],
    remarks: new Map(
      members.flatMap((segment) =>
        (lists[segment] ?? []).map((node) => [node.name, { docString: node.docString, carried: node.carried }]),
      ),
    ),
  };
  reconnect(model, run, partners, members);
  for (const segment of members.slice(1).reverse())
    for (const node of [...(lists[segment] ?? [])].reverse()) graph.remove(node);
  for (const value of [...graph.constants]) if (value.uses.size === 0) graph.removeConstant(value);
  return short;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Makes a bank of a constant, which stays a Constant node if it was one. */
function mark(value: Value, tensors: readonly Tensor[], at: Mark): void {
  setTensor(value, bankOf(tensors, at));
}

/** Gives a constant another tensor; how it stands in the file stays. */
export function setTensor(value: Value, tensor: Tensor): void {
  const { constantNode } = value;
  value.tensor = tensor;
  value.constantNode = constantNode;
}

/** Nodes of the third segment, each with its part in another one; and the other way. */
interface Partners {
  readonly of: ReadonlyMap<Node, Node>;
  readonly back: ReadonlyMap<Node, Node>;
}

function partnersOf({ lists, shifts, first, last }: Run): ReadonlyMap<number, Partners> {
  const third = first + 2;
  const own = lists[third] ?? [];
  const found = new Map<number, Map<Node, Node>>([[third, new Map(own.map((node) => [node, node]))]]);
  const step = (from: number, to: number, shift: ReadonlyMap<Node, Node>): void => {
    const before = found.get(from) as Map<Node, Node>;
    found.set(to, new Map(own.map((node) => [node, shift.get(before.get(node) as Node) as Node])));
  };
  for (let at = third; at < last; at++) step(at, at + 1, (shifts[at] as Shift).nodes);
  for (let at = third; at > first; at--)
    step(at, at - 1, new Map([...(shifts[at - 1] as Shift).nodes].map(([a, b]) => [b, a])));
  return new Map(
    range(first, last).map((segment) => {
      const of = found.get(segment) as Map<Node, Node>;
      return [segment, { of, back: new Map([...of].map(([a, b]) => [b, a])) }];
    }),
  );
}

/** Constants and inputs of the graph that differ between the segments: each column is one of every segment, in order. */
function columnsOf(run: Run, partners: ReadonlyMap<number, Partners>): (readonly Value[])[] {
  const third = run.first + 2;
  const columns = new Map<Value, readonly Value[]>();
  for (const node of run.lists[third] ?? [])
    node.inputs.forEach((value, index) => {
      if (!value || value.producer || columns.has(value)) return;
      const column = [...partners.values()].map(({ of }) => of.get(node)?.inputs[index] as Value);
      if (column.some((one) => one !== value)) columns.set(value, column);
    });
  return [...columns.values()].filter((column) => !isUniform(column));
}

/** True for constants that hold the same: small ones are known to where they must; of large ones the first two tell. */
function isUniform(column: readonly Value[]): boolean {
  const tensors = column.map(({ tensor }) => tensor);
  if (column[0]?.isInput || !tensors[0]) return false;
  return tensors.every((one) => one && isSameTensor(tensors[0] as Tensor, one));
}

/** True where a node of another segment reads one of the constants. */
const isReadElsewhere = ({ segments, first }: Run, column: readonly Value[]): boolean =>
  column.some(
    (value, index) => !value.isInput && [...value.uses].some(({ node }) => segments.get(node) !== first + index),
  );

/** What is read of the last member is read of the third; outputs of members that go give the third's values. */
function reconnect(model: Model, run: Run, partners: ReadonlyMap<number, Partners>, members: readonly number[]): void {
  for (const segment of members.slice(1)) {
    const { back } = partners.get(segment) as Partners;
    for (const [node, standIn] of back)
      node.outputs.forEach((value, index) => {
        const other = standIn.outputs[index];
        if (!value || !other) return;
        for (const use of [...value.uses])
          if (use.node === model.graph.end || (run.segments.get(use.node) ?? 0) > (members.at(-1) as number))
            use.node.graph.setInput(use.node, use.index, other);
      });
  }
}

function portsOf(
  { graph }: Model,
  run: Run,
  partners: ReadonlyMap<number, Partners>,
): Pick<ShortRun, 'ports' | 'leftOut'> {
  const third = run.first + 2;
  const ports: [string, string][] = [];
  const leftOut = new Map<string, number>();
  const nameAt = (use: number): string => graph.outputPorts[use]?.name ?? '';
  const usesOf = (value: Value | undefined): number[] =>
    [...(value?.uses ?? [])].filter(({ node }) => node === graph.end).map(({ index }) => index);
  for (const node of run.lists[third] ?? [])
    for (const [index, value] of node.outputs.entries())
      usesOf(value).forEach((use, place) => {
        for (const [segment, { of }] of partners) {
          const own = usesOf(of.get(node)?.outputs[index])[place];
          if (own === undefined) continue;
          if (segment === run.first + 1) ports.push([nameAt(own), nameAt(use)]);
          if (segment > third && segment < run.last) leftOut.set(nameAt(own), segment - third);
        }
      });
  return { ports, leftOut };
}

function namesOf(run: Run, { of }: Partners, third: number): Names {
  const names = new Map<string, string>();
  for (const node of run.lists[third] ?? []) {
    const other = of.get(node) as Node;
    names.set(node.name, other.name);
    node.outputs.forEach((value, index) => {
      if (value) names.set(value.name, other.outputs[index]?.name ?? value.name);
    });
    node.inputs.forEach((value, index) => {
      if (value && !value.producer) names.set(value.name, other.inputs[index]?.name ?? value.name);
    });
  }
  names.delete('');
  return names;
}
