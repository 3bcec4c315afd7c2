/**
 * What whole numbers lie between in the bodies of If, Loop and Scan. The states of a loop are taken to lie between what they begin with; what a
 * round makes of that is added until nothing is, or until too many rounds have been tried: then nothing is known of the states that still grow.
 */
import type { Graph } from '../../src/ir/graph.js';
import type { Node } from '../../src/ir/node.js';
import { isInteger } from '../../src/ir/types.js';
import type { Value } from '../../src/ir/value.js';
import { fitted, type Interval, interval, joined, type Maybe, negated, product, sum } from '../../src/ops/interval.js';

/** Tells bounds of values, also with other ones for the inputs of a body. */
export interface Enclosing {
  of(value: Value | undefined): Maybe;
  within(body: Graph, inputs: ReadonlyMap<Value, Maybe>): Enclosing;
}

interface BodyBounds {
  /** Of an input of a body; undefined for those of other graphs. */
  input(value: Value): Maybe;
  /** Of what If, Loop or Scan give. */
  output(node: Node, value: Value): Maybe;
}

/** A state of a loop: what it begins with, what the body sees, and what it gives for the next round. */
interface State {
  readonly initial: Value | undefined;
  readonly seen: Value;
  readonly given: Value;
}

/** Rounds in which bounds may still widen, and after which all that is open is given up. */
const [WIDENING, GIVEN_UP] = [4, 8];

export function boundsInBodies(bounds: Enclosing): BodyBounds {
  const known = new Map<Node, readonly Maybe[]>();
  const statesOf = (node: Node): readonly Maybe[] => {
    const found = known.get(node) ?? solved(node, bounds);
    known.set(node, found);
    return found;
  };
  const input = (value: Value): Maybe => {
    const { owner } = value.graph;
    if (!owner?.is('Loop') && !owner?.is('Scan')) return undefined;
    const at = value.graph.inputs.indexOf(value);
    const first = owner.is('Loop') ? 2 : 0;
    if (at < first) return at === 0 ? roundsOf(owner, bounds) : undefined;
    const states = statesIn(owner).length;
    return at - first < states ? statesOf(owner)[at - first] : bounds.of(owner.inputs[at]);
  };
  const output = (node: Node, value: Value): Maybe => {
    if (node.is('If')) return node.bodies.map(({ outputs }) => bounds.of(outputs[value.index])).reduce(joined);
    if (!node.is('Loop') && !node.is('Scan')) return undefined;
    if (value.index < statesIn(node).length) return statesOf(node)[value.index];
    return bounds.of(node.bodies[0]?.outputs[value.index + (node.is('Loop') ? 1 : 0)]);
  };
  return { input, output };
}

/** The states of a Loop or a Scan. */
export function statesIn(node: Node): readonly State[] {
  const [body] = node.bodies;
  const first = node.is('Loop') ? 2 : 0;
  const count = node.inputs.length - first - node.int('num_scan_inputs', 0);
  return Array.from({ length: body ? Math.max(0, count) : 0 }, (_, at) => ({
    initial: node.inputs[first + at],
    seen: body?.inputs[first + at] as Value,
    given: body?.outputs[at + (first > 0 ? 1 : 0)] as Value,
  }));
}

/** The number of a round of a Loop. */
function roundsOf(node: Node, bounds: Enclosing): Maybe {
  const most = node.inputs[0] && bounds.of(node.inputs[0]);
  return interval(0, most ? Math.max(0, most.high - 1) : Number.POSITIVE_INFINITY);
}

/** Of each state, before and behind every round. */
function solved(node: Node, bounds: Enclosing): readonly Maybe[] {
  const [body] = node.bodies;
  const states = statesIn(node);
  if (!body || states.some(({ seen, given }) => !seen || !given)) return states.map(() => undefined);
  const rounds = node.is('Loop') ? roundsOf(node, bounds) : undefined;
  const scanned = node.is('Scan') ? node.inputs.slice(states.length) : [];
  const others = new Map<Value, Maybe>(
    node.is('Loop')
      ? [[body.inputs[0] as Value, rounds]]
      : scanned.map((value, at) => [body.inputs[states.length + at] as Value, bounds.of(value)]),
  );
  const begun = states.map(({ initial }) => bounds.of(initial));
  let found: readonly Maybe[] = begun;
  for (let round = 0; ; round++) {
    const inner = bounds.within(
      body,
      new Map([...others, ...states.map(({ seen }, at) => [seen, found[at]] as const)]),
    );
    const next = states.map((state, at) => {
      const step = stepOf(state, inner);
      return joined(found[at], step && rounds ? summed(state, begun[at], step, rounds) : inner.of(state.given));
    });
    const isSettled = next.map((one, at) => one?.low === found[at]?.low && one?.high === found[at]?.high);
    if (isSettled.every(Boolean)) return found;
    if (round >= GIVEN_UP) return states.map(() => undefined);
    found = round < WIDENING ? next : next.map((one, at) => (isSettled[at] ? one : undefined));
  }
}

/** What a round adds to an integer state, where it does nothing else with it. */
function stepOf({ seen, given }: State, inner: Enclosing): Maybe {
  const { producer } = given;
  if (!isInteger(seen.elem)) return undefined;
  const [left, right] = producer?.inputs ?? [];
  if (producer?.is('Add') && left === seen) return inner.of(right);
  if (producer?.is('Add') && right === seen) return inner.of(left);
  return producer?.is('Sub') && left === seen ? negated(inner.of(right)) : undefined;
}

/** Of a state that starts as `begun` and to which a step is added in every round. */
function summed({ seen }: State, begun: Maybe, step: Maybe, rounds: Interval): Maybe {
  return fitted(sum(begun, product(step, interval(0, rounds.high + 1))), seen.elem);
}
