/**
 * Ifs that are decided by what comes after: were one branch taken, a node that runs for certain would get what its operator refuses. The branch
 * is supposed to be taken, and what follows is inferred until something is refused, or nothing is other than before.
 *
 * Why this way: demands that flow from a node back to the If ask a second rule of each operator, the inverse of its first, and do not see that two
 * Ifs have one cause. A supposition needs neither, and refutes by ranks, sizes and contents alike.
 */

import type { Attribute } from '../ir/attribute.js';
import { type Dim, equalDims, isNonNegative, subtractDims } from '../ir/dims/dims.js';
import type { Graph } from '../ir/graph.js';
import type { Node } from '../ir/node.js';
import { Agenda } from '../ir/scopes/agenda.js';
import { outermost, scopesIn } from '../ir/scopes/scopes.js';
import { equalTypes, type Type } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { Call, Contents, PartialDim } from '../ops/call.js';

import { Frame } from './frame.js';
import type { Inference } from './inference.js';
import { sizesAgainst, type Violation } from './violations.js';
import { Visits } from './visits.js';

/** What a condition is in every run that succeeds. */
export interface ForcedCondition {
  readonly condition: 0 | 1;
  /** What fails in a run where it is not. */
  readonly because: Violation;
}

/** How often all suppositions together may go over a node. */
const ROUNDS = 4;

/** Every If of which one branch can but fail, in every scope; of one whose branches both fail nothing is said. */
export function decisionsOf(inference: Inference): ReadonlyMap<Node, ForcedCondition> {
  const decisions = new Map<Node, ForcedCondition>();
  const visits = new Visits(inference.model, ROUNDS);
  for (const graph of inference.model.graphs()) {
    if (!graph.hasBodies || hasReferences(graph)) continue;
    for (const node of graph.nodes()) {
      const [condition] = node.inputs;
      if (!node.is('If') || !condition || inference.contentsOf(condition) || visits.areSpent(node)) continue;
      const [no, yes] = [refusalWhere(inference, node, 0, visits), refusalWhere(inference, node, 1, visits)];
      const because = no ?? yes;
      if (because && !(no && yes)) decisions.set(node, { condition: no ? 1 : 0, because });
    }
  }
  return decisions;
}

/** What is refused in each run where an If takes a branch: in the branch, behind the If, or behind one around it. */
function refusalWhere(inference: Inference, node: Node, condition: 0 | 1, visits: Visits): Violation | undefined {
  const supposed = new Supposition(inference, new Frame(inference.main.unknowns, undefined, visits));
  const taken = supposed.assume(node, condition);
  const follow = (next: Node): boolean => {
    if (visits.areSpent(next)) return false;
    inference.inferIn(next, supposed);
    return supposed.refusal === undefined;
  };
  if (!taken[0]?.branch.nodes().every(follow)) return supposed.refusal;
  for (const { owner, branch } of taken) {
    const agenda = new Agenda(owner.graph);
    supposed.give(owner, branch);
    for (const value of [...supposed.conditions, ...supposed.newsOf(owner)]) agenda.addReaders(value);
    for (let next = agenda.take(); next; next = agenda.take()) {
      if (next !== owner && !follow(next)) return supposed.refusal;
      for (const value of supposed.newsOf(next)) agenda.addReaders(value);
    }
  }
  return undefined;
}

/** In a function whose attributes are its callers' to give, rules would take defaults for them. */
function hasReferences(graph: Graph): boolean {
  if (!graph.isInFunction) return false;
  for (const { nodeSet } of scopesIn(outermost(graph))) for (const node of nodeSet) if (node.hasReference) return true;
  return false;
}

/** The branch of an If that a condition takes. */
export function branchOf(node: Node, condition: Dim | undefined): Graph | undefined {
  if (typeof condition !== 'number') return undefined;
  const branch = node.attributes.get(condition === 0 ? 'else_branch' : 'then_branch');
  return branch?.type === 'graph' ? branch.value : undefined;
}

