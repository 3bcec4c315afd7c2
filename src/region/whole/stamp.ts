/**
 * Stamps the members of a shortened run out of what the passes made of its stand-ins.
 *
 * The compiled graph is cut into segments again, by where the marks of the banks stand. What the second and the third
 * stand-in became must be the same: then it is what every member becomes, borders included, because each of the two stood
 * between neighbours of its kind. Where they differ, nothing is stamped: the passes saw a difference between the repeats.
 */

import type { Graph } from '../../ir/graph.js';
import type { Model } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { MIXED } from '../../ir/tensors/bank.js';
import type { Value } from '../../ir/value.js';
import { givenBy, outputOf } from '../find/ports.js';
import { placesIn } from '../find/segments.js';
import { shiftOf } from '../find/shift.js';
import { type ShortRun, THIRD } from '../short-run.js';
import { type StandIns, standInsOf } from '../stand-ins.js';
import type { StampParts } from './stamper.js';

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
