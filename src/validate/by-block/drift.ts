/** Finds where an error begins: at values whose error is far beyond that of all their inputs, and that hand it on. */
import type { Graph } from '../../ir/graph.js';
import type { Node } from '../../ir/node.js';
import { dependenciesOf } from '../../ir/scopes/order.js';
import type { Value } from '../../ir/value.js';

export interface Drift {
  readonly value: Value;
  readonly error: number;
  /** The largest error of the measured values before it. */
  readonly inherited: number;
  /** The nodes between these and the value, in dependency order; the last one computes it. */
  readonly nodes: readonly Node[];
}

/** An error of more than this many times the inherited one was made here. */
const JUMP = 10;

/** The places where errors above `floor` begin, in dependency order. `errors` holds the errors of measured values. */
export function driftsIn(graph: Graph, errors: ReadonlyMap<Value, number>, floor: number): Drift[] {
  const inherited = inheritedIn(graph, errors);
  const handedOn = handedOnIn(graph, errors);
  const drifts: Drift[] = [];
  for (const node of graph.nodes())
    for (const value of node.outputs) {
      const error = value && errors.get(value);
      if (!value || error === undefined || !(error > floor)) continue;
      const before = inherited.get(node) as number;
      // Two different values that share a name differ alone: nothing behind them does.
      if (error > JUMP * before && (handedOn.get(value) as number) > floor)
        drifts.push({ value, error, inherited: before, nodes: segmentOf(value, errors) });
    }
  return drifts;
}

/**
 * The drift to look at first: the earliest that can explain the outputs' error; where the result has NaN or infinities
 * of its own, the first of these. Rounding that is spread over the whole model explains little of a fault.
 */
export function firstOf(drifts: readonly Drift[], outputError: number): Drift | undefined {
  const broken = drifts.find(({ error }) => error === Number.POSITIVE_INFINITY);
  const least = Math.min(outputError, 1) / 100;
  return broken ?? drifts.find(({ error }) => error >= least) ?? drifts[0];
}

/** For each node, the largest error of the nearest measured values before it. */
function inheritedIn(graph: Graph, errors: ReadonlyMap<Value, number>): Map<Node, number> {
  const inherited = new Map<Node, number>();
  for (const node of graph.nodes()) {
    let most = 0;
    for (const value of dependenciesOf(node)) {
      const { producer } = value;
      const before = producer?.graph === graph ? inherited.get(producer) : 0;
      most = Math.max(most, errors.get(value) ?? before ?? 0);
    }
    inherited.set(node, most);
  }
  return inherited;
}

/** For each value, the largest error of the nearest measured values behind it; infinite for an output of the graph. */
function handedOnIn(graph: Graph, errors: ReadonlyMap<Value, number>): Map<Value, number> {
  const handedOn = new Map<Value, number>();
  const hand = (value: Value, error: number): void => {
    handedOn.set(value, Math.max(handedOn.get(value) ?? 0, error));
  };
  for (const value of graph.outputs) hand(value, Number.POSITIVE_INFINITY);
  for (const node of [...graph.nodes()].reverse()) {
    let most = 0;
    for (const output of node.outputs) {
      if (!output) continue;
      if (!handedOn.has(output)) handedOn.set(output, 0);
      most = Math.max(most, errors.get(output) ?? (handedOn.get(output) as number));
    }
    for (const value of dependenciesOf(node)) hand(value, most);
  }
  return handedOn;
}

function segmentOf(value: Value, errors: ReadonlyMap<Value, number>): Node[] {
  const found = new Set<Node>();
  const stack = [value.producer as Node];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const { producer } of [...dependenciesOf(node)].filter((input) => !errors.has(input)))
      if (producer?.graph === value.graph) stack.push(producer);
  }
  return value.graph.nodes().filter((node) => found.has(node));
}
