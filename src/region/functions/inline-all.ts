/** Calls of local functions replaced by the functions' nodes, inner calls and calls in bodies too. */

import { maxOf, refill } from '../../ir/collections/lists.js';
import type { Graph } from '../../ir/graph.js';
import type { Model, ModelFunction } from '../../ir/model.js';
import type { Node } from '../../ir/node.js';
import { scopesIn } from '../../ir/scopes/scopes.js';
import { inlineCall, opsetConflict } from './inline-call.js';

export interface Inlining {
  /** Whether calls of this function are replaced; default all. */
  readonly isMeant?: (fn: ModelFunction) => boolean;
  /** Told of each call that stays, and why. */
  readonly refused?: (reason: string, call: Node) => void;
  /** Told of each call before it is replaced. */
  readonly inlined?: (call: Node, fn: ModelFunction) => void;
}

/** Goes on until no call is left that may be replaced: what is inlined may call in turn. Functions that nothing calls stay. */
export function inlineCalls(model: Model, { isMeant = () => true, refused, inlined }: Inlining = {}): void {
  const kept = new Set<Node>();
  const functionOf = functionsOf(model);
  for (let isDone = false; !isDone; ) {
    isDone = true;
    for (const graph of [...model.graphs()])
      for (const node of [...graph.nodeSet]) {
        const fn = functionOf(node);
        if (!fn || !isMeant(fn) || kept.has(node) || !graph.nodeSet.has(node)) continue;
        const reason = opsetConflict(fn, graph) ?? depthConflict(fn, graph) ?? shortageFor(fn);
        if (reason) {
          kept.add(node);
          refused?.(reason, node);
          continue;
        }
        inlined?.(node, fn);
        inlineCall(node, fn);
        isDone = false;
      }
  }
}

/** Bodies in bodies that a file can hold: protobuf's decoders read messages nested 100 deep, and each body is three of them. */
const DEEPEST = 30;

/** Why the function's bodies would be too deep there: calls in bodies of functions whose bodies call nest as deep as they are many. */
function depthConflict({ graph, name }: ModelFunction, scope: Graph): string | undefined {
  const within = maxOf([...scopesIn(graph)].map(depthOf));
  return depthOf(scope) + within > DEEPEST
    ? `the bodies in ${name} would be nested more than ${DEEPEST} deep`
    : undefined;
}

function depthOf({ parent }: Graph): number {
  let depth = 0;
  for (let scope = parent; scope; scope = scope.parent) depth++;
  return depth;
}

/** Why the nodes of the function are too many: calls of calls of calls double them each time. */
function shortageFor({ graph }: ModelFunction): string | undefined {
  let nodes = 0;
  for (const { nodeSet } of scopesIn(graph)) nodes += nodeSet.size;
  const { budget } = graph.model;
  return budget.spend('inlined-nodes', nodes) ? undefined : budget.reasonOf('inlined-nodes');
}

/** The function that a node calls. Exporters write hundreds of functions: none is searched for node by node. */
function functionsOf({ functions }: Model): (node: Node) => ModelFunction | undefined {
  const byKey = new Map(functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn]));
  return ({ domain, opType, overload }) => byKey.get(keyOf(domain, opType, overload));
}

const keyOf = (...names: readonly string[]): string => names.join('\n');

/** Removes inlined functions that nothing calls any more, and their domains where these are empty then. */
export function dropUncalled(model: Model, isMeant: (fn: ModelFunction) => boolean = () => true): void {
  const functionOf = functionsOf(model);
  for (let isDone = false; !isDone; ) {
    const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodeSet]);
    const called = new Set(nodes.map(functionOf));
    const gone = model.functions.filter((fn) => isMeant(fn) && !called.has(fn));
    isDone = gone.length === 0;
    if (isDone) continue;
    const left = model.functions.filter((fn) => !gone.includes(fn));
    refill(model.functions, left);
    model.touch(true);
    const used = new Set([...left, ...nodes].map(({ domain }) => domain));
    for (const domain of new Set(gone.map((fn) => fn.domain)))
      if (domain !== '' && !used.has(domain))
        for (const opsets of [model.opsets, ...scopes(model)]) opsets.delete(domain);
  }
}

const scopes = (model: Model): Map<string, number>[] => model.functions.map(({ graph }) => graph.opsets);
