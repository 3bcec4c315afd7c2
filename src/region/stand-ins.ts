/** The stand-ins of a shortened run, as the passes left them. */

import type { NodeNumbers } from '../ir/collections/node-numbers.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { MIXED, markOf } from '../ir/tensors/bank.js';
import { isSameTensor } from '../ir/tensors/same-tensor.js';
import type { Value } from '../ir/value.js';
import { nodesBySegment, segmentsOf } from './find/segments.js';
import { type Part, type ShortRun, THIRD } from './short-run.js';

export interface StandIns {
  /** A node belongs to the last stand-in whose own constants or inputs it depends on. */
  readonly segments: NodeNumbers;
  readonly lists: readonly (readonly Node[])[];
  /** An input may be read in two repeats, and play a part in each. */
  partsOf(value: Value): readonly Part[];
  /** The part that one value plays in the second stand-in, and the other in the third; undefined where there is none. */
  slotOf(second: Value, third: Value): string | undefined;
  /** Whether the third reads one where the second reads the other. */
  matches(second: Value, third: Value): boolean;
}

export function standInsOf({ graph }: Model, run: ShortRun): StandIns {
  const partsOf = (value: Value): readonly Part[] => {
    const mark = value.tensor && markOf(value.tensor);
    if (mark) return mark.run === run.id ? [mark] : [];
    return value.producer || value.graph !== graph ? [] : (run.inputs.get(value.name) ?? []);
  };
  const slotOf = (second: Value, third: Value): string | undefined => {
    const slots = partsOf(third).flatMap(({ standIn, slot }) => (standIn === THIRD && slot !== MIXED ? [slot] : []));
    return partsOf(second).find(({ standIn, slot }) => standIn === THIRD - 1 && slots.includes(slot))?.slot;
  };
  const matches = (second: Value, third: Value): boolean => {
    if (partsOf(second).length + partsOf(third).length > 0) return slotOf(second, third) !== undefined;
    return second.tensor !== undefined && third.tensor !== undefined && isSameTensor(second.tensor, third.tensor);
  };
  const telling = (value: Value): number =>
    value.tensor || run.telling.has(value.name) ? (partsOf(value)[0]?.standIn ?? 0) : 0;
  const segments = segmentsOf(graph, { node: () => 0, value: telling });
  return { segments, lists: nodesBySegment(graph, segments), partsOf, slotOf, matches };
}

/** Whether nodes have two neighbouring stand-ins whole among them: then the repeats lie inside, and most of them are left out of it. */
export function holdsStandIns(nodes: Iterable<Node>, { lists }: StandIns): boolean {
  const among = new Set(nodes);
  return [THIRD - 1, THIRD].every((standIn) => {
    const own = lists[standIn] ?? [];
    return own.length > 0 && own.every((node) => among.has(node));
  });
}

/** The nodes that stand for others: each is there once for every member. */
export function standingFor(model: Model, run: ShortRun): readonly Node[] {
  const [none = [], , , third = []] = standInsOf(model, run).lists;
  // What depends on none, and feeds two, is told by its name.
  const isOwn = ({ outputs }: Node) => outputs.some((value) => value && run.parts.has(value.name));
  return [...third, ...none.filter(isOwn)];
}
