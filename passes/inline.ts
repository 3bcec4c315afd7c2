/** f(x) ⟶ the nodes of f: calls of local functions become what they compute, inner calls and calls in bodies too. */
import { z } from 'zod';
import type { Model, ModelFunction } from '../src/ir/model.js';
import type { Node } from '../src/ir/node.js';
import { definePass, type PassContext } from '../src/run/pass.js';
import { inlineCall, opsetConflict } from '../src/run/region/inline-call.js';

export const inline = definePass({
  name: 'inline',
  summary: 'Puts the nodes of local functions in the place of their calls, all or by name.',
  fidelity: 'exact',
  options: z.object({
    only: z
      .array(z.string())
      .default([])
      .describe('Names of the functions to inline; all of them where none is given.'),
  }),
  run(model, { only }, context) {
    for (const name of only)
      if (!model.functions.some((fn) => fn.name === name)) context.skip(`the model has no local function "${name}"`);
    const isMeant = (fn: ModelFunction) => only.length === 0 || only.includes(fn.name);
    const count = inlineAll(model, isMeant, context);
    for (const [name, calls] of count) context.note(`inlined ${calls} ${calls === 1 ? 'call' : 'calls'} of ${name}`);
    dropUncalled(model, isMeant);
  },
});

/** Until no call is left that may be inlined: what is inlined may call in turn. */
function inlineAll(model: Model, isMeant: (fn: ModelFunction) => boolean, context: PassContext): Map<string, number> {
  const count = new Map<string, number>();
  const refused = new Set<Node>();
  const functionOf = functionsOf(model);
  for (let isDone = false; !isDone; ) {
    isDone = true;
    for (const graph of [...model.graphs()])
      for (const node of [...graph.nodeSet]) {
        const fn = functionOf(node);
        if (!fn || !isMeant(fn) || refused.has(node) || !graph.nodeSet.has(node)) continue;
        const reason = opsetConflict(fn, graph);
        if (reason) {
          refused.add(node);
          context.skip(reason, node);
          continue;
        }
        const times = context.timesOf(node);
        inlineCall(node, fn);
        count.set(fn.name, (count.get(fn.name) ?? 0) + times);
        isDone = false;
      }
  }
  return count;
}

/** The function that a node calls. Exporters write hundreds of functions: none is searched for node by node. */
function functionsOf({ functions }: Model): (node: Node) => ModelFunction | undefined {
  const byKey = new Map(functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn]));
  return ({ domain, opType, overload }) => byKey.get(keyOf(domain, opType, overload));
}

const keyOf = (...names: readonly string[]): string => names.join('\n');

/** Functions that nothing calls any more go, of those that were to be inlined; their domains with them where nothing else is in them. */
function dropUncalled(model: Model, isMeant: (fn: ModelFunction) => boolean): void {
  const functionOf = functionsOf(model);
  for (let isDone = false; !isDone; ) {
    const nodes = [...model.graphs()].flatMap((graph) => [...graph.nodeSet]);
    const called = new Set(nodes.map(functionOf));
    const gone = model.functions.filter((fn) => isMeant(fn) && !called.has(fn));
    isDone = gone.length === 0;
    if (isDone) continue;
    const left = model.functions.filter((fn) => !gone.includes(fn));
    model.functions.splice(0, Number.POSITIVE_INFINITY, ...left);
    model.touch(true);
    const used = new Set([...left, ...nodes].map(({ domain }) => domain));
    for (const domain of new Set(gone.map((fn) => fn.domain)))
      if (domain !== '' && !used.has(domain))
        for (const opsets of [model.opsets, ...scopes(model)]) opsets.delete(domain);
  }
}

const scopes = (model: Model): Map<string, number>[] => model.functions.map(({ graph }) => graph.opsets);
