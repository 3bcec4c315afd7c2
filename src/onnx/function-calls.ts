/** Which local functions call which: a function that calls itself has no end. */
import { ModelError } from '../ir/errors.js';
import type { Graph } from '../ir/graph.js';
import type { Model, ModelFunction } from '../ir/model.js';

/** Throws ModelError where a function calls itself, be it through others. */
export function refuseRecursion(model: Model): void {
  if (model.functions.length === 0) return;
  const keyOf = (domain: string, name: string, overload: string): string => JSON.stringify([domain, name, overload]);
  const byKey = new Map(model.functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn]));
  const finished = new Set<ModelFunction>();
  const path: ModelFunction[] = [];
  function* callsIn(graph: Graph): Iterable<ModelFunction> {
    for (const node of graph.nodeSet) {
      const callee = byKey.get(keyOf(node.domain, node.opType, node.overload));
      if (callee) yield callee;
      for (const body of node.bodies) yield* callsIn(body);
    }
  }
  const visit = (fn: ModelFunction): void => {
    if (finished.has(fn)) return;
    const at = path.indexOf(fn);
    path.push(fn);
    if (at >= 0)
      throw new ModelError(
        `function "${fn.name}"`,
        'functions that do not call themselves',
        path
          .slice(at)
          .map(({ name }) => name)
          .join(' → '),
      );
    for (const callee of callsIn(fn.graph)) visit(callee);
    path.pop();
    finished.add(fn);
  };
  for (const fn of model.functions) visit(fn);
}