/** True for a Loop that goes round once or more. */
function runsOnce(call: Call): boolean {
  if (!call.node.is('Loop') || (call.has(1) && call.scalar(1) !== 1)) return false;
  const trips = call.has(0) ? call.scalar(0) : 1;
  return trips !== undefined && isNonNegative(subtractDims(trips, 1));
}

/** What is known where conditions are supposed to hold. */
class Supposition extends Frame {
  /** What the first node that runs for certain would get and refuses. */
  refusal: Violation | undefined;
  readonly conditions = new Set<Value>();
  /** Scopes that run where the conditions hold. */
  readonly #certain = new Set<Graph>();

  constructor(
    /** What is known anyway; of a function, in every call. */
    readonly known: Inference,
    { unknowns, attributes, visits }: Frame,
    /** Where a function is called. */
    readonly outer?: Supposition,
  ) {
    super(unknowns, attributes, visits);
  }

  override get isSupposed(): boolean {
    return true;
  }

  override typeOf(value: Value): Type | undefined {
    return super.typeOf(value) ?? this.known.typeOf(value);
  }

  override contentsOf(value: Value): Contents | undefined {
    return super.contentsOf(value) ?? this.known.contentsOf(value);
  }

  override setContents(value: Value, contents: Contents | undefined): void {
    if (!this.conditions.has(value)) super.setContents(value, contents);
  }

  override meet(call: Call): void {
    const { node } = call;
    if (!this.#certain.has(node.graph)) return;
    this.#refuse(sizesAgainst(call));
    const taken = node.is('If') ? branchOf(node, call.scalar(0)) : runsOnce(call) ? call.body('body') : undefined;
    if (taken) this.#certain.add(taken);
  }

  #refuse(refusal: Violation | undefined): void {
    this.refusal ??= refusal;
    if (this.outer) this.outer.#refuse(refusal);
  }

  override inside(call: Node, attributes: ReadonlyMap<string, Attribute>, body: Graph): Supposition {
    const inner = new Supposition(this.known, super.inside(call, attributes, body), this);
    if (this.#certain.has(call.graph)) inner.#certain.add(body);
    return inner;
  }

  /** Supposes that an If takes a branch, and those around it the branches that lead there; these Ifs, inner before outer. */
  assume(node: Node, condition: 0 | 1): TakenBranch[] {
    const [value] = node.inputs;
    const branch = branchOf(node, condition);
    if (!value || !branch) return [];
    this.setContents(value, [condition]);
    this.conditions.add(value);
    this.#certain.add(branch);
    const { graph } = node;
    const owner = graph.owner?.is('If') ? graph.owner : undefined;
    if (!owner) this.#certain.add(graph);
    return [{ owner: node, branch }, ...(owner ? this.assume(owner, branchOf(owner, 0) === graph ? 0 : 1) : [])];
  }

  /** An If gives what the branch gives that it takes. */
  give({ outputs }: Node, branch: Graph): void {
    outputs.forEach((value, index) => {
      const given = branch.outputs[index];
      if (!value || !given) return;
      this.types.set(value, this.typeOf(given));
      this.setContents(value, this.contentsOf(given));
    });
  }

  /** The outputs of a node that are other than they are anyway. */
  newsOf({ outputs }: Node): Value[] {
    return outputs.filter((value) => value !== undefined && this.#isNews(value)) as Value[];
  }

  #isNews(value: Value): boolean {
    if (!equalTypes(this.typeOf(value), this.known.typeOf(value))) return true;
    const [here, anyway] = [this.contentsOf(value), this.known.contentsOf(value)];
    return here?.some((one, index) => !isSame(one, anyway?.[index])) ?? false;
  }
}

/** An If, and the branch that it is supposed to take. */
interface TakenBranch {
  readonly owner: Node;
  readonly branch: Graph;
}

const isSame = (a: PartialDim, b: PartialDim): boolean =>
  a === b || (a !== undefined && b !== undefined && equalDims(a, b));
