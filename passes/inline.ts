/**
 * f(x) ⟶ the nodes of f: replaces calls of local functions by the functions' nodes, inner calls and calls in bodies
 * too.
 */

import { z } from 'zod';
import { refill } from '../src/ir/collections/lists.js';
import type { Model, ModelFunction } from '../src/ir/model.js';
import { functionsOf, inlineCalls } from '../src/region/inline-all.js';
import { definePass } from '../src/run/pass.js';

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
    const count = new Map<string, number>();
    inlineCalls(model, {
      isMeant,
      refused: context.skip,
      inlined: (call, fn) => void count.set(fn.name, (count.get(fn.name) ?? 0) + context.timesOf(call)),
    });
    for (const [name, calls] of count) context.note(`inlined ${calls} ${calls === 1 ? 'call' : 'calls'} of ${name}`);
    dropUncalled(model, isMeant);
  },
});

/** Removes inlined functions that nothing calls any more, and their domains where these are empty then. */
function dropUncalled(model: Model, isMeant: (fn: ModelFunction) => boolean): void {
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
